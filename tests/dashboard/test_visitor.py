"""Who is taken for whoever runs the page."""

from __future__ import annotations

import pytest

from dashboard.visitor import is_at_this_computer


@pytest.mark.parametrize("host", ["127.0.0.1:8501", "localhost:8501", "LOCALHOST", "[::1]:8501"])
def test_somebody_who_asks_by_a_local_name_is_at_this_computer(host: str):
    assert is_at_this_computer({"Host": host})


@pytest.mark.parametrize(
    "headers",
    [
        {"Host": "music.example"},
        {"Host": "127.0.0.1.evil.example:8501"},
        {"Host": "[broken"},
        {"Host": "localhost", "X-Forwarded-For": "203.0.113.7"},
        {"host": "localhost", "forwarded": "for=203.0.113.7"},
        {"HOST": "127.0.0.1", "Via": "1.1 proxy"},
    ],
)
def test_somebody_behind_a_proxy_or_by_another_name_is_not(headers: dict[str, str]):
    assert not is_at_this_computer(headers)
