"""Import of profiles: with all texts cached against reading and validating the file; uncached against bare encoding."""

from __future__ import annotations

import gzip
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from benchmarks.pairs import compare
from features.compact import listening_of
from features.profile import TasteProfile
from features.vectors import mixtures_of


def run(profiles: Path, runs: int) -> list[str]:
    """Both figures for a file of profiles; works in a folder of its own that is gone afterwards."""
    with tempfile.TemporaryDirectory() as folder:
        home, texts = Path(folder) / "home", Path(folder) / "texts"
        os.environ["SOUNDALIKE_HOME"] = str(home)
        texts.write_text("\n".join(sorted(_texts(profiles))), encoding="utf-8")
        ours = ["-m", "features", "import", str(profiles)]
        subprocess.run([sys.executable, *ours], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        cached = compare(
            ours, ["-m", "benchmarks.rivals", "read", str(profiles)], runs=runs, before=lambda: _forget_people(home)
        )
        rival = ["-m", "benchmarks.rivals", "encode", str(texts)]
        uncached = compare(ours, rival, runs=max(1, runs // 3), before=lambda: _forget(home))
    return [
        cached.line("import, texts cached, against reading and validating the file", "4"),
        uncached.line("import, no text cached, against bare encoding of the same distinct strings", "1.3"),
    ]


def _texts(path: Path) -> set[str]:
    opened = gzip.open if path.suffix == ".gz" else open
    with opened(path, "rb") as file:
        return {
            text for line in file for text in mixtures_of(listening_of(TasteProfile.model_validate_json(line))).texts()
        }


def _forget_people(home: Path) -> None:
    for file in home.glob("features.db*"):
        file.unlink()


def _forget(home: Path) -> None:
    shutil.rmtree(home, ignore_errors=True)
