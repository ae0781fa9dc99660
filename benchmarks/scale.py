"""What each piece costs as a community grows: every one a process of its own, its time, memory and what it leaves.

People are invented: half of the artists of one in SOUNDALIKE_HOME and half of another's, drawn anew for each. So there
are no more artists than theirs, and co-listening is denser than among as many real people.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import httpx
import numpy as np

from benchmarks.http_load import resident_mb
from features.compose import build, local_store
from features.listening import Listening
from features.profile import UserId
from features.settings import FeatureSettings, load
from features.user_features import UserFeatures
from features.vectors import TextVectors, mixtures_of, view_of
from retriever.own_server import own_server
from trainer.session import open_session
from trainer.settings import TrainerSettings
from trainer.training import Progress
from trainer.views import hide_artists

HIDDEN_SHARE, BATCH, SHARDS = 0.5, 1_000, 16
LOOKED_EVERY_S, WARM_UP_S, ASKED = 0.2, 15, 500
_DETAIL = re.compile(r": [\d,]+$")  # how far it is


@dataclass(frozen=True)
class Cost:
    """What a piece took.

    Attributes:
        seconds: from beginning to end.
        peak_mb: most memory at once, of the process and all it started; what they share is counted once.
        left_mb: what lies on the disk afterwards.
    """

    seconds: float
    peak_mb: float
    left_mb: float


def run(people: int, epochs: int, folder: Path | None) -> Iterator[str]:
    """The figures, a line a piece, as each is there."""
    source = load(FeatureSettings).home
    with tempfile.TemporaryDirectory(dir=folder) as name:
        home, other, shards = Path(name) / "home", Path(name) / "other", Path(name) / "people"
        shutil.copytree(source / "models", home / "models")
        yield f"{people:,} people made of those in {source}; {len(os.sched_getaffinity(0))} cores"
        settled = f"from benchmarks.scale import settle; settle({str(home)!r}, {people})"
        yield _line("into the feature store", people, _cost(source, home / "features.db", "-c", settled))
        yield _line("dump", people, _cost(home, shards, "-m", "features", "dump", str(shards), "--shards", str(SHARDS)))
        yield _line("load", people, _cost(other, other / "features.db", "-m", "features", "load", str(shards)))
        shutil.rmtree(shards)
        shutil.rmtree(other)
        for engine in ("ray", "single"):
            shutil.rmtree(home / "index", ignore_errors=True)
            cost = _cost(home, home / "index", "-m", "indexer", SOUNDALIKE_INDEX_ENGINE=engine)
            yield _line(f"index, engine {engine}", people, cost)
        yield _asked(home, people)
        if epochs:
            told = Path(name) / "told"
            teaching = f"from benchmarks.scale import teach; teach({str(told)!r})"
            cost = _cost(home, home / "models", "-c", teaching, SOUNDALIKE_EPOCHS=str(epochs))
            yield _line(f"training, {epochs} epochs", people, cost)
            yield from told.read_text().splitlines()


def teach(told: str) -> None:
    """Train and prove in SOUNDALIKE_HOME; how long it is at what goes to the file ``told``."""
    settings = load(TrainerSettings)
    with Path(told).open("w", buffering=1) as file, open_session(settings) as session:
        stages = _Stages(lambda what, seconds: print(f"  {what}: {seconds:.0f} s", file=file))
        progress = Progress(lambda epoch, _losses: stages.begin("an epoch" if epoch < settings.epochs else "proof"))
        workshop = replace(session.workshop, say=lambda what: stages.begin(_DETAIL.sub("", what)), progress=progress)
        replace(session, workshop=workshop).train(None, force=True)
        stages.begin("")


class _Stages:
    """Tells what was gone on with for how long, when something else begins."""

    def __init__(self, tell: Callable[[str, float], None]) -> None:
        self._tell, self._what, self._since = tell, "reading", time.perf_counter()

    def begin(self, what: str) -> None:
        if what == self._what and what != "an epoch":
            return
        now = time.perf_counter()
        self._tell(self._what, now - self._since)
        self._what, self._since = what, now


def settle(home: str, people: int) -> None:
    """Put ``people`` made of those in SOUNDALIKE_HOME into the feature store of ``home``."""
    source = build(load(FeatureSettings))
    known = [person for batch in source.store.scan() for person in batch]
    vectors = TextVectors({text for each in known for text in mixtures_of(each.listening).texts()}, source.encoder)
    target = local_store(FeatureSettings(home=Path(home)))
    for start in range(0, people, BATCH):
        numbers = range(start, min(start + BATCH, people))
        target.upsert([_invented(known, number, vectors) for number in numbers])


def _invented(known: Sequence[UserFeatures], number: int, vectors: TextVectors) -> UserFeatures:
    rng = np.random.default_rng(number)
    one, other = (known[at] for at in rng.choice(len(known), 2, replace=False))
    these, those = (hide_artists(each.listening, HIDDEN_SHARE, rng)[0] for each in (one, other))
    both = Listening(
        these.playlists + those.playlists,
        {**these.genres, **those.genres},
        these.filled_genres | those.filled_genres,
        these.filled_years | those.filled_years,
    )
    return replace(view_of(one, both, vectors), user_id=UserId(f"p{number:08}"))


def _line(what: str, people: int, cost: Cost) -> str:
    each = 1_000_000 / people
    return (
        f"{what}: {cost.seconds:.0f} s, peak {cost.peak_mb:,.0f} MB, leaves {cost.left_mb:,.0f} MB "
        f"(a million: {cost.seconds * each / 60:.0f} min, {cost.left_mb * each / 1024:.1f} GB)"
    )


def _cost(home: Path, left: Path, *arguments: str, **settings: str) -> Cost:
    environment = {**os.environ, "SOUNDALIKE_HOME": str(home), **settings}
    started = time.perf_counter()
    with tempfile.TemporaryFile("w+") as said:
        process = subprocess.Popen([sys.executable, *arguments], env=environment, stdout=said, stderr=said)
        peak = 0.0
        while process.poll() is None:
            peak = max(peak, _resident_mb(process.pid))
            time.sleep(LOOKED_EVERY_S)
        if process.returncode:
            said.seek(0)
            raise SystemExit(f"{' '.join(arguments)} ended with {process.returncode}: {said.read()}")
    return Cost(time.perf_counter() - started, peak, _size_mb(left))


def _resident_mb(pid: int) -> float:
    """Of a process and all it started; pages that several have are shared out among them."""
    import psutil

    total = 0
    try:
        process = psutil.Process(pid)
        for each in (process, *process.children(recursive=True)):
            total += each.memory_full_info().pss
    except psutil.Error:  # one has ended meanwhile
        pass
    return total / 2**20


def _size_mb(path: Path) -> float:
    files: Sequence[Path] = [path] if path.is_file() else [file for file in path.rglob("*") if file.is_file()]
    return sum(file.stat().st_blocks * 512 for file in files) / 2**20


def _asked(home: Path, people: int) -> str:
    """A server over the index: its memory, and how long people wait who are asked about for the first time."""
    before = os.environ.get("SOUNDALIKE_HOME")
    os.environ["SOUNDALIKE_HOME"] = str(home)
    try:
        with own_server() as url, httpx.Client(base_url=url, timeout=60) as client:
            time.sleep(WARM_UP_S)  # it loads its text model meanwhile
            took = []
            for number in np.random.default_rng(0).integers(0, people, ASKED).tolist():
                started = time.perf_counter()
                client.get(f"/v1/users/p{number:08}/similar").raise_for_status()
                took.append((time.perf_counter() - started) * 1000)
            resident = resident_mb(url)
    finally:
        del os.environ["SOUNDALIKE_HOME"]
        if before is not None:
            os.environ["SOUNDALIKE_HOME"] = before
    p50, p99 = np.percentile(took, [50, 99])
    return f"/similar: p50 {p50:.1f} ms, p99 {p99:.1f} ms, one asker; the server's memory: {resident:,.0f} MB"
