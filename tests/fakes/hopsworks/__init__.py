"""A fake Hopsworks cluster that the unmodified SDK talks to. Start at ``cluster``."""

from .cluster import FakeHopsworks
from .state import Call

__all__ = ["Call", "FakeHopsworks"]
