"""A model's files: what is damaged or was not saved with it is refused, whichever file it is."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from trainer.artefact import CARD, Artefact, write_card, write_parts
from trainer.errors import BrokenModel
from trainer.ports import ModelCard, ModelParts

PARTS = ModelParts({"a": np.float32([1, 2])}, {"words": ["é"]}, {"report.md": b"# good", "hits.svg": b"<svg/>"})
MADE = ModelCard(3, datetime(2026, 11, 24, tzinfo=UTC), "text", {"width": 8}, {"mrr": 0.5}, {}, True, "said so")
FILES = ["model.safetensors", "texts.json", "report/report.md", "report/hits.svg"]


@pytest.fixture
def artefact(tmp_path: Path) -> Artefact:
    """Saved as version 3, and the seventh of a registry."""
    write_card(tmp_path, MADE, write_parts(tmp_path, PARTS))
    return Artefact(tmp_path, 7)


def test_the_version_is_the_registry_s_whatever_the_files_say(artefact: Artefact):
    assert artefact.card() == replace(MADE, version=7)


def test_every_file_but_the_card_has_a_checksum_and_is_found_right(artefact: Artefact):
    assert sorted(artefact.sums()) == sorted(FILES)
    artefact.check()
    assert artefact.documents() == PARTS.documents


@pytest.mark.parametrize("name", FILES)
def test_a_check_finds_what_is_damaged_or_missing(artefact: Artefact, name: str):
    (artefact.folder / name).write_bytes(b"damaged")
    with pytest.raises(BrokenModel, match=f"{name} is not what was saved"):
        artefact.check()
    (artefact.folder / name).unlink()
    with pytest.raises(BrokenModel, match=f"{name} cannot be read"):
        artefact.check()


@pytest.mark.parametrize("name", ["model.safetensors", "texts.json"])
def test_a_part_without_a_checksum_is_refused(artefact: Artefact, name: str):
    card = json.loads((artefact.folder / CARD).read_text())
    del card["sha256"][name]
    (artefact.folder / CARD).write_text(json.dumps(card))
    with pytest.raises(BrokenModel, match=f"{name} is not what was saved"):
        artefact.parts()


@pytest.mark.parametrize("card", ["", "[]", "null", "{}", '{"sha256": {}}', '{"sha256": {}, "created_at": 1}'])
def test_a_card_that_is_none_is_refused(artefact: Artefact, card: str):
    (artefact.folder / CARD).write_text(card)
    for read in (artefact.card, artefact.parts, artefact.documents, artefact.sums, artefact.check):
        with pytest.raises(BrokenModel, match="Model 7 is damaged"):
            read()


def test_only_its_owner_looks_into_the_report(artefact: Artefact):
    assert (artefact.folder / "report").stat().st_mode & 0o777 == 0o700
