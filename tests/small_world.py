"""A whole small world for tests: real SQLite, a real tiny model, the real engine; only the text model is invented."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from features.build import FeatureBuilder
from features.errors import UnknownUser
from features.listener import listener_of
from features.outbox import Outbox
from features.profile import TasteProfile
from features.settings import FeatureSettings
from features.spotify.compose import open_spotify
from features.spotify.settings import SpotifySettings
from features.sqlite.store import SqliteFeatureStore
from indexer.build import BuildOptions, build_index
from indexer.edge_catalog import EdgeIndexCatalog
from indexer.settings import IndexSettings
from retriever.assembly import Outside, assemble
from retriever.elsewhere import Elsewhere, SpotifyDoor
from retriever.observe.metrics import Metrics
from retriever.parts import Parts
from retriever.settings import RetrieverSettings
from tests.builders import NOW, WordEncoder, a_community, features_of
from trainer.census import census_of
from trainer.community import Widths, learn
from trainer.inputs import widths_of
from trainer.model import ModelShape, ThreeTowers
from trainer.registry import LocalModelRegistry
from trainer.trained import TrainedModel

SETTINGS = RetrieverSettings(
    max_body_mb=1, follow_every_s=0.05, deliver_every_s=0.02, map_every_s=0.05, host_names="testserver"
)


@dataclass
class SmallWorld:
    store: SqliteFeatureStore
    catalog: EdgeIndexCatalog
    embedder: TrainedModel
    builder: FeatureBuilder
    folder: Path

    def publish(self) -> str:
        return build_index(self.store, self.embedder, self.catalog, BuildOptions()).name

    def parts(self, metrics: Metrics | None = None, settings: RetrieverSettings = SETTINGS, **others: Any) -> Parts:
        """The application's parts; ``others`` take the place of what ``Outside`` has."""
        features = FeatureSettings(max_profile_tracks=1000)
        at_home = settings.model_copy(update={"home": self.folder})
        return assemble(replace(self.outside(), **others), at_home, features, metrics or Metrics())

    def outside(self) -> Outside:
        stack = ExitStack()
        spotify = stack.enter_context(open_spotify(SpotifySettings(_env_file=None), self.folder))
        return Outside(
            self.store,
            self.store.catalog,
            WordEncoder(),
            Outbox(self.folder / "outbox.db"),
            self.catalog,
            lambda _version: self.embedder,
            Elsewhere(SpotifyDoor(spotify, None, 1000), nobody_at_listenbrainz),
            LocalModelRegistry(self.folder / "models"),
            {"index": ("echo", "indexed"), "train": ("echo", "trained"), "rollback": ("echo", "back")},
            close=stack.close,
        )


def nobody_at_listenbrainz(name: str) -> TasteProfile:
    raise UnknownUser(f"Nobody at ListenBrainz is called {name!r}.", "Check the name.")


def a_small_world(folder: Path, people: int = 40) -> SmallWorld:
    import torch

    torch.manual_seed(0)
    store = SqliteFeatureStore(folder / "features.db")
    encoder = WordEncoder()
    builder = FeatureBuilder(encoder, store.catalog)
    community = a_community(people)
    store.upsert(builder.build([*map(listener_of, community)], now=NOW, consent=True))
    co_listening = learn(census_of(person.listening for person in features_of(*community)), Widths(4, 4, 4, 4))
    network = ThreeTowers(ModelShape(widths_of(co_listening, encoder.width), 16))
    model = TrainedModel(network, co_listening, encoder.name, version=3)
    return SmallWorld(store, EdgeIndexCatalog(folder / "index", IndexSettings()), model, builder, folder)
