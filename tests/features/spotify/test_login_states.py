"""Whatever two browsers and two people do, in whatever order: nobody gets another's login."""

import tempfile
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, initialize, invariant, rule

from features.errors import SpotifyLoginNeeded
from features.spotify.login_begun import LASTS, MOST_EACH
from tests.features.spotify.login_world import ANNS, BOBS, a_desk

SESSIONS = st.sampled_from([ANNS, BOBS])
PEOPLE = st.sampled_from(["ann", "bob"])


@dataclass(frozen=True)
class Begun:
    session: str
    state: str
    url: str
    at: datetime


@dataclass(frozen=True)
class Code:
    code: str
    begun: Begun
    person: str


class Browsers(RuleBasedStateMachine):
    begun = Bundle("begun")
    codes = Bundle("codes")

    def __init__(self) -> None:
        super().__init__()
        self.stack = ExitStack()
        home = Path(self.stack.enter_context(tempfile.TemporaryDirectory()))
        self.desk = self.stack.enter_context(a_desk(home))
        self.open: list[Begun] = []
        self.used: set[str] = set()
        self.who: dict[str, str | None] = {ANNS: None, BOBS: None}

    def teardown(self) -> None:
        self.stack.close()

    @initialize(target=codes)
    def agreed(self) -> Code:
        return self.agree(self.begin(ANNS), "ann")

    @rule(target=begun, session=SESSIONS)
    def begin(self, session: str) -> Begun:
        self.desk.clock.passes(seconds=1)
        url = self.desk.login.begin(session)
        begun = Begun(session, parse_qs(urlsplit(url).query)["state"][0], url, self.desk.clock.now)
        in_this_session = [each for each in self.open if each.session == session]
        for each in in_this_session[: 1 - MOST_EACH] if len(in_this_session) >= MOST_EACH else []:
            self.open.remove(each)
        self.open.append(begun)
        return begun

    @rule(target=codes, begun=begun, person=PEOPLE)
    def agree(self, begun: Begun, person: str) -> Code:
        return Code(self.desk.agrees(begun.url, person)["code"], begun, person)

    @rule(session=SESSIONS, code=codes)
    def finish_in_any_browser(self, session: str, code: Code) -> None:
        self.finish(session, code.begun, code)

    @rule(code=codes)
    def finish_as_meant(self, code: Code) -> None:
        self.finish(code.begun.session, code.begun, code)

    @rule(session=SESSIONS, begun=begun, code=codes)
    def finish(self, session: str, begun: Begun, code: Code) -> None:
        is_this_session_s = begun in self.open and begun.session == session
        is_exchanged = is_this_session_s and self.desk.clock.now - begun.at < LASTS
        is_good = is_exchanged and code.begun == begun and code.code not in self.used
        if begun in self.open:
            self.open.remove(begun)
        if is_exchanged:
            self.used.add(code.code)
        if is_good:
            assert self.desk.login.finish(session, begun.state, code=code.code) == code.person
            self.who[session] = code.person
        else:
            with pytest.raises(SpotifyLoginNeeded):
                self.desk.login.finish(session, begun.state, code=code.code)

    @rule(begun=consumes(begun), session=SESSIONS)
    def decline(self, begun: Begun, session: str) -> None:
        if begun in self.open:
            self.open.remove(begun)
        with pytest.raises(SpotifyLoginNeeded):
            self.desk.login.finish(session, begun.state, error="access_denied")

    @rule(session=SESSIONS)
    def disconnect(self, session: str) -> None:
        person = self.who[session]
        assert self.desk.login.disconnect(session) == person
        self.open = [each for each in self.open if each.session != session]
        self.who = {each: None if who == person else who for each, who in self.who.items()}

    @rule(minutes=st.integers(1, 6))
    def time_passes(self, minutes: int) -> None:
        self.desk.clock.now += timedelta(minutes=minutes)

    @rule()
    def tidy(self) -> None:
        assert self.desk.login.tidy(self.desk.clock.now) == 0

    @rule()
    def restart(self) -> None:
        self.desk.restart()

    @invariant()
    def everybody_is_who_agreed_in_their_own_browser(self) -> None:
        assert {session: self.desk.login.who(session) for session in self.who} == self.who

    @invariant()
    def tokens_open_the_library_of_whom_they_belong_to(self) -> None:
        for person in {person for person in self.who.values() if person}:
            token = self.desk.login.tokens.access_token(person)
            assert self.desk.fake.tokens.access(f"Bearer {token}").person == person


TestBrowsers = Browsers.TestCase
TestBrowsers.settings = settings(max_examples=20, stateful_step_count=25, deadline=None)
