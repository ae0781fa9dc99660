"""What becomes of a Qdrant server's troubles: a call ends in time, in our words, and is repeated where that helps."""

import asyncio
from collections.abc import Iterator

import httpx
import pytest

from indexer.errors import IndexRefused, IndexUnavailable
from indexer.ports import IndexCatalog
from indexer.qdrant.catalog import QdrantIndexCatalog
from tests.fakes.qdrant import FakeQdrant, Trouble
from tests.indexer.qdrant_servers import a_fake_catalog
from tests.indexer.versions import EAST, a_person, a_version, ids

KEY, READ_KEY = "a-key-that-writes", "a-key-that-reads"


@pytest.fixture
def fake() -> FakeQdrant:
    return FakeQdrant()


@pytest.fixture
def catalog(fake: FakeQdrant) -> Iterator[QdrantIndexCatalog]:
    patience = {"qdrant_search_timeout_s": 1.0, "qdrant_write_timeout_s": 1.0, "qdrant_upload_patience_s": 20.0}
    with a_fake_catalog(fake, **patience) as catalog:
        yield catalog


async def _for_ever(_request: httpx.Request) -> httpx.Response:
    await asyncio.sleep(3600)
    raise AssertionError("it was waited for")


def answers(status: int, **headers: str) -> Trouble:
    return lambda _request: httpx.Response(status, headers=headers, json={"status": {"error": "Some trouble"}})


def raises(error: type[httpx.TransportError]) -> Trouble:
    def trouble(request: httpx.Request) -> None:
        raise error("", request=request)

    return trouble


def times(number: int, trouble: Trouble, *, of: str = "") -> Trouble:
    """The trouble for the first requests to paths that end so, and then none."""
    left = [trouble] * number
    return lambda request: left.pop()(request) if request.url.path.endswith(of) and left else None


TROUBLES = {
    "it hangs": (_for_ever, "no answer within 1 s"),
    "it is away": (raises(httpx.ConnectError), "ConnectError"),
    "the connection is cut": (raises(httpx.RemoteProtocolError), "RemoteProtocolError"),
    "429": (answers(429), "429 .Some trouble."),
    "429 and when to come back": (answers(429, **{"retry-after": "7"}), "too much to do"),
    "500": (answers(500), "500 .Some trouble."),
    "503": (answers(503), "503 .Some trouble."),
    "400": (answers(400), "400 .Some trouble."),
    "404": (answers(404), "Some trouble"),
    "it is no Qdrant": (lambda _request: httpx.Response(200, html="<p>Welcome"), "cannot be read"),
}


@pytest.mark.parametrize(("trouble", "told"), TROUBLES.values(), ids=TROUBLES.keys())
def test_whatever_is_wrong_is_told_in_time_and_over_when_the_server_is_well(
    catalog: IndexCatalog, fake: FakeQdrant, trouble: Trouble, told: str
):
    index = catalog.open(a_version(catalog))
    fake.trouble = trouble
    for question in (lambda: index.search(EAST, 3), lambda: index.upsert([a_person("dan")]), catalog.live):
        with pytest.raises(IndexUnavailable, match=told):
            question()
    fake.trouble = lambda _request: None
    assert ids(index, EAST, 3) == ["ann"]


@pytest.mark.parametrize("status", [401, 403])
def test_a_key_that_is_not_accepted_is_said_so_and_not_shown(status: int):
    fake = FakeQdrant()
    fake.trouble = answers(status)
    with a_fake_catalog(fake, qdrant_api_key=KEY) as catalog:
        with pytest.raises(IndexRefused, match=str(status)) as refused:
            catalog.live()
        assert KEY not in f"{refused.value!r} {refused.value} {refused.value.mend}"
        assert "SOUNDALIKE_QDRANT_API_KEY" in refused.value.mend


def test_a_server_that_is_too_old_is_refused_before_it_is_asked_anything(catalog: IndexCatalog, fake: FakeQdrant):
    fake.version = "1.18.7"
    with pytest.raises(IndexUnavailable, match=r"1\.18\.7"):
        catalog.live()
    assert fake.paths("GET") == ["/"]


def test_a_connection_that_was_cut_is_tried_once_more(catalog: IndexCatalog, fake: FakeQdrant):
    index = catalog.open(a_version(catalog))
    fake.trouble = times(1, raises(httpx.RemoteProtocolError))
    assert ids(index, EAST, 3) == ["ann"]
    fake.trouble = times(1, raises(httpx.ReadError))
    index.upsert([a_person("bob")])
    assert index.count() == 2


def test_where_every_connection_is_cut_a_tenth_more_is_asked_at_most(catalog: IndexCatalog, fake: FakeQdrant):
    index = catalog.open(a_version(catalog))
    fake.trouble = raises(httpx.RemoteProtocolError)
    before = len(fake.asked)
    for _ in range(200):
        with pytest.raises(IndexUnavailable):
            index.search(EAST, 3)
    assert len(fake.asked) - before <= 200 * 1.1


def test_what_is_not_a_cut_connection_is_not_tried_again_by_a_search(catalog: IndexCatalog, fake: FakeQdrant):
    index = catalog.open(a_version(catalog))
    fake.trouble = answers(503)
    before = len(fake.asked)
    with pytest.raises(IndexUnavailable):
        index.search(EAST, 3)
    assert len(fake.asked) - before == 1


