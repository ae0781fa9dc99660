"""No token, code or verifier is to be read in a log, an error or a file."""

import gc
import logging
import stat
import threading
import traceback
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from features.errors import SpotifyError, SpotifyUnavailable, StoreError
from features.spotify.tokens_file import TOKENS_FILE
from tests.fakes.spotify import Answer, FakeSpotify, a_world, cut
from tests.fakes.spotify.answers import bad_gateway, bare_error, client_invalid, not_json, token_expired
from tests.features.spotify.login_world import ANN, ANNS, BOB, BOBS, Desk, a_desk


class Keeping(logging.Handler):
    """Everything that is logged, by whomever."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.said: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        if record.name.startswith("http"):  # the browser
            return
        self.said.append(f"{record.name} {record.getMessage()} {record.args} {record.exc_info}")


@pytest.fixture
def logs() -> Iterator[Keeping]:
    """With all loggers at DEBUG, and handlers of their own, as somebody who looks for an error would set them."""
    import spotipy  # noqa: F401 - so that its loggers are there

    keeping = Keeping()
    names = ["", *(name for name in logging.root.manager.loggerDict if name.startswith(("spotipy", "urllib3", "req")))]
    before = {name: logging.getLogger(name).level for name in names}
    for name in names:
        logging.getLogger(name).setLevel(logging.DEBUG)
        logging.getLogger(name).addHandler(keeping)
    yield keeping
    for name in names:
        logging.getLogger(name).removeHandler(keeping)
        logging.getLogger(name).setLevel(before[name])


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    with a_desk(tmp_path) as desk:
        yield desk


class Overheard:
    """The secrets of a desk, as they pass: what the fake has issued, and the verifiers."""

    def __init__(self, desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
        self._tokens = desk.fake.tokens
        self._passed: list[str] = []
        take = desk.fake.tokens.take

        def overhear(code: str, url: str, verifier: str) -> object:
            self._passed += [code, verifier]
            return take(code, url, verifier)

        monkeypatch.setattr(desk.fake.tokens, "take", overhear)

    def __iter__(self) -> Iterator[str]:
        yield from (*self._tokens._accesses, *self._tokens._refreshes, *self._tokens._codes, *self._passed)


@pytest.fixture
def secrets(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> Overheard:
    return Overheard(desk, monkeypatch)


def everything_of(error: BaseException | None) -> str:
    """What an error and all it came from say and hold, whether or not a traceback shows that."""
    if error is None:
        return ""
    held = [repr(error), repr(error.args), repr(vars(error)), "".join(traceback.format_exception(error))]
    requests = [getattr(getattr(error, "request", None), "body", ""), getattr(error, "doc", "")]
    return "".join(map(str, held + requests)) + everything_of(error.__cause__) + everything_of(error.__context__)


def test_nothing_secret_is_logged_not_even_at_debug(desk: Desk, secrets: Overheard, logs: Keeping) -> None:
    for person, session in (("ann", ANNS), ("bob", BOBS)):
        desk.logs_in(person, session)
    desk.clock.passes(hours=1)
    desk.login.tokens.access_token(ANN)
    desk.fake.revoke("bob")
    with pytest.raises(SpotifyError):
        desk.login.tokens.access_token(BOB)
    desk.fake.fail("GET /v1/me", token_expired())
    with pytest.raises(SpotifyError):
        desk.logs_in()
    desk.login.disconnect(ANNS)

    said = "\n".join(logs.said)
    assert "/api/token" in said  # the handlers do hear something
    assert len(set(secrets)) >= 9
    for secret in secrets:
        assert secret not in said
    assert "spotipy" not in said


@pytest.mark.parametrize("fault", [cut(), bad_gateway(), client_invalid(), not_json(), bare_error()])
@pytest.mark.parametrize("path", ["POST /api/token", "GET /v1/me"])
def test_no_error_brings_along_what_was_sent(desk: Desk, secrets: Overheard, path: str, fault: object) -> None:
    desk.fake.fail(path, fault)
    with pytest.raises(SpotifyError) as caught:
        desk.logs_in()

    assert caught.value.__cause__ is None
    assert caught.value.__context__ is None
    for secret in secrets:
        assert secret not in everything_of(caught.value)


@pytest.mark.parametrize("path", ["POST /api/token", "GET /v1/me"])
def test_nothing_goes_to_another_address_that_an_answer_points_to(desk: Desk, path: str) -> None:
    with FakeSpotify(a_world()) as other:
        desk.fake.fail(path, Answer(307, "", {"Location": f"{other.accounts_url}/api/token"}))
        with pytest.raises(SpotifyUnavailable):
            desk.logs_in()

        assert other.requests == []


def test_nothing_that_is_shown_shows_a_token(desk: Desk, secrets: Overheard) -> None:
    desk.logs_in()
    grant = desk.login.tokens._grant_in(desk.login.tokens._row(ANN))

    for secret in secrets:
        assert secret not in f"{grant!r} {grant} {vars(desk.login)} {vars(desk.login.tokens)} {grant.model_dump_json()}"


def test_no_file_of_the_home_holds_a_secret_or_what_a_cookie_could_be_made_of(desk: Desk, secrets: Overheard) -> None:
    url = desk.login.begin(BOBS)
    assert_nothing_is_told(desk, [*secrets, BOBS, parse_qs(urlsplit(url).query)["state"][0]])
    desk.logs_in()
    assert_nothing_is_told(desk, [*secrets, ANNS])
    desk.fake.rotates = True
    for _ in range(3):
        desk.clock.passes(hours=1)
        desk.login.tokens.access_token(ANN)
        assert_nothing_is_told(desk, [*secrets, ANNS])
    desk.restart()
    assert len(set(secrets)) >= 9
    assert_nothing_is_told(desk, [*secrets, ANNS, BOBS])


def assert_nothing_is_told(desk: Desk, secrets: list[str]) -> None:
    gc.collect()
    lying = desk.files()
    for secret in secrets:
        assert secret.encode() not in lying


def test_nothing_is_written_where_the_program_was_started(
    desk: Desk, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path_factory.mktemp("here")
    monkeypatch.chdir(folder)
    desk.logs_in()
    desk.clock.passes(hours=1)
    desk.login.tokens.access_token(ANN)

    assert list(folder.iterdir()) == []


def test_files_are_for_their_owner_only(desk: Desk) -> None:
    desk.logs_in()

    for name in ("spotify.key", TOKENS_FILE, f"{TOKENS_FILE}-wal"):
        assert stat.S_IMODE((desk.home / name).stat().st_mode) == 0o600


def bytes_of(desk: Desk) -> list[bytes]:
    """What would give the tokens away together with the key: the sealed ones, and whose they are."""
    with desk.login._file.reading() as connection:
        return [bytes(sealed) for (sealed,) in connection.execute("SELECT sealed FROM tokens")]


def test_of_who_disconnects_no_byte_stays_not_even_an_encrypted_one(desk: Desk) -> None:
    sealed: list[bytes] = []
    desk.logs_in("bob", BOBS)
    bobs = bytes_of(desk)
    desk.logs_in("ann", ANNS)
    for _ in range(3):
        sealed += set(bytes_of(desk)) - set(bobs)
        desk.clock.passes(hours=1)
        desk.login.tokens.access_token(ANN)
    sealed += set(bytes_of(desk)) - set(bobs)
    assert any(each in desk.files() for each in sealed)

    desk.login.disconnect(ANNS)

    lying = desk.files()
    assert not any(each in lying for each in sealed)
    assert all(each in lying for each in bobs)


def test_a_wiping_that_a_reader_was_in_the_way_of_is_done_later(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    desk.logs_in()
    sealed = bytes_of(desk)[0]
    with monkeypatch.context() as patch:
        patch.setattr("features.sqlite.database.Database.clear_traces", lambda _: False)
        assert desk.login.disconnect(ANNS) == ANN
    with desk.login._file.reading() as connection:
        assert connection.execute("SELECT traces FROM state").fetchone() == (1,)

    desk.login.tidy(desk.clock.now)

    assert sealed not in desk.files()
    with desk.login._file.reading() as connection:
        assert connection.execute("SELECT traces FROM state").fetchone() == (0,)


def test_a_wiping_that_fails_is_told_and_the_next_time_or_the_next_opening_does_it(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_database: object) -> bool:
        raise StoreError("The disk is full.")

    desk.logs_in()
    sealed = bytes_of(desk)[0]
    with monkeypatch.context() as patch:
        patch.setattr("features.sqlite.database.Database.clear_traces", full)
        with pytest.raises(StoreError, match="full"):
            desk.login.disconnect(ANNS)
        assert desk.login.who(ANNS) is None
        with pytest.raises(StoreError, match="full"):
            desk.login.disconnect(ANNS)
        desk.another().close()

    desk.another().close()

    assert sealed not in desk.files()


def test_threads_log_in_and_out_at_once_without_getting_in_each_others_way(desk: Desk) -> None:
    urls = {f"session-of-somebody-{number}": number for number in range(6)}
    brought = {session: desk.agrees(desk.login.begin(session), ("ann", "bob")[n % 2]) for session, n in urls.items()}
    failed: list[BaseException] = []

    def run(session: str) -> None:
        try:
            user_id = desk.login.finish(session, **brought[session])
            assert desk.login.who(session) == user_id
        except BaseException as error:  # noqa: BLE001 - told below
            failed.append(error)

    threads = [threading.Thread(target=run, args=(session,)) for session in urls]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)

    assert failed == []
    assert [desk.login.who(session) for session in urls] == [(ANN, BOB)[number % 2] for number in urls.values()]
