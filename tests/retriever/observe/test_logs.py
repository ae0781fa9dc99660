import asyncio
import gc
import io
import json
import logging

import pytest
import structlog

from retriever.observe.logs import configure
from tests.retriever.observe.logbook import a_logbook


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_a_line_of_the_standard_library_is_json_with_its_level_its_logger_and_its_extras() -> None:
    with a_logbook() as book:
        logging.getLogger("retriever.live").warning("moved over to %s", "users-v7", extra={"people": 40})

    (line,) = book.lines
    assert line.pop("timestamp").endswith("Z")
    assert line == {"event": "moved over to users-v7", "level": "warning", "logger": "retriever.live", "people": 40}


def test_a_line_of_structlog_goes_the_same_way() -> None:
    with a_logbook() as book:
        structlog.get_logger("retriever.live").info("moved over", index="users-v7")

    (line,) = book.lines
    assert line.pop("timestamp").endswith("Z")
    assert line == {"event": "moved over", "level": "info", "logger": "retriever.live", "index": "users-v7"}


def test_what_is_bound_to_the_context_stands_on_every_line() -> None:
    with a_logbook() as book, structlog.contextvars.bound_contextvars(request_id="r1"):
        logging.getLogger("retriever.a").info("one")
        structlog.get_logger("retriever.b").info("two")

    assert [line["request_id"] for line in book.lines] == ["r1", "r1"]


def test_lines_below_the_level_are_left_out_of_both() -> None:
    with a_logbook(level="warning") as book:
        logging.getLogger("retriever.a").info("quiet")
        structlog.get_logger("retriever.b").info("quiet")
        structlog.get_logger("retriever.b").warning("loud")

    assert [line["event"] for line in book.lines] == ["loud"]


@pytest.mark.parametrize("name", ["httpx", "httpx2", "urllib3", "uvicorn.access", "whatever"])
def test_libraries_that_tell_what_they_called_are_heard_only_when_something_is_wrong(name: str) -> None:
    with a_logbook() as book:
        logging.getLogger(name).info('HTTP Request: GET http://store/people/ann "HTTP/1.1 200 OK"')
        logging.getLogger(name).warning("Connection pool is full")

    assert [line["event"] for line in book.lines] == ["Connection pool is full"]


def test_auto_is_json_in_a_file_and_for_people_on_a_terminal() -> None:
    with a_logbook("auto") as book:
        logging.getLogger("retriever.a").info("hello")
        assert book.lines[0]["event"] == "hello"

        terminal = Terminal()
        configure("auto", "info", terminal)
        logging.getLogger("retriever.a").info("hello")
        assert "\x1b[" in terminal.getvalue()

        configure("json", "info", terminal)
        logging.getLogger("retriever.a").info("hello")
        assert json.loads(terminal.getvalue().splitlines()[-1])["event"] == "hello"


def test_for_people_a_file_has_no_colours() -> None:
    with a_logbook("console") as book:
        logging.getLogger("retriever.a").info("hello")

    assert "hello" in book.getvalue()
    assert "\x1b[" not in book.getvalue()


def test_a_text_cannot_forge_a_line_of_its_own() -> None:
    with a_logbook() as book:
        logging.getLogger("retriever.a").info("hello", extra={"name_given": 'ann\n{"event": "forged"}'})
        logging.getLogger("retriever.a").info('one\n{"event": "forged"}')

    assert [line["event"] for line in book.lines] == ["hello", "one"]


def test_what_json_has_no_word_for_is_told_by_its_kind() -> None:
    class Person:
        def __repr__(self) -> str:
            return "ann"

    with a_logbook() as book:
        logging.getLogger("retriever.a").info("met", extra={"person": Person(), "odd": "\ud800"})

    assert book.lines[0]["person"] == "Person"


def test_uvicorns_second_wording_is_dropped() -> None:
    with a_logbook() as book:
        logging.getLogger("uvicorn.error").warning("Stopping", extra={"color_message": "\x1b[1mStopping"})

    assert "color_message" not in book.lines[0]


def test_a_task_that_nobody_waited_for_is_logged_without_the_words_of_its_exception() -> None:
    async def fail() -> None:
        raise KeyError("ann-secret")

    async def forget_it() -> None:
        task = asyncio.create_task(fail())
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        del task
        gc.collect()

    with a_logbook() as book:
        asyncio.run(forget_it())

    (line,) = book.lines
    assert line["event"] == "Task exception was never retrieved"
    assert line["exception"].startswith("KeyError\n")
    assert "ann-secret" not in book.getvalue()
