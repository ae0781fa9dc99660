"""Forgetting people whom somebody deletes beside the server: their logins and unfinished readings, in a home's files.

Needs neither an app of Spotify's nor the key for the tokens, and makes no file that is not there.
"""

from __future__ import annotations

from collections.abc import Collection
from contextlib import closing
from pathlib import Path

from features.profile import UserId
from features.spotify import tokens_rows
from features.spotify.kept import UnfinishedReadings
from features.spotify.tokens_file import TOKENS_FILE, TokensFile


def forget(home: Path, user_ids: Collection[UserId]) -> set[UserId]:
    """Keep nothing of these people, and leave no byte of it; tells who was logged in.

    Raises:
        StoreError: a file cannot be used; the same again does it.
    """
    _forget_readings(home / "spotify" / "readings.db", user_ids)
    return _forget_logins(home / TOKENS_FILE, user_ids)


def _forget_logins(path: Path, user_ids: Collection[UserId]) -> set[UserId]:
    if not path.exists():
        return set()
    with closing(TokensFile(path)) as file:
        with file.writing() as connection:
            found = {user_id for user_id in user_ids if tokens_rows.forget(connection, user_id)}
        file.wipe()
    return found


def _forget_readings(path: Path, user_ids: Collection[UserId]) -> None:
    if not path.exists():
        return
    with closing(UnfinishedReadings(path)) as readings:
        for user_id in user_ids:
            readings.forget(user_id)
