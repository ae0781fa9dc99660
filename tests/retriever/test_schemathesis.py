"""The OpenAPI document is kept: Schemathesis sends what it allows and what it forbids, with all of its checks.

FUZZ_EXAMPLES says how many requests are made up for each operation; ``make fuzz`` makes 1,000.
"""

import csv
import io
import json
import os
import threading
import zipfile
from collections.abc import Iterator
from urllib.parse import quote

import pytest
import requests
import schemathesis
import uvicorn
from hypothesis import HealthCheck, assume, settings
from hypothesis import strategies as st

from retriever.app import create_app
from retriever.parts import Parts
from tests.small_world import SETTINGS, a_small_world
from tests.waiting import until

EXAMPLES = int(os.environ.get("FUZZ_EXAMPLES", "25"))
FUZZED = settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))
# Exportify writes "null" and the like where it knows no artist, so nobody is called just that.
NAMES = st.text(st.characters(exclude_categories=["Cc", "Cs", "Zs"]), min_size=1, max_size=20).map("The {}".format)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    world = a_small_world(tmp_path_factory.mktemp("world"))
    world.publish()
    config = uvicorn.Config(create_app(world.parts, SETTINGS), port=0, log_level="warning", access_log=False)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, name="server")
    thread.start()
    until(lambda: server.started)
    yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    server.should_exit = True
    thread.join()


@pytest.fixture
def url(server: str) -> str:
    """A server that knows whom the document's examples name, so that they are answered with more than a 404."""
    _introduce(server)
    return server


def _introduce(url: str) -> None:
    for user_id in ("ada", "bob", "grace"):
        profile = {"user_id": user_id, "playlists": [{"name": "p", "tracks": [{"artist": "Scene 0 artist 1"}]}]}
        assert requests.post(f"{url}/v1/recommendations", json={"profile": profile}, timeout=30).status_code == 200


def _csv(artists: list[str]) -> bytes:
    text = io.StringIO()
    rows = [{"Track Name": "t", "Artist Name(s)": artist, "Release Date": "1990-01-01"} for artist in artists]
    writer = csv.DictWriter(text, rows[0])
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode()


def _export(artists: list[str]) -> bytes:
    rows = [
        {"endTime": "2025-01-01 10:00", "artistName": artist, "trackName": "t", "msPlayed": 200_000}
        for artist in artists
    ]
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("Spotify Account Data/StreamingHistory_music_0.json", json.dumps(rows))
    return packed.getvalue()


def _not_opened(_metrics: object) -> Parts:
    raise AssertionError("only the document is read")


# That bytes are an export cannot be said in a schema, but what exports look like can be told here.
schemathesis.openapi.media_type("text/csv", st.lists(NAMES, min_size=1, max_size=5).map(_csv))
schemathesis.openapi.media_type("application/zip", st.lists(NAMES, min_size=1, max_size=5).map(_export))
schema = schemathesis.openapi.from_dict(create_app(_not_opened, SETTINGS).openapi())


def _is_sent_as_it_is(case: schemathesis.Case) -> bool:
    """Not so a list in a form, which is sent item by item: nothing where it is empty, and one as if there were none."""
    fields = case.body.values() if case.media_type == "multipart/form-data" and isinstance(case.body, dict) else ()
    return not any(isinstance(field, list) and len(field) < 2 for field in fields)


@schema.parametrize()
@FUZZED
def test_every_operation_keeps_the_document(case: schemathesis.Case, url: str) -> None:
    assume(_is_sent_as_it_is(case))
    case.call_and_validate(base_url=url)


def test_what_one_answer_tells_of_somebody_holds_in_the_next(url: str) -> None:
    class Stories(schema.as_state_machine()):  # type: ignore[misc]
        def setup(self) -> None:
            self.here: set[str] = set()
            self.gone: set[str] = set()

        def get_call_kwargs(self, case: schemathesis.Case) -> dict[str, str]:
            return {"base_url": url}

        def before_call(self, case: schemathesis.Case) -> None:
            assume(_is_sent_as_it_is(case))

        def after_call(self, response: schemathesis.Response, case: schemathesis.Case) -> None:
            super().after_call(response, case)
            joined = _joined(response)
            self.here |= joined
            if case.method == "DELETE" and response.status_code == 204:
                self.gone.add(case.path_parameters["user_id"])
            assume(not self.gone & joined)  # who joins again is there again, and the story is over

        def teardown(self) -> None:
            """Every story begins in the same world, or it could not be told again."""
            for user_id in self.here - self.gone:
                requests.delete(f"{url}/v1/users/{quote(user_id, safe='')}", timeout=30)
            _introduce(url)

    Stories.run(settings=settings(FUZZED, stateful_step_count=8))


def _joined(response: schemathesis.Response) -> set[str]:
    """Those whom an answer says to be part of the community now."""
    if response.status_code != 200 or response.request.method != "POST":
        return set()
    told = response.json()
    answers = [result["answer"] for result in told["results"]] if "results" in told else [told]
    return {answer["user_id"] for answer in answers if answer and answer.get("stored")}
