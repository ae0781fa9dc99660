"""Asking the Web API: one token for all, every failure in words, and nothing secret in them."""

import logging
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from features.errors import (
    SpotifyError,
    SpotifyForbidden,
    SpotifyLoginNeeded,
    SpotifyNotConfigured,
    SpotifyNotFound,
    SpotifyQuotaUsedUp,
    SpotifyRateLimited,
    SpotifySwitchedOff,
    SpotifyUnavailable,
)
from features.spotify.app_token import AppToken
from features.spotify.connection import Connection, GivenToken, new_session
from features.spotify.patience import Patience
from features.spotify.web_api import WebApi
from tests.fakes.spotify import Answer, FakeSpotify, a_world, cut, late
from tests.fakes.spotify import answers as told
from tests.features.spotify.reading_world import Clock, settings_of

WHO = "an#n.so+secret"


@pytest.fixture
def fake() -> Iterator[FakeSpotify]:
    with FakeSpotify(a_world().with_user(WHO, display_name="Ann")) as fake:
        yield fake


@contextmanager
def an_api(fake: FakeSpotify, clock: Clock | None = None, **more: object) -> Iterator[WebApi]:
    settings = settings_of(fake, **more)
    session = new_session(backoff_s=0.001)
    gate = (clock or Clock()).gate()
    with closing(Connection(settings, AppToken(settings, session), gate, session=session)) as connection:
        yield WebApi(connection, Patience(gate, settings.wait_at_most_s))


