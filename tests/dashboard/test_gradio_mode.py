"""The former page: its inputs, what it asks the API, and what it answers, over the stub."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from dashboard.api.client import Api, Asked
from dashboard.compose import open_wire
from dashboard.gradio_mode import found_for, recommender
from dashboard.settings import DashboardSettings
from tests.dashboard.stub import Stub, a_stub, problem, recommendation, recommendations
from tests.whole.programs import ROOT

pytest.importorskip("gradio", reason="no gradio here: pip install 'soundalike[gradio]'")
LINK = "https://open.spotify.com/user/rob"
ASKED = Asked(5, 5)


def told(**more: object) -> DashboardSettings:
    return DashboardSettings(_env_file=None, **{"api_url": "http://api.test", **more})


def an_api(stub: Stub) -> Api:
    return Api(open_wire(told(), stub.transport))


def asked_of(stub: Stub) -> dict[str, object]:
    (body,) = stub.bodies("POST /v1/recommendations")
    return json.loads(body)


# Building a page of Gradio leaves event loops open, so it is done in a process that ends.
DESCRIBED = """
import json
from dashboard.api.client import Api
from dashboard.compose import open_wire
from dashboard.gradio_mode import interface
from dashboard.settings import DashboardSettings

config = interface(Api(open_wire(DashboardSettings(_env_file=None)))).get_config_file()
shown = {each["id"]: each["props"] for each in config["components"]}
(endpoint,) = [each for each in config["dependencies"] if each["api_name"] == "recommend_users"]
print(json.dumps({"title": config["title"], "inputs": [shown[number] for number in endpoint["inputs"]]}))
"""


def test_it_has_the_former_inputs_limits_and_defaults_first_and_nobody_joins_by_default():
    run = subprocess.run(
        [sys.executable, "-c", DESCRIBED], capture_output=True, text=True, timeout=120, check=True, cwd=ROOT
    )
    page = json.loads(run.stdout)
    assert page["title"] == "Spotify Profile Recommender"
    link, artists, playlists, join, file = page["inputs"]
    assert [each["label"] for each in (link, artists, playlists)] == [
        "Spotify Profile URL",
        "Top Artist Count",
        "Playlists Count",
    ]
    limits = [[each[part] for part in ("minimum", "maximum", "value", "step")] for each in (artists, playlists)]
    assert limits == [[1, 10, 5, 1], [1, 20, 5, 1]]
    assert join["value"] is False
    assert file.get("value") is None


def test_it_is_called_as_before_and_a_file_is_not_needed():
    stub = a_stub()
    assert "Ada Lindqvist" in recommender(an_api(stub))(LINK, 3, 7)
    assert asked_of(stub) == {"spotify_url": LINK, "top_artists": 3, "playlists": 7, "limit": 10, "remember": False}


def test_who_joins_is_asked_about_it_first():
    stub = a_stub()
    assert "You are in the community now" in recommender(an_api(stub))(LINK, 3, 7, True, None)
    assert asked_of(stub)["remember"] is True


def test_who_only_looks_is_told_that_nothing_was_kept():
    stub = a_stub(answers={"POST /v1/recommendations": recommendations(stored=False)})
    assert "You only looked" in found_for(an_api(stub), LINK, ASKED)


def test_people_are_a_list_of_the_same_cards_with_what_to_discover():
    found = found_for(an_api(a_stub()), f"  {LINK} ", ASKED)
    assert found.count('<li class="sa-card"') == 3
    assert 'href="https://open.spotify.com/user/u1"' in found
    assert "New &amp; Loved" in found


def test_a_name_at_listenbrainz_is_taken_as_well():
    stub = a_stub()
    found_for(an_api(stub), "listenbrainz:rob", ASKED)
    assert asked_of(stub)["listenbrainz"] == "rob"


def test_a_file_is_sent_as_often_as_it_is_asked_with(tmp_path: Path):
    stub, file = a_stub(), tmp_path / "export.zip"
    file.write_bytes(b"PK listening")
    assert "Ada Lindqvist" in found_for(an_api(stub), "", ASKED, file)
    (sent,) = stub.bodies("POST /v1/profiles")
    assert "PK listening" in sent
    assert 'filename="export.zip"' in sent
    assert "Ada Lindqvist" in found_for(an_api(stub), "", ASKED, file)  # to join after a look


def test_a_file_that_was_wiped_meanwhile_is_asked_for_again(tmp_path: Path):
    stub = a_stub()
    assert "Choose it again." in found_for(an_api(stub), "", ASKED, tmp_path / "gone.zip")
    assert stub.asked == []


def test_nothing_to_read_is_a_sentence_and_asks_nothing():
    stub = a_stub()
    assert "Paste the link to your profile" in found_for(an_api(stub), "  ", ASKED)
    assert stub.asked == []


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (problem(403, "Spotify lets no profile be read.", "Upload your export."), "Upload your export."),
        (problem(429, "Too fast.", headers={}), "Too fast."),
        (httpx.ConnectError("no"), "make serve"),
        (recommendations(recommendations=[], discoveries=[]), "Nobody was found"),
    ],
)
def test_what_goes_wrong_is_a_sentence_with_a_next_step(answer: object, said: str):
    assert said in found_for(an_api(a_stub(answers={"POST /v1/recommendations": answer})), LINK, ASKED)


def test_names_stay_text_for_the_browser_and_for_gradios_own_templates():
    evil = "<img src=x onerror=alert(1)> {{value}} ${alert(2)}"
    people = [recommendation(1, display_name=evil, shared_artists=[evil], profile_url="javascript:alert(3)")]
    stub = a_stub(answers={"POST /v1/recommendations": recommendations(recommendations=people)})
    found = found_for(an_api(stub), LINK, ASKED)
    assert "<img" not in found
    assert "javascript:" not in found
    assert not any(each in found for each in "{}$")
