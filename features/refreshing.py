"""A room whose store is brought up to date before a program reads it, with a progress bar."""

from __future__ import annotations

from features import console
from features.compose import Features
from features.errors import UnreadableRows


def refreshed(room: Features) -> Features:
    """``room``, after what others wrote to its store is known here. Raises StoreError where that cannot be told."""
    if room.refresh is None:
        return room
    with console.progress() as bar:
        task = bar.add_task("asking for what has changed", total=None)

        def told(done: int, people: int) -> None:
            bar.update(task, description="fetching people", completed=done, total=people)

        try:
            room.refresh(told)
        except UnreadableRows as error:  # all others were read, and the mend has to be possible
            console.stderr().print(f"warning: {error.what} They are: {', '.join(error.user_ids)}", highlight=False)
    return room
