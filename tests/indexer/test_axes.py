import json
from dataclasses import asdict
from itertools import islice
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from indexer.axes import Axes, axes_of
from indexer.errors import IndexUnavailable
from indexer.ports import UserIndex
from tests.indexer.erasing import GONE, PEOPLE, Home, everybody, user

CLOUDS = arrays(np.float32, st.tuples(st.integers(1, 30), st.just(8)), elements=st.floats(-1, 1, width=32))


@pytest.fixture
def home(tmp_path: Path) -> Home:
    home = Home(tmp_path)
    home.store.upsert(everybody())
    return home


def manifest_of(home: Home, name: str) -> Path:
    return home.folder / "index" / "versions" / name / "manifest.json"


def vectors_in(index: UserIndex) -> np.ndarray:
    return np.array([person.vector for batch in index.walk(()) for person in batch])


def test_the_axes_show_where_people_differ_most():
    rng = np.random.default_rng(0)
    cloud = rng.standard_normal((500, 8)).astype(np.float32) * [5, 0.1, 0.1, 3, 0.1, 0.1, 0.1, 0.1]
    axes = axes_of(cloud)

    assert axes is not None
    np.testing.assert_allclose(np.array(axes.components)[:, [0, 3]], np.eye(2), atol=0.05)
    assert axes.explained == pytest.approx((25 / 34, 9 / 34), abs=0.05)
    np.testing.assert_allclose(axes.places(cloud), (cloud - cloud.mean(axis=0))[:, [0, 3]], atol=0.5)


@given(CLOUDS)
def test_axes_are_a_plane_on_which_nobody_lies_farther_apart_than_they_are(cloud: np.ndarray):
    axes = axes_of(cloud)

    assert axes is not None
    components = np.array(axes.components)
    np.testing.assert_allclose(components @ components.T, np.eye(2), atol=1e-4)
    assert 0 <= axes.explained[1] <= axes.explained[0] <= 1
    assert sum(axes.explained) <= 1 + 1e-5
    places = axes.places(cloud)
    apart = np.linalg.norm(cloud - cloud[0], axis=1)
    assert (np.linalg.norm(places - places[0], axis=1) <= apart + 1e-3).all()


@given(CLOUDS)
def test_axes_come_back_from_json_as_they_were(cloud: np.ndarray):
    axes = axes_of(cloud)
    assert axes is not None
    assert Axes.read(json.loads(json.dumps(asdict(axes))), 8) == axes


def test_nobody_has_no_axes_and_who_is_alike_lies_in_one_place():
    assert axes_of(np.zeros((0, 8), np.float32)) is None
    alike = axes_of(np.ones((5, 8), np.float32))
    assert alike is not None
    assert alike.explained == (0, 0)
    np.testing.assert_allclose(alike.places(np.ones((5, 8), np.float32)), 0, atol=1e-5)


def test_a_version_keeps_its_axes_and_going_back_goes_back_to_the_former_ones(home: Home):
    first = home.publish()
    home.store.delete([user(number) for number in range(9)])
    second = home.publish()
    axes = {version.name: version.axes for version in home.catalog.versions()}

    assert axes[first] is not None
    assert axes[first] != axes[second]
    assert home.catalog.live().axes == axes[second]
    assert home.catalog.rollback().axes == home.catalog.live().axes == axes[first]
    with home.opened() as index:
        assert index.version.axes == axes[first]


def test_the_axes_are_those_of_everybody_in_the_version_and_name_nobody(home: Home):
    name = home.publish()
    with home.opened() as index:
        fitted = axes_of(vectors_in(index))

    kept = home.catalog.live().axes
    assert kept is not None
    assert fitted is not None
    np.testing.assert_allclose(kept.components, fitted.components, atol=1e-3)
    assert "person" not in json.dumps(json.loads(manifest_of(home, name).read_text())["axes"])


def test_a_version_that_is_rewritten_is_given_the_axes_of_those_who_stay(home: Home):
    home.publish()
    former = home.catalog.live().axes
    home.delete(7)
    home.erase()

    kept = home.catalog.live().axes
    assert kept is not None
    assert kept != former
    with home.opened() as index:
        stayed = vectors_in(index)
        assert GONE not in index.get([user(number) for number in range(PEOPLE)])
    np.testing.assert_allclose(kept.mean, stayed.mean(axis=0), atol=1e-5)


def test_a_version_that_nobody_stays_in_has_no_axes(home: Home):
    home.publish()
    home.delete(*range(PEOPLE))
    home.erase()

    assert home.catalog.live().axes is None
    with home.opened() as index:
        assert list(islice(index.walk(()), 1)) == [[]]


def test_a_version_of_before_there_were_axes_is_read_and_gets_some_when_it_is_rewritten(home: Home):
    manifest = manifest_of(home, home.publish())
    facts = json.loads(manifest.read_text())
    del facts["axes"]
    manifest.write_text(json.dumps(facts))

    assert home.catalog.live().axes is None
    home.delete(7)
    home.erase()
    assert home.catalog.live().axes is not None


@pytest.mark.parametrize("axes", [{}, [], "axes", {"mean": [0], "components": [[0], [0]], "explained": [0, 0]}])
def test_damaged_axes_are_told_as_damaged_facts(home: Home, axes: object):
    manifest = manifest_of(home, home.publish())
    manifest.write_text(json.dumps({**json.loads(manifest.read_text()), "axes": axes}))

    with pytest.raises(IndexUnavailable, match="damaged"):
        home.catalog.live()
