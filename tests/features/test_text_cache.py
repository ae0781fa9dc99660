from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from features.errors import StoreError
from features.text_cache import CHUNK, CachedTextEncoder
from tests.fakes.stores import HashingEncoder


@pytest.fixture
def inner() -> HashingEncoder:
    return HashingEncoder()


def a_cache(folder: Path, inner: HashingEncoder, **more: object) -> CachedTextEncoder:
    return CachedTextEncoder(inner, folder / "texts.db", **more)  # type: ignore[arg-type]


def test_vectors_are_the_inner_encoders_in_the_order_asked(tmp_path: Path, inner: HashingEncoder) -> None:
    texts = ["Moby", "Air", "Moby", "", "Björk 🎧", "Air"]
    cache = a_cache(tmp_path, inner)

    for _ in range(2):
        vectors = cache.encode(texts)
        assert vectors.dtype == np.float32
        assert np.array_equal(vectors, HashingEncoder().encode(texts))


def test_no_text_is_encoded_twice_by_any_process(tmp_path: Path, inner: HashingEncoder) -> None:
    a_cache(tmp_path, inner).encode(["Air", "Moby", "Air"])
    a_cache(tmp_path, inner).encode(["Can", "Moby", "Air"])

    assert sorted(inner.encoded) == ["Air", "Can", "Moby"]


def test_where_nothing_is_to_be_kept_texts_are_looked_up_and_not_written_down(
    tmp_path: Path, inner: HashingEncoder
) -> None:
    a_cache(tmp_path, inner).encode(["Air"])
    before = (tmp_path / "texts.db").read_bytes()
    guest = a_cache(tmp_path, inner, keeps=False)
    vectors = guest.encode(["Air", "for Zoe after the funeral"])
    guest.close()

    assert np.array_equal(vectors, HashingEncoder().encode(["Air", "for Zoe after the funeral"]))
    assert inner.encoded == ["Air", "for Zoe after the funeral"]
    assert (tmp_path / "texts.db").read_bytes() == before
    a_cache(tmp_path, inner).encode(["for Zoe after the funeral"])
    assert inner.encoded.count("for Zoe after the funeral") == 2


def test_what_is_not_cached_is_encoded_in_one_batch_from_the_shortest(tmp_path: Path, inner: HashingEncoder) -> None:
    a_cache(tmp_path, inner).encode(["a long name", "b", "a"])

    assert inner.encoded == ["a", "b", "a long name"]


def test_another_model_has_vectors_of_its_own(tmp_path: Path, inner: HashingEncoder) -> None:
    other = HashingEncoder("other", width=8)
    a_cache(tmp_path, inner).encode(["Air"])

    assert a_cache(tmp_path, other).encode(["Air"]).shape == (1, 8)
    assert other.encoded == ["Air"]


def test_no_text_lies_in_the_file(tmp_path: Path, inner: HashingEncoder) -> None:
    cache = a_cache(tmp_path, inner)
    cache.encode(["My very private playlist"])
    cache.close()

    assert all(b"private" not in file.read_bytes() for file in tmp_path.iterdir())


def test_a_damaged_file_is_moved_aside_and_begun_anew(tmp_path: Path, inner: HashingEncoder) -> None:
    (tmp_path / "texts.db").write_bytes(b"no database at all" * 100)

    assert np.array_equal(a_cache(tmp_path, inner).encode(["Air"]), HashingEncoder().encode(["Air"]))
    assert (tmp_path / "texts.db.damaged").read_bytes().startswith(b"no database")


def test_a_folder_that_cannot_be_used_is_said(tmp_path: Path, inner: HashingEncoder) -> None:
    (tmp_path / "file").write_text("")

    with pytest.raises(StoreError, match="SOUNDALIKE_HOME"):
        CachedTextEncoder(inner, tmp_path / "file" / "texts.db")


def test_an_interruption_keeps_what_was_encoded(tmp_path: Path, inner: HashingEncoder) -> None:
    texts = [f"{number:05d}" for number in range(CHUNK + 1)]

    def interrupt(done: int, _total: int) -> None:
        if done == CHUNK:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        a_cache(tmp_path, inner, on_progress=interrupt).encode(texts)
    inner.encoded.clear()
    a_cache(tmp_path, inner).encode(texts)

    assert inner.encoded == texts[CHUNK:]


@given(st.lists(st.lists(st.text(max_size=5), max_size=8), max_size=4))
def test_whatever_is_asked_in_whatever_order_comes_as_if_there_were_no_cache(
    tmp_path_factory: pytest.TempPathFactory, questions: list[list[str]]
) -> None:
    inner = HashingEncoder(width=4)
    cache = a_cache(tmp_path_factory.mktemp("cache"), inner)

    for texts in questions:
        assert np.array_equal(cache.encode(texts), HashingEncoder(width=4).encode(texts))
    assert len(inner.encoded) == len(set(inner.encoded))
    cache.close()
