"""How the parts of a backfill fit together in this process."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from features import compose, console
from features.backfill.hub import ids_on_hub, is_reference
from features.backfill.ids import Found, NotAnId, ids_in
from features.backfill.known import Known
from features.backfill.outcomes import Notes, Tally
from features.backfill.reading import Reader, Waits
from features.backfill.run import Backfill
from features.backfill.view import BarWatch
from features.backfill.writing import Writer
from features.compose import Features
from features.delivery import deliver_all
from features.errors import UnreadableSource
from features.settings import FeatureSettings, load
from features.spotify.compose import open_spotify
from features.spotify.reading import ReadingLimits
from features.spotify.settings import SpotifySettings


def _now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class How:
    """What a backfill is told.

    Attributes:
        limit: profiles to ask about at most; None for all.
        consent: whether these people agreed to be found by others.
        fresher_than: who was read within that time is passed over.
        wait_at_most_s: how long Spotify may be waited for, for one profile.
    """

    limit: int | None = None
    consent: bool = False
    fresher_than: timedelta = timedelta(days=30)
    wait_at_most_s: float = 900.0


def run(reference: str, how: How, tally: Tally) -> None:
    """Read everybody whom a file or a data set names, with a progress bar; ``tally`` is up to date however it ends.

    Raises:
        SoundalikeError: as ``Backfill.run``, and where the list or a setting cannot be read.
    """
    settings = load(FeatureSettings)
    with open_spotify(load(SpotifySettings), settings.home) as spotify, console.progress() as bar:
        watch = BarWatch(bar, limit=how.limit)
        waits = Waits(how.wait_at_most_s, watch.waiting)
        reader = Reader(spotify.profiles, waits, ReadingLimits(max_tracks=settings.max_profile_tracks), watch.step)
        reader.check_access()  # before anything that takes long
        found = listed(reference)
        if isinstance(found, list):
            watch.counted(len({each for each in found if not isinstance(each, NotAnId)}))
        room = compose.build(settings, on_encoding=watch.encoding)
        if room.refresh is not None:
            room.refresh(watch.fetching)
        with opened(settings, room, reader, how, tally) as job:
            job.run(found, watch, limit=how.limit)


@contextmanager
def opened(
    settings: FeatureSettings,
    room: Features,
    reader: Reader,
    how: How,
    tally: Tally,
    *,
    clock: Callable[[], datetime] = _now,
) -> Iterator[Backfill]:
    """The parts, wired, once the outbox is delivered.

    Raises:
        StoreError: the folder cannot be used, or the store refuses what waits in the outbox.
    """
    with (
        closing(Notes(settings.home / "spotify" / "backfill.db", clock=clock)) as notes,
        closing(compose.outbox(settings)) as outbox,
    ):
        deliver_all(outbox, room.store)  # what a server acknowledged earlier must not come later
        known = Known(room.store, notes, fresher_than=how.fresher_than, clock=clock)
        writer = Writer(room, outbox, tally, consent=how.consent, clock=clock)
        yield Backfill(reader, known, writer, notes, tally, clock)


def listed(reference: str) -> Iterable[Found]:
    """Whom a list names: of a file all, of a data set, which may be long, one after the other.

    Raises:
        UnreadableSource: there is no such file, or it is no text.
    """
    if is_reference(reference):
        return ids_on_hub(reference)
    path = Path(reference)
    try:
        with path.open(encoding="utf-8-sig") as lines:
            return list(ids_in(lines))
    except UnicodeDecodeError as error:
        raise UnreadableSource(f"{path.name} is not UTF-8 text.", "Save the list as UTF-8.") from error
    except OSError as error:
        raise UnreadableSource(
            f"The list {path.name} cannot be read: {error.strerror or type(error).__name__}.",
            "Name a file of ids or links, or hf:OWNER/NAME for a data set of Hugging Face.",
        ) from error