def test_who_only_reads_never_shows_the_key_that_writes():
    fake = FakeQdrant(key=KEY, read_only_key=READ_KEY)
    with a_fake_catalog(fake, qdrant_api_key=KEY, qdrant_read_only_api_key=READ_KEY) as catalog:
        index = catalog.open(a_version(catalog))
        begun = len(fake.asked)
        index.search(EAST, 3)
        index.near("ann", 3)
        index.get(["ann"])
        index.count()
        list(index.walk(()))
        catalog.versions()
        assert {request.headers["api-key"] for request in fake.asked[begun:]} == {READ_KEY}
        index.upsert([a_person("bob")])
        index.delete([])
        assert fake.asked[-1].headers["api-key"] == KEY
        index.close()


def test_with_a_key_to_read_with_only_a_version_can_be_searched_and_not_written():
    fake = FakeQdrant(key=KEY, read_only_key=READ_KEY)
    with a_fake_catalog(fake, qdrant_api_key=KEY) as catalog:
        name = a_version(catalog)
    begun = len(fake.asked)
    with a_fake_catalog(fake, qdrant_read_only_api_key=READ_KEY) as reader:
        index = reader.open(name)
        assert ids(index, EAST, 3) == ["ann"]
        for question in (lambda: index.upsert([a_person("bob")]), lambda: reader.create(1, 4)):
            with pytest.raises(IndexRefused):
                question()
        index.close()
        assert {request.method for request in fake.asked[begun:]} == {"GET", "POST"}  # refused before they set out
    with a_fake_catalog(fake, qdrant_api_key=READ_KEY) as thief, pytest.raises(IndexRefused, match="403"):
        thief.publish(name)


def test_a_closed_catalogue_says_so_and_breaks_off_what_is_under_way(catalog: QdrantIndexCatalog, fake: FakeQdrant):
    index = catalog.open(a_version(catalog))
    catalog.close()
    catalog.close()
    with pytest.raises(IndexUnavailable, match="closed"):
        index.search(EAST, 3)


def test_a_switch_whose_answer_was_lost_is_looked_at_before_it_is_called_a_failure(
    catalog: IndexCatalog, fake: FakeQdrant
):
    name = a_version(catalog, publish=False)

    def done_and_lost(request: httpx.Request) -> httpx.Response:
        fake.served(request)
        return httpx.Response(504)

    fake.trouble = times(1, done_and_lost, of="/aliases")
    fake.trouble = lambda request, inner=fake.trouble: inner(request) if request.method == "POST" else None
    catalog.publish(name)
    assert catalog.live().name == name


def test_a_switch_that_did_not_come_about_is_a_failure(catalog: IndexCatalog, fake: FakeQdrant):
    first, second = a_version(catalog), a_version(catalog, publish=False)
    fake.trouble = lambda request: httpx.Response(504) if request.url.path == "/collections/aliases" else None
    with pytest.raises(IndexUnavailable, match="504"):
        catalog.publish(second)
    assert catalog.live().name == first


# Uploading


PASSING = {
    "503": answers(503),
    "429": answers(429),
    "429 and when to come back": answers(429, **{"retry-after": "0"}),
    "it is away": raises(httpx.ConnectError),
}


@pytest.mark.parametrize("trouble", PASSING.values(), ids=PASSING.keys())
def test_a_batch_is_tried_again_until_the_server_takes_it(catalog: IndexCatalog, fake: FakeQdrant, trouble: Trouble):
    builder = catalog.create(1, 4)
    fake.trouble = times(3, trouble, of="b1-r1/points")
    builder.add([a_person("ann"), a_person("bob")])
    assert builder.finish().count() == 2
    builder.abort()


def test_a_batch_that_the_server_refuses_is_not_tried_again_and_told(catalog: IndexCatalog, fake: FakeQdrant):
    builder = catalog.create(1, 4)
    fake.trouble = times(9, answers(422), of="b1-r1/points")
    builder.add([a_person("ann")])
    with pytest.raises(IndexUnavailable, match="422"):
        builder.finish()
    assert fake.paths("PUT").count("/collections/users-v1-b1-r1/points") == 1
    builder.abort()


def test_patience_has_an_end(fake: FakeQdrant):
    with a_fake_catalog(fake, qdrant_upload_patience_s=0.3) as catalog:
        builder = catalog.create(1, 4)
        fake.trouble = times(10_000, answers(503), of="b1-r1/points")
        builder.add([a_person("ann")])
        with pytest.raises(IndexUnavailable, match="503"):
            builder.finish()
        builder.abort()


def test_no_more_batches_are_under_way_than_there_are_streams(fake: FakeQdrant):
    under_way, most = [], []

    async def slowly(request: httpx.Request) -> httpx.Response:
        under_way.append(request)
        most.append(len(under_way))
        await asyncio.sleep(0.01)
        under_way.remove(request)
        return fake.served(request)

    with a_fake_catalog(fake, qdrant_upload_batch=5, qdrant_upload_streams=3) as catalog:
        builder = catalog.create(1, 4)
        fake.trouble = lambda request: slowly(request) if request.url.path.endswith("b1-r1/points") else None
        builder.add([a_person(f"p-{number}") for number in range(100)])
        assert builder.finish().count() == 100
        builder.abort()
    assert max(most) == 3
    assert len(most) == 20
