"""A fake Hopsworks cluster to try things with, until Ctrl-C: python -m tests.fakes.hopsworks."""

import signal
import sys
import tempfile
from contextlib import suppress
from pathlib import Path

from .cluster import FakeHopsworks

signal.signal(signal.SIGTERM, signal.default_int_handler)
with (
    suppress(KeyboardInterrupt),
    tempfile.TemporaryDirectory(prefix="fake-hopsworks-") as folder,
    FakeHopsworks(Path(folder)) as fake,
):
    for name, value in {**fake.variables(), "HOPSWORKS_HOSTNAME_VERIFICATION": "true"}.items():
        sys.stdout.write(f"export {name}={value}\n")
    sys.stdout.flush()
    signal.pause()
