"""Violent deaths at random moments, under writes and deletions; and a ledger of what must be true afterwards.

Every person has one writer, so their writes have an order. What was acknowledged must be there; what was under way when
the server died may have happened or not.
"""

from __future__ import annotations

import random
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from features.errors import StoreError
from features.profile import UserId
from features.sqlite.store import SqliteFeatureStore
from retriever.client import Client
from tests.waiting import until
from tests.whole.programs import ROOT, Server, a_server, environment

WRITERS, PEOPLE_EACH = 4, 8
GONE = "gone"
ARTISTS = [f"Chaos artist {number}" for number in range(6)]


@dataclass
class Ledger:
    """What each person may be, as far as their writer knows: an artist's name, or gone."""

    may_be: dict[str, set[str]] = field(default_factory=dict)
    acknowledged: int = 0

    def begin(self, user_id: str, state: str) -> None:
        self.may_be.setdefault(user_id, {GONE}).add(state)

    def done(self, user_id: str, state: str) -> None:
        self.may_be[user_id] = {state}
        self.acknowledged += 1


class Writer:
    """Writes and deletes its own people, one after the other, until the server dies or it is told to stop."""

    def __init__(self, url: str, ledger: Ledger, number: int, seed: int) -> None:
        self._client = httpx.Client(base_url=url, timeout=150)
        self._ledger, self._number, self._rng = ledger, number, random.Random(seed)  # noqa: S311
        self._told_to_stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"writer {number}", daemon=True)
        self.refused: list[str] = []
        self._thread.start()

    def stop(self) -> None:
        self._told_to_stop.set()
        self._thread.join()

    def _run(self) -> None:
        with self._client:
            try:
                while not self._told_to_stop.is_set():
                    self._write(f"chaos-{self._number}-{self._rng.randrange(PEOPLE_EACH)}")
            except httpx.TransportError:
                return  # the server died

    def _write(self, user_id: str) -> None:
        state = GONE if self._rng.random() < 0.35 else self._rng.choice(ARTISTS)
        self._ledger.begin(user_id, state)
        answer = self._delete(user_id) if state == GONE else self._join(user_id, state)
        if answer.is_success or (state == GONE and answer.status_code == httpx.codes.NOT_FOUND):
            self._ledger.done(user_id, state)
        else:
            self.refused.append(f"{answer.status_code}: {answer.text[:200]}")

    def _delete(self, user_id: str) -> httpx.Response:
        return self._client.delete(f"/v1/users/{user_id}")

    def _join(self, user_id: str, artist: str) -> httpx.Response:
        profile = {"user_id": user_id, "playlists": [{"name": "p", "tracks": [{"artist": artist}]}]}
        return self._client.post("/v1/recommendations", json={"profile": profile, "limit": 1})


@contextmanager
def writers(server: Server, ledger: Ledger, seed: int) -> Iterator[list[Writer]]:
    """Some writers at work."""
    working = [Writer(server.url, ledger, number, seed + number) for number in range(WRITERS)]
    try:
        yield working
    finally:
        for writer in working:
            writer.stop()


def kill_the_server(home: Path, ledger: Ledger, rng: random.Random) -> None:
    """One violent death of a server under writes."""
    with a_server(home) as server, writers(server, ledger, rng.randrange(10**9)) as working:
        time.sleep(rng.uniform(0.05, 0.8))
        server.process.kill()
        server.process.wait()
    assert [text for writer in working for text in writer.refused] == []


def kill_the_indexer(home: Path, ledger: Ledger, rng: random.Random, *arguments: str, longest_s: float = 3.0) -> None:
    """One violent death of an indexer that works beside a server under writes, which must notice nothing."""
    with a_server(home) as server:
        with writers(server, ledger, rng.randrange(10**9)) as working:
            indexer = subprocess.Popen(
                [sys.executable, "-m", "indexer", *arguments],
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                cwd=ROOT,
                env=environment(home, {}),
            )
            try:
                indexer.wait(rng.uniform(0.5, longest_s))
            except subprocess.TimeoutExpired:
                indexer.kill()
                indexer.wait()
        assert [text for writer in working for text in writer.refused] == []
        assert server.get("/healthz").status_code == httpx.codes.OK


def must_be_whole(home: Path, ledger: Ledger, everybody_else: int) -> None:
    """After a restart both stores know what was acknowledged, and nothing else."""
    with a_server(home) as server:
        until(lambda: server.get("/readyz").json()["waiting"] == 0, 30)
        for dry_run in (True, False):
            found = Client(server.url).reconcile(dry_run=dry_run)
            assert found["missing"] + found["extra"] + found["stale"] == 0, found
        kept = _kept(home, ledger)
        for user_id, states in ledger.may_be.items():
            assert kept[user_id] in states, f"{user_id} is {kept[user_id]}, not {states}"
            findable = server.get(f"/v1/users/{user_id}/similar?limit=1").status_code == httpx.codes.OK
            assert findable == (kept[user_id] != GONE), f"{user_id} is {kept[user_id]}, but findable: {findable}"
            ledger.may_be[user_id] = {kept[user_id]}
        living = sum(state != GONE for state in kept.values())
        assert server.get("/readyz").json()["people"] == everybody_else + living


def _kept(home: Path, ledger: Ledger) -> dict[str, str]:
    """What the feature store knows of the ledger's people, read beside the server."""
    store = SqliteFeatureStore(home / "features.db")
    try:
        people = store.get([UserId(user_id) for user_id in ledger.may_be])
    except StoreError as error:
        raise AssertionError("the feature store cannot be read") from error
    finally:
        store.close()
    found = {user_id: " ".join(person.listening.artists) for user_id, person in people.items()}
    return {user_id: found.get(UserId(user_id), GONE) for user_id in ledger.may_be}
