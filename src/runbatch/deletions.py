"""Asking many workloads to go, side by side: one that is stuck holds up none of the others."""

from collections.abc import Callable, Collection, Generator, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait

from runbatch.clusters.base import Cluster
from runbatch.core.attempt import Attempt
from runbatch.core.errors import ClusterError
from runbatch.core.names import ref_of

Call = Future[bool | ClusterError]
Answer = tuple[Attempt, bool | ClusterError]
# So many that whoever wants to stop is not held up for long.
_MOST_TOGETHER = 200


def most_together(cluster: Cluster) -> int:
    """Return how many deletions are written down, and then asked for, together."""
    return _MOST_TOGETHER if cluster.patience.leaves_at_once else cluster.calls_at_once


def ask_to_go(
    groups: Iterable[Collection[Attempt]], prefix: str, cluster: Cluster
) -> Generator[Answer, None, None]:
    """Yield each attempt and whether its workload is gone by now, or the cluster's error.

    The next group is taken as soon as fewer than `most_together` are still to answer: one that is
    stuck holds up none of the others. Closed early, it waits for the calls that were begun.
    """

    def ask(attempt: Attempt) -> bool | ClusterError:
        try:
            return cluster.remove(ref_of(attempt, prefix))
        except ClusterError as error:
            return error

    def begin(attempt: Attempt) -> Call:
        # Where a deletion is over when its call returns, that waits for processes that may not
        # listen: all of those are asked before any is waited for.
        if cluster.patience.leaves_at_once and attempt.ended_at is None:
            return all_at_once.submit(ask, attempt)
        return some.submit(ask, attempt) if cluster.calls_at_once > 1 else _asked_here(ask, attempt)

    some, all_at_once = (
        ThreadPoolExecutor(cluster.calls_at_once),
        ThreadPoolExecutor(_MOST_TOGETHER),
    )
    may_wait = True
    try:
        yield from _answers(groups, begin, most_together(cluster))
    except SystemExit:  # told to end at once: what was asked to go goes, and the next look tells
        may_wait = False
        raise
    finally:
        some.shutdown(may_wait, cancel_futures=True)
        all_at_once.shutdown(may_wait, cancel_futures=True)


def _asked_here(ask: Callable[[Attempt], bool | ClusterError], attempt: Attempt) -> Call:
    """Ask in this very thread, where only one may be asked at a time."""
    call: Call = Future()
    call.set_result(ask(attempt))
    return call


def _answers(
    groups: Iterable[Collection[Attempt]], begin: Callable[[Attempt], Call], most: int
) -> Iterator[Answer]:
    asked: dict[Call, Attempt] = {}
    for group in groups:
        asked |= {begin(attempt): attempt for attempt in group}
        while len(asked) >= most:
            yield from _answered(asked)
    while asked:
        yield from _answered(asked)


def _answered(asked: dict[Call, Attempt]) -> Iterator[Answer]:
    """Yield those that have answered, in the order in which they were asked; wait for the first."""
    done = wait(asked, return_when=FIRST_COMPLETED).done
    for call in [call for call in asked if call in done]:
        yield asked.pop(call), call.result()
