"""Several lists read side by side, page by page, over a few threads.

The first page of a list tells how long it is; from then on its other pages are asked for together. What a page is, and
lists that are read one page after the other: ``features.spotify.paging``.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from itertools import chain

from features.errors import SpotifyForbidden, SpotifyNotFound
from features.spotify.paging import Ask, Page, Rows, rows_of, step_of

_OF_ONE_LIST = (SpotifyForbidden, SpotifyNotFound)
"""What is wrong with one list, and says nothing of the others."""


def read_lists(
    asks: Sequence[Ask], *, size: int, at_once: int, most: int
) -> Iterator[tuple[int, Rows | SpotifyForbidden | SpotifyNotFound]]:
    """Read lists side by side, the first ones first; each with its number as soon as it is whole.

    Args:
        asks: ask for a page of each list.
        size: rows in a page.
        at_once: pages asked for at the same time.
        most: rows after which no further pages of a list are asked for.

    Yields:
        The number of a list, and its rows in order, nulls too; or why it cannot be read.

    Raises:
        SpotifyError: it concerns all of them; what was whole by then has been handed out.
    """
    fresh = deque(_List(number, ask) for number, ask in enumerate(asks))
    begun: deque[_List] = deque()
    under_way: dict[Future[Page], tuple[_List, int]] = {}
    trouble: BaseException | None = None
    with ThreadPoolExecutor(at_once, thread_name_prefix="spotify") as pool:
        while True:
            while trouble is None and len(under_way) < at_once and (job := _next_job(begun, fresh)):
                each, offset = job
                under_way[pool.submit(each.ask, offset)] = job
                each.under_way += 1
            if not under_way:
                break
            for future in wait(under_way, return_when=FIRST_COMPLETED).done:
                each, offset = under_way.pop(future)
                each.under_way -= 1
                error = future.exception()
                if isinstance(error, _OF_ONE_LIST):
                    each.give_up(error)
                elif error is not None:
                    trouble = trouble or error
                    continue
                else:
                    each.take(offset, future.result(), size, most)
                if each.is_whole():
                    begun.remove(each)
                    yield each.number, each.trouble or each.rows()
    if trouble is not None:
        raise trouble


@dataclass(eq=False)
class _List:
    number: int
    ask: Ask
    under_way: int = 0
    trouble: SpotifyForbidden | SpotifyNotFound | None = None
    _rest: Iterator[int] = field(default_factory=lambda: iter((0,)))
    _pages: dict[int, Rows] = field(default_factory=dict)
    _is_told: bool = False

    def next_offset(self) -> int | None:
        """Where the next page begins; None where there is none, or the one before it has to tell."""
        return next(self._rest, None)

    def take(self, offset: int, page: Page, size: int, most: int) -> None:
        rows = rows_of(page)
        self._pages[offset] = rows
        step, total = step_of(page, size), page.get("total")
        if not rows:
            self._rest = iter(())  # whatever the total says
        elif offset == 0 and isinstance(total, int) and total > 0:
            self._rest = iter(range(step, min(total, most + step), step))
            self._is_told = True
        elif not self._is_told and page.get("next") and offset + step < most + step:
            self._rest = iter((offset + step,))

    def give_up(self, error: SpotifyForbidden | SpotifyNotFound) -> None:
        self._rest, self.trouble = iter(()), error

    def is_whole(self) -> bool:
        """Whether nothing more of it is to come."""
        if self.under_way:
            return False
        ahead = self.next_offset()
        if ahead is not None:
            self._rest = chain((ahead,), self._rest)
        return ahead is None

    def rows(self) -> Rows:
        return [row for offset in sorted(self._pages) for row in self._pages[offset]]


def _next_job(begun: deque[_List], fresh: deque[_List]) -> tuple[_List, int] | None:
    """The next page to ask for, of the lists that were begun before new ones, so that some are whole soon."""
    for each in begun:
        if (offset := each.next_offset()) is not None:
            return each, offset
    if not fresh:
        return None
    each = fresh.popleft()
    begun.append(each)
    offset = each.next_offset()
    return None if offset is None else (each, offset)
