import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from features.identity import point_id
from features.profile import UserId
from indexer.errors import IndexUnavailable
from retriever import cartographer, drawing
from retriever.app import create_app
from retriever.cartographer import Cartographer
from retriever.errors import Unexpected
from retriever.parts import Parts
from tests.small_world import SETTINGS, SmallWorld, a_small_world
from tests.waiting import until

NEVER_AGAIN = 1000.0
COLUMNS = ["user_id", "name", "x", "y", "genre"]


@pytest.fixture
def parts(world: SmallWorld) -> Iterator[Parts]:
    parts = world.parts()
    yield parts
    parts.close()


@pytest.fixture
def drawn(parts: Parts) -> Cartographer:
    """Draws once, and again only when it is told to."""
    one = Cartographer(parts.live, NEVER_AGAIN)
    one.step()
    return one


def shown(one: Cartographer) -> dict[str, tuple[float, float]]:
    points = one.drawing().result(0).answer.points
    return {user_id: (x, y) for user_id, x, y in zip(points.user_id, points.x, points.y, strict=True)}


def map_of(api: TestClient, *user_ids: str) -> dict[str, Any]:
    answer = api.get("/v1/map", params={"user_id": list(user_ids)})
    assert answer.status_code == 200, answer.text
    told: dict[str, Any] = answer.json()
    return told


def join(api: TestClient, user_id: str) -> None:
    profile = {"user_id": user_id, "playlists": [{"name": "p", "tracks": [{"artist": "Scene 0 artist 1"}]}]}
    assert api.post("/v1/recommendations", json={"profile": profile}).status_code == 200


def test_everybody_is_on_the_map_in_columns_of_one_length(api: TestClient, world: SmallWorld) -> None:
    told = map_of(api)

    assert list(told) == ["index", "model_version", "method", "explained", "people", "points"]
    assert (told["index"], told["model_version"], told["method"]) == ("users-v3-b1", 3, "pca")
    assert 0 < told["explained"][1] <= told["explained"][0] < 1
    assert told["people"] == 40
    assert list(told["points"]) == COLUMNS
    assert {len(column) for column in told["points"].values()} == {40}
    assert set(told["points"]["user_id"]) == {f"person-{number}" for number in range(40)}
    assert any(told["points"]["genre"])


def test_people_lie_where_the_axes_of_the_version_put_them(drawn: Cartographer, parts: Parts) -> None:
    axes = parts.live.version.axes
    assert axes is not None
    with parts.live.lease() as unit:
        people = unit.index.get([UserId("person-1"), UserId("person-2")])

    for user_id, person in people.items():
        assert shown(drawn)[user_id] == pytest.approx(axes.places(person.vector[None])[0], abs=1e-4)


def test_an_answer_tells_its_versions_and_is_not_sent_again_to_who_has_it(api: TestClient) -> None:
    first = api.get("/v1/map")
    again = api.get("/v1/map", headers={"If-None-Match": first.headers["etag"]})

    assert (first.headers["soundalike-model"], first.headers["soundalike-index"]) == ("3", "users-v3-b1")
    assert again.status_code == 304
    assert again.content == b""
    assert again.headers["etag"] == first.headers["etag"]


