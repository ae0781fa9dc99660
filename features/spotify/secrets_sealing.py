"""Encryption of what must not be read from the disk: tokens, and what proves that a login is ours.

The keys come from ``features.spotify.secrets_key``; what is sealed, and where it lies, is up to the callers.
"""

from __future__ import annotations

from collections.abc import Sequence

from pydantic import SecretStr

from features.errors import SettingsError, SpotifyLoginNeeded
from features.spotify.login_sdk import installed

HOW_TO_MAKE_A_KEY = 'python -c "from cryptography.fernet import Fernet; print(Fernet.generate_key().decode())"'


class Sealing:
    """Fernet (AES-128-CBC and HMAC-SHA256) with one or more keys: the first one seals, all of them unseal."""

    def __init__(self, keys: Sequence[SecretStr], *, come_from: str) -> None:
        """Take the keys, of which there is at least one.

        Args:
            keys: Fernet keys, 32 bytes in URL-safe base64 each.
            come_from: the setting or file that they stand in, for the error.

        Raises:
            SettingsError: one of them is no key; it is not shown.
        """
        with installed():
            from cryptography.fernet import Fernet, MultiFernet
        try:
            fernets = [Fernet(key.get_secret_value()) for key in keys]
            self._first, self._any = fernets[0], MultiFernet(fernets)
            is_fine = True
        except (ValueError, LookupError):
            is_fine = False
        if not is_fine:  # raised out here, where no cause brings along what was read
            raise SettingsError(
                f"{come_from} holds no key, or one that is none (32 bytes in URL-safe base64).",
                f"Make one with: {HOW_TO_MAKE_A_KEY}",
            )

    def seal(self, secret: str, *, belongs_to: str) -> bytes:
        """Encrypt; only who names the same ``belongs_to`` can unseal it, so that no two rows can be swapped."""
        return self._first.encrypt(f"{belongs_to}\0{secret}".encode())

    def unseal(self, sealed: bytes, *, belongs_to: str) -> str:
        """What was sealed.

        Raises:
            SpotifyLoginNeeded: with a key that is not here any more, or it was tampered with.
        """
        owner, _, secret = self._opened(sealed).partition("\0")
        if owner != belongs_to:
            raise _does_not_fit()
        return secret

    def with_first_key(self, sealed: bytes) -> bytes:
        """The same, sealed with the first key; itself where it was before, or where no key fits."""
        from cryptography.fernet import InvalidToken

        try:
            self._first.decrypt(sealed)
        except InvalidToken:
            try:
                return self._any.rotate(sealed)
            except InvalidToken:
                return sealed
        return sealed

    def _opened(self, sealed: bytes) -> str:
        from cryptography.fernet import InvalidToken

        try:
            return self._any.decrypt(sealed).decode()
        except InvalidToken as error:
            raise _does_not_fit() from error


def _does_not_fit() -> SpotifyLoginNeeded:
    return SpotifyLoginNeeded(
        "The Spotify login that is kept here was encrypted with a key that is not here any more.",
        "Log in again; or give SOUNDALIKE_SPOTIFY_TOKEN_KEY the earlier key, too.",
    )
