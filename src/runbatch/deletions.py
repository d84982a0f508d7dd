"""Asking many workloads to go, side by side: one that is stuck holds up none of the others."""

from collections.abc import Collection, Generator
from concurrent.futures import ThreadPoolExecutor, as_completed
from itertools import chain

from runbatch.clusters.base import Cluster
from runbatch.core.attempt import Attempt
from runbatch.core.errors import ClusterError
from runbatch.core.names import workload_name

# So many that whoever wants to stop is not held up for long.
_MOST_TOGETHER = 200


def most_together(cluster: Cluster) -> int:
    """Return how many deletions are written down, and then asked for, together."""
    return _MOST_TOGETHER if cluster.patience.leaves_at_once else cluster.calls_at_once


def _calls_at_once(attempts: Collection[Attempt], cluster: Cluster) -> int:
    """Return how many are asked to go side by side.

    Where a deletion is over when its call returns, that waits for processes that may not listen:
    all of those are asked before any is waited for.
    """
    running = sum(each.ended_at is None for each in attempts)
    more = running if cluster.patience.leaves_at_once else 0
    return min(cluster.calls_at_once + more, len(attempts))


def ask_to_go(
    attempts: Collection[Attempt], prefix: str, cluster: Cluster
) -> Generator[tuple[Attempt, bool | ClusterError], None, None]:
    """Yield each attempt and whether its workload is gone by now, or the cluster's error.

    First what has ended, in the order given; then the others as they go. Closed early, it waits for
    the calls that were begun.
    """

    def ask(attempt: Attempt) -> bool | ClusterError:
        try:
            return cluster.delete(workload_name(prefix, attempt.key), attempt.uid or "")
        except ClusterError as error:
            return error

    if not attempts:
        return
    most = _calls_at_once(attempts, cluster)
    if most == 1:
        yield from ((attempt, ask(attempt)) for attempt in attempts)
        return
    pool = ThreadPoolExecutor(most)
    may_wait = True
    try:
        calls = {pool.submit(ask, attempt): attempt for attempt in attempts}
        ended = [call for call, attempt in calls.items() if attempt.ended_at is not None]
        for call in chain(ended, as_completed(calls.keys() - ended)):
            yield calls[call], call.result()
    except SystemExit:  # told to end at once: what was asked to go goes, and the next look tells
        may_wait = False
        raise
    finally:
        pool.shutdown(may_wait, cancel_futures=True)
