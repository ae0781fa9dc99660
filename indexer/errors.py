"""Errors of the indexer room.

IndexerError
├── NoIndex            no version was ever published, or none to go back to
├── IndexUnavailable   the index cannot be opened or does not answer
│   ├── IndexDamaged   what is kept of it cannot be read
│   ├── IndexInUse     another process has it open
│   ├── IndexBeingRewritten  an eraser is at work on it
│   └── IndexRefused   its server does not accept the key
├── BadVector          a vector is not finite, is zero, or has another width
└── IndexRejected      a new version failed its checks and was not published
"""

from __future__ import annotations

from features.errors import SoundalikeError


class IndexerError(SoundalikeError):
    """Root of the indexer room."""

    code, title = "indexer", "The index could not be built"


class NoIndex(IndexerError):
    """No version was ever published, or there is none to go back to: programs tell it by an exit code of its own."""

    http_status, exit_status, code, title = 503, 5, "no-index", "No index"


class IndexUnavailable(IndexerError):
    """The index cannot be opened or does not answer."""

    http_status, code, title = 503, "index-unavailable", "The index is not available"


class IndexDamaged(IndexUnavailable):
    """What is kept of a version cannot be read: it is damaged, or of another format."""

    code, title = "index-damaged", "The index is damaged"


class IndexInUse(IndexUnavailable):
    """Another process has the index open."""

    code, title = "index-in-use", "The index is in use"


class IndexBeingRewritten(IndexUnavailable):
    """An eraser is at work on the index."""

    code, title = "index-being-rewritten", "The index is being rewritten"


class IndexRefused(IndexUnavailable):
    """The server of the index does not accept the key, or not for this."""

    code, title = "index-refused", "The index refused its key"


class BadVector(IndexerError):
    """A vector is not finite, is zero, or has another width than the index."""

    http_status, code, title = 422, "bad-vector", "A vector is not valid"


class IndexRejected(IndexerError):
    """A new version failed its checks and was not published."""

    code, title = "index-rejected", "The new index failed its checks"
