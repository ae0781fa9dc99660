"""Working ahead: an iterator that runs in a process of its own, so that one core reads while another writes.

Knows nothing of what is iterated over; everything that passes is pickled, between two processes of one program.
"""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from multiprocessing import get_context
from multiprocessing.process import BaseProcess
from multiprocessing.queues import Queue
from queue import Empty
from typing import TypeVar

from features.errors import FeaturesError

_Item = TypeVar("_Item")
_Message = list[_Item] | Exception | None
"""Items, what ended them, or None at their end."""
_BATCH = 100  # items to a message
_MESSAGES = 20  # how far ahead the other process may be, which bounds its memory
_LOOK_EVERY_S = 1.0


@contextmanager
def ahead(produce: Callable[[], Iterable[_Item]]) -> Iterator[Iterator[_Item]]:
    """Lend what ``produce()`` yields, in its order; leaving the block early ends the other process.

    Args:
        produce: can be pickled, such as a ``functools.partial`` of a module's function.

    Raises:
        FeaturesError: while iterating, the other process died, as it does where memory runs out. And whatever
            ``produce`` raises.
    """
    context = get_context("spawn")  # a fork would carry locks and threads of numerical libraries along
    messages: Queue[_Message[_Item]] = context.Queue(_MESSAGES)
    process = context.Process(target=_feed, args=(messages, produce), daemon=True)
    process.start()
    try:
        yield _items(messages, process)
    finally:
        process.terminate()
        process.join()
        messages.close()


def _items(messages: Queue[_Message[_Item]], process: BaseProcess) -> Iterator[_Item]:
    while (message := _next(messages, process)) is not None:
        if isinstance(message, Exception):
            raise message
        yield from message


def _next(messages: Queue[_Message[_Item]], process: BaseProcess) -> _Message[_Item]:
    while True:
        is_alive = process.is_alive()  # asked first: what it said before it ended is still to be heard
        try:
            return messages.get(timeout=_LOOK_EVERY_S)
        except Empty:
            if not is_alive:
                raise FeaturesError(
                    "The process that reads ahead has died.", "Free some memory, and run the same command again."
                ) from None


def _feed(messages: Queue[_Message[_Item]], produce: Callable[[], Iterable[_Item]]) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches both; the one that writes decides when to end
    ending: Exception | None = None
    batch: list[_Item] = []
    try:
        for item in produce():
            batch.append(item)
            if len(batch) == _BATCH:
                messages.put(batch)
                batch = []
    except Exception as error:  # noqa: BLE001 - the rim of this process: the other one raises it
        ending = error
    messages.put(batch)
    messages.put(ending)
