"""Addresses that are given to others."""

from __future__ import annotations

import pytest

from dashboard.links import link_to

BOTH = {"a": "ann", "b": "bo & co"}


@pytest.mark.parametrize(
    ("here", "root"),
    [
        ("http://127.0.0.1:8501/", "http://127.0.0.1:8501"),
        ("http://127.0.0.1:8501/find?spotify=logged-in#x", "http://127.0.0.1:8501"),
        ("https://music.example/taste/compare?a=x", "https://music.example/taste"),
        ("https://music.example/taste", "https://music.example/taste"),
    ],
)
def test_a_link_leads_to_a_page_of_the_dashboard_that_the_visitor_is_on(here: str, root: str):
    assert link_to("compare", BOTH, here, ["find", "compare"]) == f"{root}/compare?a=ann&b=bo+%26+co"
