"""Secrets as containers are given them: a folder in which a file is called as its variable is."""

from collections.abc import Callable
from pathlib import Path

import pytest

from dashboard.errors import WrongSettings
from dashboard.settings import DashboardSettings
from dashboard.settings import load as load_of_the_page
from features.errors import SettingsError
from features.settings import load
from retriever.settings import ClientSettings

Load = Callable[[Path], ClientSettings | DashboardSettings]


def _of_the_rooms(secrets: Path) -> ClientSettings:
    return load(ClientSettings, secrets)


@pytest.fixture(params=[_of_the_rooms, load_of_the_page], ids=["rooms", "dashboard"])
def read(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Load:
    monkeypatch.delenv("SOUNDALIKE_API_KEY", raising=False)
    chosen: Load = request.param
    return chosen


def _key(settings: ClientSettings | DashboardSettings) -> str | None:
    return None if settings.api_key is None else settings.api_key.get_secret_value()


def test_a_secret_is_read_from_the_file_that_is_called_like_its_variable(read: Load, tmp_path: Path) -> None:
    (tmp_path / "soundalike_api_key").write_text("hidden\n")

    assert _key(read(tmp_path)) == "hidden"
    assert "hidden" not in repr(read(tmp_path))


def test_a_variable_of_the_environment_wins(read: Load, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "soundalike_api_key").write_text("hidden")
    monkeypatch.setenv("SOUNDALIKE_API_KEY", "told")

    assert _key(read(tmp_path)) == "told"


def test_without_a_folder_there_are_no_secrets(read: Load, tmp_path: Path) -> None:
    assert _key(read(tmp_path / "nowhere")) is None


def test_a_secret_that_cannot_be_read_is_one_line(read: Load, tmp_path: Path) -> None:
    (tmp_path / "soundalike_api_key").write_bytes(b"hidden \xff")

    with pytest.raises((SettingsError, WrongSettings), match=f"A secret in {tmp_path} cannot be read: 'utf-8'") as told:
        read(tmp_path)
    assert "hidden" not in str(told.value)
