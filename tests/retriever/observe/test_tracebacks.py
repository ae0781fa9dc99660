import logging
import sqlite3
from collections.abc import Callable

import pytest
import structlog
from pydantic import BaseModel

from features.errors import UnknownUser
from retriever.observe.tracebacks import MAX_ERRORS, told
from tests.retriever.observe.logbook import a_logbook

QUOTED = "Nick Drake"


class Wanted(BaseModel):
    plays: int


def lookup() -> None:
    secret = {QUOTED: 1}
    secret[f"{QUOTED} live"]


def validation() -> None:
    Wanted.model_validate({"plays": QUOTED})


def chained() -> None:
    try:
        lookup()
    except KeyError as error:
        raise UnknownUser(f"Nobody is called {QUOTED!r}.") from error


def while_handling() -> None:
    try:
        lookup()
    except KeyError:
        raise RuntimeError(QUOTED)  # noqa: B904


def noted() -> None:
    error = ValueError("x")
    error.add_note(QUOTED)
    raise error


def group() -> None:
    raise ExceptionGroup(QUOTED, [ValueError(QUOTED), KeyError(QUOTED)])


def missing_file() -> None:
    open(f"/nowhere/{QUOTED}")  # noqa: SIM115, PTH123


def raised(by: Callable[[], None]) -> BaseException:
    with pytest.raises(Exception) as found:  # noqa: PT011
        by()
    return found.value


@pytest.mark.parametrize("by", [lookup, validation, chained, while_handling, noted, group, missing_file])
def test_neither_words_nor_variables_are_told_in_any_format(by: Callable[[], None]) -> None:
    error = raised(by)
    with a_logbook() as book:
        logging.getLogger("retriever.a").error("failed", exc_info=error)
    with a_logbook("console") as console:
        logging.getLogger("retriever.a").error("failed", exc_info=error)

    assert QUOTED not in told(error)
    assert QUOTED not in book.getvalue()
    assert QUOTED not in console.getvalue()
    assert by.__name__ in book.lines[0]["exception"]
    assert by.__name__ in console.getvalue()


def test_kinds_places_and_causes_are_told() -> None:
    lines = told(raised(chained)).splitlines()

    assert lines[0] == "features.errors.UnknownUser"
    assert lines[2].startswith(f"  {__file__}:")
    assert lines[2].endswith(" chained")
    assert lines[3] == "from KeyError"
    assert lines[-1].endswith(" lookup")
    assert "from KeyError" in told(raised(while_handling))


def test_a_cause_that_was_left_out_on_purpose_stays_out() -> None:
    def quietly() -> None:
        try:
            lookup()
        except KeyError:
            raise RuntimeError from None

    assert "KeyError" not in told(raised(quietly))


def test_all_errors_of_a_group_are_told() -> None:
    assert [line for line in told(raised(group)).splitlines() if line[0] != " "] == [
        "ExceptionGroup", "from ValueError", "from KeyError",
    ]  # fmt: skip


def test_faults_of_the_system_and_of_sqlite_keep_their_name() -> None:
    assert told(raised(missing_file)).startswith("FileNotFoundError (ENOENT)\n")
    with sqlite3.connect(":memory:") as connection:
        error = raised(lambda: connection.execute("SELECT * FROM nothing"))
    connection.close()
    assert told(error).startswith("sqlite3.OperationalError (SQLITE_ERROR)\n")


def test_errors_that_cause_each_other_and_very_long_chains_come_to_an_end() -> None:
    first, second = ValueError(), KeyError()
    first.__cause__, second.__cause__ = second, first
    assert told(first) == "ValueError\nfrom KeyError"

    last: BaseException = ValueError()
    for _ in range(1000):
        following = ValueError()
        following.__cause__, last = last, following
    assert len(told(last).splitlines()) == MAX_ERRORS


@pytest.mark.parametrize("exc_info", [True, None])
def test_the_exception_being_handled_is_found_and_where_there_is_none_nothing_is_told(exc_info: bool | None) -> None:
    with a_logbook() as book:
        logging.getLogger("retriever.a").error("outside", exc_info=exc_info)
        try:
            lookup()
        except KeyError:
            logging.getLogger("retriever.a").exception("inside")

    assert [line.get("exception", "")[:8] for line in book.lines] == ["", "KeyError"]


def test_structlogs_own_ways_to_name_an_exception_are_understood() -> None:
    error = raised(lookup)
    with a_logbook() as book:
        log = structlog.get_logger("retriever.a")
        log.error("given", exc_info=error)
        try:
            lookup()
        except KeyError:
            log.exception("being handled")

    assert [line["exception"][:8] for line in book.lines] == ["KeyError"] * 2
    assert QUOTED not in book.getvalue()
