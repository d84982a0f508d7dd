"""One call for each of many workloads, side by side."""

from collections.abc import Callable, Collection, Generator
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from runbatch.core.errors import ClusterError

Of = TypeVar("Of")
Found = TypeVar("Found")


def each_of(
    call: Callable[[Of], Found], things: Collection[Of], most: int
) -> Generator[tuple[Of, Found | ClusterError], None, None]:
    """Yield what the call returned for each, in their order, or the error that it raised.

    At most so many calls at a time, which only read: closed early, no more are made, and those that
    were begun are waited for, unless this process was told to end at once.
    """

    def asked(thing: Of) -> Found | ClusterError:
        try:
            return call(thing)
        except ClusterError as error:
            return error

    if most == 1 or len(things) == 1:
        yield from ((thing, asked(thing)) for thing in things)
        return
    pool = ThreadPoolExecutor(most)
    may_wait = True
    try:
        yield from zip(things, pool.map(asked, things), strict=True)
    except SystemExit:
        may_wait = False
        raise
    finally:
        pool.shutdown(may_wait, cancel_futures=True)
