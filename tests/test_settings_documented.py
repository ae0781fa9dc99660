"""Every setting of every room has a docstring, and stands in .env.example with its default."""

import ast
import importlib
import inspect
import re
import textwrap
from enum import Enum
from itertools import pairwise
from pathlib import Path

import pytest
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings

from dashboard.settings import DashboardSettings
from features.hopsworks.settings import HopsworksSettings
from features.settings import HomeSettings
from features.spotify.settings import SpotifySettings
from indexer.distributed.settings import RaySettings
from indexer.qdrant.settings import QdrantSettings

ROOMS = ("features", "trainer", "indexer", "retriever", "dashboard")
EXAMPLE = Path(__file__).parent.parent / ".env.example"


def _settings_classes() -> list[type[BaseSettings]]:
    for room in ROOMS:
        importlib.import_module(f"{room}.settings")
    found, waiting = (
        [],
        [HomeSettings, HopsworksSettings, SpotifySettings, QdrantSettings, RaySettings, DashboardSettings],
    )
    while waiting:
        kind = waiting.pop()
        found.append(kind)
        waiting.extend(kind.__subclasses__())
    return sorted((kind for kind in found if kind.__module__.split(".")[0] in ROOMS), key=lambda kind: kind.__name__)


SETTINGS = [
    pytest.param(kind, name, kind.model_fields[name], id=f"{kind.__name__}.{name}")
    for kind in _settings_classes()
    for name in inspect.get_annotations(kind)
    if name in kind.model_fields
]


def _variables() -> dict[str, str]:
    lines = re.findall(
        r"^# ?((?:SOUNDALIKE|HOPSWORKS)_\w+)=(.*)$", EXAMPLE.read_text(encoding="utf-8"), flags=re.MULTILINE
    )
    assert len(lines) == len(dict(lines)), "a variable stands twice"
    return dict(lines)


def _documented(kind: type) -> set[str]:
    body = ast.parse(textwrap.dedent(inspect.getsource(kind))).body[0].body
    return {
        field.target.id
        for field, text in pairwise(body)
        if isinstance(field, ast.AnnAssign) and isinstance(text, ast.Expr) and isinstance(text.value, ast.Constant)
    }


def _variable(kind: type[BaseSettings], name: str) -> str:
    return f"{kind.model_config['env_prefix']}{name.upper()}"


def _as_text(default: object) -> str:
    if default is None:
        return ""
    return str(default.value if isinstance(default, Enum) else default)


@pytest.mark.parametrize(("kind", "name", "field"), SETTINGS)
def test_a_setting_has_a_docstring(kind: type, name: str, field: FieldInfo):
    assert name in _documented(kind)


@pytest.mark.parametrize(("kind", "name", "field"), SETTINGS)
def test_a_setting_stands_in_the_example_with_its_default(kind: type, name: str, field: FieldInfo):
    variable = _variable(kind, name)
    assert variable in _variables()
    if field.default_factory is None and not field.is_required():
        assert _variables()[variable] == _as_text(field.default)


def test_the_example_names_no_setting_that_is_none():
    known = {_variable(*setting.values[:2]) for setting in SETTINGS}
    assert _variables().keys() <= known


def test_the_example_sets_nothing_by_itself():
    lines = EXAMPLE.read_text(encoding="utf-8").splitlines()
    assert all(not line or line.startswith("#") for line in lines)
