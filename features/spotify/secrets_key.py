"""Where the keys that seal tokens come from: a setting, or a file that is made once, for its owner only."""

from __future__ import annotations

import os
import re
import stat
import tempfile
from pathlib import Path

from pydantic import SecretStr

from features.errors import SettingsError, StoreError
from features.files import locked
from features.spotify.login_sdk import installed
from features.spotify.secrets_sealing import Sealing

KEY_FILE = "spotify.key"
_SETTING = "SOUNDALIKE_SPOTIFY_TOKEN_KEY"


def sealing_of(token_key: SecretStr | None, home: Path) -> Sealing:
    """Seal with the keys of the setting; where it is unset, with those of ``spotify.key`` in the home.

    Raises:
        SettingsError: there is no usable key, or others can read the file.
        StoreError: the file cannot be read or made.
    """
    if token_key is not None:
        return Sealing(_keys_in(token_key.get_secret_value()), come_from=_SETTING)
    path = home / KEY_FILE
    try:
        if not path.exists():
            _make(path)
        return Sealing(_keys_in(_read(path)), come_from=str(path))
    except OSError as error:
        raise StoreError(
            f"The key file {path} cannot be used: {error.strerror or type(error).__name__}.",
            f"Make its folder writable, or set {_SETTING}.",
        ) from error


def _keys_in(text: str) -> list[SecretStr]:
    return [SecretStr(key) for key in re.split(r"[,\s]+", text) if key]


def _read(path: Path) -> str:
    with path.open(encoding="ascii", errors="replace") as file:
        if stat.S_IMODE(os.fstat(file.fileno()).st_mode) & 0o077:
            raise SettingsError(
                f"Others than its owner may use the key file {path}.",
                f"Run: chmod 600 {path}; if they may have read it, remove it, and everybody logs in again.",
            )
        return file.read()


def _make(path: Path) -> None:
    """Whole or not at all, and only one, however many processes begin at once: a key that is lost loses all logins."""
    with installed():
        from cryptography.fernet import Fernet
    path.parent.mkdir(parents=True, exist_ok=True)
    with locked(path.with_suffix(".lock")):
        if path.exists():
            return
        descriptor, draft = tempfile.mkstemp(dir=path.parent, prefix=f".{KEY_FILE}-")  # mode 0600
        with os.fdopen(descriptor, "wb") as file:
            file.write(Fernet.generate_key() + b"\n")
            file.flush()
            os.fsync(file.fileno())
        Path(draft).replace(path)
