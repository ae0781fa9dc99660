"""The OpenAPI document is kept: Schemathesis sends what it allows and what it forbids, with all of its checks.

FUZZ_EXAMPLES says how many requests are made up for each operation; ``make fuzz`` makes 1,000.
"""

import os
import threading
from collections.abc import Iterator

import pytest
import schemathesis
import uvicorn
from hypothesis import HealthCheck, settings

from retriever.app import create_app
from retriever.parts import Parts
from tests.small_world import SETTINGS, a_small_world
from tests.waiting import until

EXAMPLES = int(os.environ.get("FUZZ_EXAMPLES", "25"))


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
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


def _not_opened(_metrics: object) -> Parts:
    raise AssertionError("only the document is read")


# That bytes are an export cannot be said in a schema, so to refuse those that are none is right there as well.
CONFIG = schemathesis.Config.from_dict(
    {
        "operations": [
            {
                "include-path": "/v1/profiles",
                "checks": {"positive_data_acceptance": {"expected-statuses": ["2xx", "413", "422"]}},
            }
        ]
    }
)
schema = schemathesis.openapi.from_dict(create_app(_not_opened, SETTINGS).openapi(), config=CONFIG)


@schema.parametrize()
@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))
def test_every_operation_keeps_the_document(case: schemathesis.Case, url: str) -> None:
    case.call_and_validate(base_url=url)
