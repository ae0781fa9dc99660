"""How a Qdrant server is asked: local mode passes over it, a real one goes by it, and the proof of a version too."""

import json
from typing import Any

import pytest

from indexer.qdrant.catalog import QdrantIndexCatalog
from tests.fakes.qdrant import FakeQdrant
from tests.indexer.qdrant_servers import a_fake_catalog
from tests.indexer.versions import UP, WIDTH, a_person


def asked(fake: FakeQdrant, catalog: QdrantIndexCatalog, *, exact: bool) -> dict[str, Any]:
    """The parameters of a search."""
    builder = catalog.create(1, WIDTH)
    builder.add([a_person("ann", UP)])
    index = builder.finish()
    assert [each.user_id for each in index.search(UP, 1, exact=exact)] == ["ann"]
    question = next(request for request in reversed(fake.asked) if request.url.path.endswith("/query"))
    params: dict[str, Any] = json.loads(question.content)["params"]
    return params


def test_an_exact_search_compares_with_everybody_in_full_precision():
    fake = FakeQdrant()
    with a_fake_catalog(fake) as catalog:
        params = asked(fake, catalog, exact=True)
    assert params["exact"] is True
    assert params["quantization"]["ignore"] is True


@pytest.mark.parametrize(("quantization", "told"), [("int8", {"rescore": True, "oversampling": 3.0}), ("none", {})])
def test_any_other_goes_through_the_graph_as_the_settings_say(quantization: str, told: dict[str, object]):
    fake = FakeQdrant()
    with a_fake_catalog(fake, hnsw_ef=99, oversampling=3.0, qdrant_quantization=quantization) as catalog:
        params = asked(fake, catalog, exact=False)
    assert not params.get("exact")
    assert params["hnsw_ef"] == 99
    assert params.get("quantization", {}).items() >= told.items()
    assert bool(params.get("quantization")) is bool(told)