def test_eight_threads_share_one_token(fake: FakeSpotify):
    with an_api(fake) as api:
        threads = [threading.Thread(target=api.user, args=(WHO,)) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(30)
    assert len(fake.asked("GET /v1/users")) == 8
    assert len(fake.asked("POST /api/token")) == 1


def test_an_id_of_any_letters_is_asked_for_as_it_is(fake: FakeSpotify):
    with an_api(fake) as api:
        assert api.user(WHO)["id"] == WHO
        with pytest.raises(SpotifyNotFound):
            api.user("a/../../x?y")
    assert [path for _, path in fake.asked("GET")] == ["/v1/users/an%23n.so%2Bsecret", "/v1/users/a%2F..%2F..%2Fx%3Fy"]


def test_a_token_that_is_over_is_replaced_once(fake: FakeSpotify):
    with an_api(fake) as api:
        api.user(WHO)
        fake.expire_tokens()
        api.user(WHO)
        assert len(fake.asked("POST /api/token")) == 2
        fake.fail("GET /v1/users", told.token_invalid(), times=9)
        with pytest.raises(SpotifyLoginNeeded):
            api.user(WHO)
    assert len(fake.asked("GET /v1/users")) == 5
    assert len(fake.asked("POST /api/token")) == 3


def test_a_persons_token_that_is_refused_is_not_tried_again(fake: FakeSpotify):
    settings, gate = settings_of(fake), Clock().gate()
    with (
        closing(Connection(settings, GivenToken(lambda _refused: "stale"), gate)) as connection,
        pytest.raises(SpotifyLoginNeeded),
    ):
        WebApi(connection, Patience(gate, 0)).me()
    assert len(fake.requests) == 1


def test_that_nobody_listens_there_is_no_matter_of_patience(fake: FakeSpotify):
    with an_api(fake) as api:
        api.user(WHO)
        fake.close()
        with pytest.raises(SpotifyUnavailable, match="cannot be reached"):
            api.user(WHO)


FAULTS = [
    (told.forbidden(), SpotifyForbidden, 1),
    (told.premium_required(), SpotifySwitchedOff, 1),
    (told.not_registered(), SpotifyForbidden, 1),
    (told.not_found(), SpotifyNotFound, 1),
    (told.error(410, "Gone"), SpotifyNotFound, 1),
    (told.bad_request(), SpotifyError, 1),
    (told.empty(400), SpotifyError, 1),
    (told.bare_error(400), SpotifyError, 1),
    (told.bare_error(404), SpotifyNotFound, 1),
    (Answer(404, ["a list"]), SpotifyNotFound, 1),
    (Answer(403, {"error": None}), SpotifyForbidden, 1),
    (told.server_error(500), SpotifyUnavailable, 4),
    (told.bad_gateway(502), SpotifyUnavailable, 4),
    (told.empty(503), SpotifyUnavailable, 4),
    (told.bare_error(500), SpotifyUnavailable, 4),
    (told.not_json(), SpotifyUnavailable, 1),
    (told.not_json(403), SpotifyForbidden, 1),
    (Answer(200, ["a list"]), SpotifyUnavailable, 1),
    (Answer(200, "[" * 100_000, {"Content-Type": "application/json"}), SpotifyUnavailable, 1),
    (told.quota_exceeded(), SpotifyQuotaUsedUp, 1),
    (told.rate_limited(79_892), SpotifyRateLimited, 1),
    (cut(), SpotifyUnavailable, 2),
    (cut(5), SpotifyUnavailable, 1),
]


@pytest.mark.parametrize(("fault", "kind", "tries"), FAULTS, ids=lambda each: str(each)[:60])
def test_every_failure_has_its_words_and_names_nobody(
    fake: FakeSpotify, caplog: pytest.LogCaptureFixture, fault: Answer, kind: type[SpotifyError], tries: int
):
    caplog.set_level(logging.DEBUG)
    fake.fail("GET /v1/users", fault, times=99)
    with an_api(fake) as api, pytest.raises(SpotifyError) as raised:
        api.user(WHO)
    assert type(raised.value) is kind
    assert raised.value.mend
    assert len(fake.asked("GET /v1/users")) == tries
    assert raised.value.__cause__ is None
    assert raised.value.__context__ is None
    token_or_name = ("so%2Bsecret", WHO, fake.client_secret, "Bearer", "Basic")
    assert not any(secret in f"{raised.value}{caplog.text}" for secret in token_or_name)


def test_a_failure_that_passes_is_not_seen(fake: FakeSpotify):
    fake.fail("GET /v1/users", told.server_error(), times=2)
    fake.fail("GET /v1/users", cut(), times=1)
    with an_api(fake) as api:
        assert api.user(WHO)["display_name"] == "Ann"


def test_what_takes_too_long_is_given_up(fake: FakeSpotify):
    fake.fail("GET /v1/users", late(60), times=99)
    with an_api(fake, timeout_s=1.0) as api, pytest.raises(SpotifyUnavailable, match="in time"):
        api.user(WHO)
    assert len(fake.asked("GET /v1/users")) == 2


def test_a_redirect_takes_the_token_nowhere(fake: FakeSpotify):
    with FakeSpotify(a_world()) as elsewhere:
        fake.fail("GET /v1/users", Answer(302, None, {"Location": f"{elsewhere.api_url}me"}))
        with an_api(fake) as api, pytest.raises(SpotifyUnavailable, match="another address"):
            api.user(WHO)
    assert elsewhere.requests == []


def test_a_short_rate_limit_is_waited_for(fake: FakeSpotify):
    clock = Clock()
    fake.fail("GET /v1/users", told.rate_limited(3))
    fake.fail("GET /v1/users", told.rate_limited(None, as_text=True))
    with an_api(fake, clock) as api:
        assert api.user(WHO)["id"] == WHO
    assert clock.slept == [3, 2]


def test_a_server_error_is_never_told_as_a_rate_limit(fake: FakeSpotify):
    fake.fail("GET /v1/users", told.server_error(500), times=99)
    with an_api(fake) as api, pytest.raises(SpotifyUnavailable, match="500") as raised:
        api.user(WHO)
    assert not isinstance(raised.value, SpotifyRateLimited)


def test_a_used_up_quota_is_told_in_words_of_its_own(fake: FakeSpotify):
    fake.fail("GET /v1/users", told.quota_exceeded(5))
    clock = Clock()
    with an_api(fake, clock) as api, pytest.raises(SpotifyRateLimited, match="quota") as raised:
        api.user(WHO)
    assert raised.value.retry_after_s == 5
    assert clock.slept == []


@pytest.mark.parametrize(("told_s", "rest_s"), [(1800, 1800), (None, 3600)])
def test_a_used_up_quota_is_not_asked_for_again_by_any_reading(fake: FakeSpotify, told_s: int | None, rest_s: int):
    fake.fail("GET /v1/users", told.quota_exceeded(told_s))
    clock = Clock()
    with an_api(fake, clock) as api:
        with pytest.raises(SpotifyQuotaUsedUp):
            api.user(WHO)
        fake.clear()
        another = WebApi(api._connection, Patience(api._connection.gate, 20))
        clock.now += rest_s - 21
        with pytest.raises(SpotifyRateLimited):
            another.user(WHO)
        assert fake.requests == []
        clock.now += 21
        assert another.user(WHO)["id"] == WHO


@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        (told.client_invalid(), SpotifyNotConfigured),
        (Answer(400, {"error": "invalid_client"}), SpotifyNotConfigured),
        (Answer(401, "no"), SpotifyNotConfigured),
        (told.rate_limited(5), SpotifyRateLimited),
        (told.server_error(), SpotifyUnavailable),
        (told.not_json(), SpotifyUnavailable),
        (Answer(200, {}), SpotifyUnavailable),
        (Answer(200, []), SpotifyUnavailable),
        (Answer(400, []), SpotifyNotConfigured),
        (cut(), SpotifyUnavailable),
    ],
    ids=lambda each: str(each)[:60],
)
def test_every_failure_to_get_a_token_has_its_words_without_the_secret(
    fake: FakeSpotify, caplog: pytest.LogCaptureFixture, fault: Answer, kind: type[SpotifyError]
):
    caplog.set_level(logging.DEBUG)
    fake.fail("POST /api/token", fault, times=99)
    with an_api(fake) as api, pytest.raises(SpotifyError) as raised:
        api.user(WHO)
    assert type(raised.value) is kind
    assert raised.value.__context__ is None
    assert fake.client_secret not in f"{raised.value}{caplog.text}"
    assert not fake.asked("GET")


def test_nothing_but_the_memory_holds_the_token(fake: FakeSpotify, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    with an_api(fake) as api:
        api.user(WHO)
    assert list(tmp_path.iterdir()) == []


def test_a_password_file_does_not_take_the_tokens_place(
    fake: FakeSpotify, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    (tmp_path / "netrc").write_text("default login somebody password else\n")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    with an_api(fake) as api:
        assert api.user(WHO)["id"] == WHO


def test_an_app_that_is_not_set_up_is_told(fake: FakeSpotify):
    with pytest.raises(SpotifyNotConfigured, match="CLIENT_SECRET"):
        AppToken(settings_of(fake, client_secret=None), new_session())
