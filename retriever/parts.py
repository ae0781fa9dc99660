"""What the application is made of; put together in ``retriever.compose``, or by a test out of fakes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from features.profile import TasteProfile
from features.settings import FeatureSettings
from retriever.service import Service
from retriever.settings import RetrieverSettings


@dataclass(frozen=True)
class Parts:
    """The service and what surrounds it.

    Attributes:
        service: answers.
        settings: of this room.
        features: of the features room, for the limits on uploads.
        identified: gives an upload that names nobody an id that follows from its content.
        warm_up: loads what the first new text would load.
        close: lets go of everything.
    """

    service: Service
    settings: RetrieverSettings
    features: FeatureSettings
    identified: Callable[[TasteProfile], TasteProfile]
    warm_up: Callable[[], None]
    close: Callable[[], None]
