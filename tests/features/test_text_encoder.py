import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from features.errors import TextModelError
from features.text_encoder import DEFAULT_MODEL, DEFAULT_WIDTH, SentenceTransformerEncoder


@pytest.fixture(scope="module")
def encoder() -> SentenceTransformerEncoder:
    return SentenceTransformerEncoder()


def test_the_default_model_comes_from_its_package_and_gives_unit_vectors(encoder: SentenceTransformerEncoder) -> None:
    vectors = encoder.encode(["trip hop", "Portishead", ""])

    assert encoder.name == DEFAULT_MODEL
    assert (vectors.shape, vectors.dtype) == ((3, DEFAULT_WIDTH), np.float32)
    assert np.linalg.norm(vectors, axis=1) == pytest.approx(1, abs=1e-5)
    assert encoder.encode([]).shape == (0, DEFAULT_WIDTH)


def test_kindred_texts_are_nearer_than_others(encoder: SentenceTransformerEncoder) -> None:
    heavy, metal, quiet = encoder.encode(["heavy metal", "death metal", "solo piano for sleeping"])

    assert heavy @ metal > heavy @ quiet + 0.2


def test_a_text_has_the_same_vector_alone_and_among_others(encoder: SentenceTransformerEncoder) -> None:
    alone = encoder.encode(["Air"])[0]
    among = encoder.encode(["a much longer text that makes the batch pad all of the others", "Air"])[1]

    assert among == pytest.approx(alone, abs=1e-5)


def test_a_folder_that_is_none_is_said_with_the_mend(tmp_path: Path) -> None:
    with pytest.raises(TextModelError, match="SOUNDALIKE_TEXT_MODEL"):
        SentenceTransformerEncoder(str(tmp_path / "nothing")).encode(["Air"])


def test_a_folder_that_holds_no_model_is_said_with_the_mend(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text("{}")

    with pytest.raises(TextModelError, match="SOUNDALIKE_TEXT_MODEL"):
        SentenceTransformerEncoder(str(tmp_path)).encode(["Air"])


def test_nothing_heavy_is_imported_before_a_text_is_encoded() -> None:
    script = (
        "import sys; from features.text_encoder import SentenceTransformerEncoder as E; e = E(); e.name, e.width;"
        "assert not {'torch', 'sentence_transformers'} & sys.modules.keys()"
    )
    subprocess.run([sys.executable, "-c", script], check=True, cwd=Path(__file__).parents[2])
