import pytest

from features.errors import SettingsError
from features.settings import load
from indexer.qdrant.settings import QdrantSettings


@pytest.mark.parametrize(("replicas", "consistency"), [(1, 1), (3, 1), (3, 3)])
def test_a_write_may_wait_for_as_many_copies_as_there_are(
    monkeypatch: pytest.MonkeyPatch, replicas: int, consistency: int
):
    monkeypatch.setenv("SOUNDALIKE_QDRANT_REPLICAS", str(replicas))
    monkeypatch.setenv("SOUNDALIKE_QDRANT_WRITE_CONSISTENCY", str(consistency))
    assert load(QdrantSettings).qdrant_write_consistency == consistency


def test_a_write_that_would_wait_for_more_copies_than_there_are_is_refused(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("SOUNDALIKE_QDRANT_REPLICAS", "2")
    monkeypatch.setenv("SOUNDALIKE_QDRANT_WRITE_CONSISTENCY", "3")
    with pytest.raises(SettingsError, match="SOUNDALIKE_QDRANT_WRITE_CONSISTENCY"):
        load(QdrantSettings)


@pytest.mark.parametrize("url", ["127.0.0.1:6333", "http://key@host:6333", "ftp://host", "http://host?key=1"])
def test_an_address_is_one_of_http_with_no_key_in_it(monkeypatch: pytest.MonkeyPatch, url: str):
    monkeypatch.setenv("SOUNDALIKE_QDRANT_URL", url)
    with pytest.raises(SettingsError, match="SOUNDALIKE_QDRANT_URL"):
        load(QdrantSettings)