def test_who_joins_is_on_the_map_soon_and_at_once_where_asked_for(
    world: SmallWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = SETTINGS.model_copy(update={"map_every_s": NEVER_AGAIN})
    with TestClient(create_app(lambda metrics: world.parts(metrics, settings), SETTINGS)) as api:
        map_of(api)
        join(api, "newcomer")

        assert "newcomer" not in map_of(api)["points"]["user_id"]
        asked = map_of(api, "newcomer", "person-3", "newcomer", "nobody-at-all")
        assert asked["points"]["user_id"].count("newcomer") == asked["points"]["user_id"].count("person-3") == 1
        assert len(asked["points"]["user_id"]) == 41
        assert "nobody-at-all" not in asked["points"]["user_id"]


def test_the_map_follows_those_who_join(api: TestClient) -> None:
    map_of(api)
    join(api, "newcomer")

    until(lambda: "newcomer" in map_of(api)["points"]["user_id"])
    assert map_of(api)["people"] == 41


def test_who_is_deleted_is_off_the_map_before_that_is_answered(world: SmallWorld) -> None:
    settings = SETTINGS.model_copy(update={"map_every_s": NEVER_AGAIN})
    with TestClient(create_app(lambda metrics: world.parts(metrics, settings), SETTINGS)) as api:
        before = map_of(api)
        assert api.delete("/v1/users/person-7").status_code == 204
        after = map_of(api, "person-7")

    assert "person-7" in before["points"]["user_id"]
    assert "person-7" not in after["points"]["user_id"]
    assert after["people"] == 39


def test_who_is_deleted_by_another_process_is_off_the_map_too(world: SmallWorld) -> None:
    settings = SETTINGS.model_copy(update={"map_every_s": NEVER_AGAIN})
    with TestClient(create_app(lambda metrics: world.parts(metrics, settings), SETTINGS)) as api:
        map_of(api)
        world.store.delete([UserId("person-7")])
        until(lambda: "person-7" not in map_of(api)["points"]["user_id"])


def test_who_is_deleted_while_the_map_is_drawn_is_not_on_it(parts: Parts, monkeypatch: pytest.MonkeyPatch) -> None:
    one = Cartographer(parts.live, NEVER_AGAIN)
    met = cartographer.spots_of

    def deleted_in_between(*asked: Any) -> Any:
        found = met(*asked)
        one.forget([point_id(UserId("person-7"))])
        return found

    monkeypatch.setattr(cartographer, "spots_of", deleted_in_between)
    one.step()

    assert len(shown(one)) == 39
    assert "person-7" not in shown(one)


def test_who_comes_back_is_on_the_map_again(api: TestClient) -> None:
    join(api, "newcomer")
    until(lambda: "newcomer" in map_of(api)["points"]["user_id"])
    assert api.delete("/v1/users/newcomer").status_code == 204
    assert "newcomer" not in map_of(api)["points"]["user_id"]
    join(api, "newcomer")

    until(lambda: "newcomer" in map_of(api)["points"]["user_id"])


def test_nothing_is_drawn_again_where_nothing_changed(parts: Parts, monkeypatch: pytest.MonkeyPatch) -> None:
    one = Cartographer(parts.live, 1e-9)
    one.step()
    first = one.drawing().result(0)
    one.step()
    parts.live.count_popularity()
    one.step()
    assert one.drawing().result(0) is first

    with parts.live.changing():
        pass
    one.step()
    assert one.drawing().result(0) is not first


def test_a_new_version_has_a_map_of_its_own_and_the_former_one_is_not_given_again(
    world: SmallWorld, parts: Parts, drawn: Cartographer
) -> None:
    former = drawn.drawing().result(0)
    world.store.delete([UserId(f"person-{number}") for number in range(9)])
    second = world.publish()
    parts.live.follow()

    waiting = drawn.drawing()
    assert not waiting.done()
    assert drawn.with_people(former, [UserId("person-20")]) is None
    drawn.step()
    assert waiting.result(0).version.name == second
    assert waiting.result(0).axes != former.axes

    world.catalog.rollback()
    parts.live.follow()
    drawn.step()
    assert drawn.drawing().result(0).version.name == former.version.name
    assert drawn.drawing().result(0).axes == former.axes
    assert len(shown(drawn)) == 31


def test_a_version_of_before_there_were_axes_is_given_some_that_stay_while_it_is_live(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = a_small_world(tmp_path)
    monkeypatch.setattr("indexer.build.axes_of", lambda _vectors: None)
    world.publish()
    parts = world.parts()
    one = Cartographer(parts.live, 1e-9)
    one.step()
    first = one.drawing().result(0)
    parts.members.forget(UserId("person-1"))
    one.step()

    assert parts.live.version.axes is None
    assert first.axes is not None
    assert first.axes.explained[0] > 0
    assert one.drawing().result(0).axes is first.axes
    assert len(shown(one)) == 39
    parts.close()


def test_a_sample_of_a_large_community_is_the_same_one_and_has_whom_one_asks_for(
    parts: Parts, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cartographer, "MAX_POINTS", 10)
    monkeypatch.setattr(cartographer, "_BATCH", 5)
    drawings = []
    for _ in range(2):
        one = Cartographer(parts.live, NEVER_AGAIN)
        one.step()
        drawings.append(one.drawing().result(0))

    everybody = sorted((UserId(f"person-{number}") for number in range(40)), key=lambda one: str(point_id(one)))
    assert [spot.user_id for spot in drawings[0].spots.values()] == everybody[:10]
    assert drawings[0].body == drawings[1].body
    assert drawings[0].people == 40
    asked = one.with_people(drawings[0], [everybody[30], everybody[3]])
    assert asked is not None
    assert [spot.user_id for spot in asked.spots.values()] == [*everybody[:10], everybody[30]]


def test_an_index_that_nobody_is_in_has_an_empty_map() -> None:
    empty = drawing.Drawing(version=None, axes=None, people=0, spots={})  # type: ignore[arg-type]
    assert empty.without([point_id(UserId("ann"))]) is empty
    assert drawing.spots_of([], None) == {}


def test_everybody_gone_leaves_columns_of_nobody(drawn: Cartographer) -> None:
    drawn.forget([point_id(UserId(f"person-{number}")) for number in range(40)])
    told = drawn.drawing().result(0).answer
    assert (told.people, told.points.user_id, told.points.x) == (0, (), ())


def test_whoever_waits_for_a_map_that_cannot_be_drawn_is_told_so(
    parts: Parts, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*_: object, **__: object) -> Iterator[object]:
        raise IndexUnavailable("The index cannot be read.")

    one = Cartographer(parts.live, NEVER_AGAIN)
    waiting = [one.drawing(), one.drawing()]
    waiting[1].cancel()
    with parts.live.lease() as unit:
        monkeypatch.setattr(type(unit.index), "walk", broken)
    one.step()
    one.step()

    assert isinstance(waiting[0].exception(0), IndexUnavailable)
    assert caplog.text.count("cannot be drawn") == 1
    monkeypatch.undo()
    one.step()
    assert len(shown(one)) == 40


def test_a_bug_in_drawing_keeps_nobody_waiting(parts: Parts, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cartographer, "spots_of", lambda *_: 1 / 0)
    one = Cartographer(parts.live, 0.01)
    waiting = one.drawing()
    one.start()
    with pytest.raises(Unexpected):
        waiting.result(60)
    assert one.stop(60)


def test_a_drawing_ends_with_the_server(parts: Parts, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cartographer, "_BATCH", 1)
    monkeypatch.setattr(cartographer, "_PAUSES", 1e9)
    one = Cartographer(parts.live, 0.01)
    one.start()
    threading.Event().wait(0.05)

    assert one.stop(60)


@pytest.mark.parametrize("query", ["user_id=", "user_id=a/b", "&".join(f"user_id=p{number}" for number in range(51))])
def test_what_is_no_id_and_too_many_of_them_are_refused(api: TestClient, query: str) -> None:
    answer = api.get(f"/v1/map?{query}")
    assert answer.status_code == 422
    assert answer.json()["code"] == "invalid-request"


def test_requests_are_answered_while_a_map_is_drawn(world: SmallWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    going, go_on = threading.Event(), threading.Event()
    made = Cartographer._draw

    def held_up(self: Cartographer, unit: Any) -> Any:
        going.set()
        go_on.wait(60)
        return made(self, unit)

    monkeypatch.setattr(Cartographer, "_draw", held_up)
    with TestClient(create_app(world.parts, SETTINGS)) as api:
        assert going.wait(60)
        asked = [threading.Thread(target=api.get, args=("/v1/map",)) for _ in range(10)]
        for each in asked:
            each.start()
        assert api.get("/v1/users/person-0").status_code == 200
        go_on.set()
        for each in asked:
            each.join()
        assert map_of(api)["people"] == 40
