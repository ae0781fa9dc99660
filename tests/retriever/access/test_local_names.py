from typing import Any

import pytest
from starlette.testclient import TestClient

from retriever.access.local_names import LocalNames
from tests.retriever.access.toy import a_toy


def asked(host: str, *names: str) -> tuple[Any, list[str]]:
    turned_away: list[str] = []
    app = LocalNames(a_toy(), names=names, on_refusal=turned_away.append)
    return TestClient(app).get("/healthz", headers={"host": host}), turned_away


@pytest.mark.parametrize(
    "host", ["localhost", "LOCALHOST:8000", "127.0.0.1", "127.0.0.1:8000", "127.3.2.1:80", "[::1]", "[::1]:8000"]
)
def test_a_server_on_this_computer_is_asked_under_local_names(host: str) -> None:
    answer, turned_away = asked(host)

    assert (answer.status_code, turned_away) == (200, [])


@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "evil.example:8000",
        "127.0.0.1.evil.example",
        "localhost.evil.example",
        "10.0.0.1",
        "",
        "[fe80::1]",
    ],
)
def test_a_website_that_points_its_name_here_learns_nothing(host: str) -> None:
    answer, turned_away = asked(host)

    assert answer.status_code == 421
    assert answer.json()["code"] == "strange-host"
    assert "SOUNDALIKE_HOST_NAMES" in answer.json()["mend"]
    assert turned_away == ["host"]


def test_other_names_are_those_that_the_operator_gives() -> None:
    assert asked("Music.example", "music.example")[0].status_code == 200
    assert asked("music.example.evil", "music.example")[0].status_code == 421
