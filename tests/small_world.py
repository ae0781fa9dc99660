"""A whole small world for tests: real SQLite, a real tiny model, the real engine; only the text model is invented."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from features.build import FeatureBuilder
from features.listener import identified, listener_of
from features.settings import FeatureSettings
from features.sqlite.store import SqliteFeatureStore
from indexer.build import BuildOptions, build_index
from indexer.edge_catalog import EdgeIndexCatalog
from indexer.settings import IndexSettings
from retriever.live import Live, Sources
from retriever.parts import Parts
from retriever.service import Bounds, Service
from retriever.settings import RetrieverSettings
from tests.builders import NOW, WordEncoder, a_community, features_of
from trainer.community import Widths, learn
from trainer.inputs import widths_of
from trainer.model import ModelShape, ThreeTowers
from trainer.trained import TrainedModel


@dataclass
class SmallWorld:
    store: SqliteFeatureStore
    catalog: EdgeIndexCatalog
    embedder: TrainedModel
    builder: FeatureBuilder

    def publish(self) -> str:
        return build_index(self.store, self.embedder, self.catalog, BuildOptions()).name

    def parts(self) -> Parts:
        live = Live(Sources(self.catalog, self.store, self.store.catalog, lambda _version: self.embedder))
        service = Service(live, self.store, self.builder, Bounds(1000, 50, 20))
        settings = RetrieverSettings(max_body_mb=1, follow_every_s=0.05)
        return Parts(service, settings, FeatureSettings(), identified, lambda: None, live.close)


def a_small_world(folder: Path, people: int = 40) -> SmallWorld:
    import torch

    torch.manual_seed(0)
    store = SqliteFeatureStore(folder / "features.db")
    encoder = WordEncoder()
    builder = FeatureBuilder(encoder, store.catalog)
    community = a_community(people)
    store.upsert(builder.build([*map(listener_of, community)], now=NOW, consent=True))
    co_listening = learn([person.listening for person in features_of(*community)], Widths(4, 4, 4, 4))
    network = ThreeTowers(ModelShape(widths_of(co_listening, encoder.width), 16))
    model = TrainedModel(network, co_listening, encoder.name, version=3)
    return SmallWorld(store, EdgeIndexCatalog(folder / "index", IndexSettings()), model, builder)
