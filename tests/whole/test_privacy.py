"""Who is deleted is gone: from answers at once, and soon from every byte of every file."""

import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import httpx
import pytest

from tests.waiting import until
from tests.whole.programs import a_server, a_small_home, done, traces_of

pytestmark = pytest.mark.xdist_group("privacy")
ID, NAME, PLAYLIST = "unforgettable-person", "Zaphod Beeblebrox", "Songs For Two Heads"
PROFILE = {
    "user_id": ID,
    "display_name": NAME,
    "profile_url": "https://example.org/two-heads",
    "playlists": [{"name": PLAYLIST, "tracks": [{"artist": "Disaster Area Tribute", "plays": 42}]}],
}
WORDS = (ID, NAME, PLAYLIST, "two-heads", "Disaster Area Tribute")
KEY = {"idempotency-key": "join-the-community-once"}


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return a_small_home(tmp_path_factory, "privacy")


@pytest.fixture
def url(home: Path, tmp_path: Path) -> Iterator[str]:
    """A server whose every deletion is erased at once, with an older version of the index beside the live one."""
    shutil.copytree(home, tmp_path / "home")
    with a_server(tmp_path / "home", SOUNDALIKE_ERASE_EVERY_S="0") as server:
        yield server.url


def traces_in(home: Path) -> list[str]:
    """Every file that holds a word of theirs."""
    return traces_of(WORDS, home)


def join(url: str) -> httpx.Response:
    return httpx.post(f"{url}/v1/recommendations", json={"profile": PROFILE}, headers=KEY, timeout=150)


def test_no_byte_of_a_deleted_person_is_left_in_any_file(url: str, tmp_path: Path) -> None:
    home = tmp_path / "home"
    assert join(url).json()["stored"] is True
    done(home, "indexer")  # so that they are in a second version, too
    until(lambda: httpx.get(f"{url}/readyz", timeout=60).json()["index"] == "users-v1-b2")
    assert any(trace.startswith("features.db") for trace in traces_in(home))
    assert any(trace.startswith("index/versions/users-v1-b2") for trace in traces_in(home))

    assert httpx.delete(f"{url}/v1/users/{ID}", timeout=60).status_code == 204

    assert httpx.get(f"{url}/v1/users/{ID}/similar", timeout=60).status_code == 404
    assert httpx.get(f"{url}/v1/users/{ID}", timeout=60).status_code == 404
    until(lambda: traces_in(home) == [], 300, every_s=1)  # the eraser gives way to all others, this test included
    done(home, "indexer", "--rollback")
    done(home, "indexer")
    until(lambda: httpx.get(f"{url}/readyz", timeout=60).json()["people"] == 60)
    assert httpx.get(f"{url}/v1/users/{ID}/similar", timeout=60).status_code == 404
    assert traces_in(home) == []


def texts_kept(home: Path) -> int:
    with closing(sqlite3.connect(home / "texts.db")) as database:
        count: int = database.execute("SELECT count(*) FROM vectors").fetchone()[0]
    return count


def test_who_did_not_want_to_be_remembered_leaves_nothing_in_any_file(url: str, tmp_path: Path) -> None:
    asked = {"profile": PROFILE, "remember": False, "like": {"artists": ["An Artist Of No One"]}}
    texts = texts_kept(tmp_path / "home")

    answer = httpx.post(f"{url}/v1/recommendations", json=asked, timeout=150).json()

    assert answer["stored"] is False
    assert traces_in(tmp_path / "home") == []
    assert texts_kept(tmp_path / "home") == texts
    assert httpx.get(f"{url}/v1/users/{ID}/similar", timeout=60).status_code == 404


def test_a_person_is_given_all_that_is_kept_of_them(url: str) -> None:
    join(url)

    kept = httpx.get(f"{url}/v1/users/{ID}/export", timeout=60).json()

    assert (kept["user_id"], kept["profile"]["display_name"], kept["consent"]) == (ID, NAME, True)
    assert kept["profile"]["playlists"][0]["tracks"][0]["artist"] == "Disaster Area Tribute"
    assert len(kept["vectors"]["artist"]) == 384
    assert kept["indexed"]["index"] == "users-v1-b1"
    assert kept["indexed"]["payload"]["artists"] == "Disaster Area Tribute"
    others = httpx.get(f"{url}/v1/users/{ID}/similar", timeout=60).json()["recommendations"]
    assert others
    assert not any("vector" in person or "playlists" in person for person in others)
    again = {**kept["profile"], "user_id": "the-same-again"}
    answer = httpx.post(f"{url}/v1/recommendations", json={"profile": again, "remember": False}, timeout=60)
    assert answer.status_code == 200
