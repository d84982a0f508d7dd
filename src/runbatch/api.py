"""The Python API: what a notebook needs to load a batch, submit it, wait, and look at it.

import runbatch

batch = runbatch.load_batch("batch.toml")
after = runbatch.submit(batch, wait=True)
print(after.counts)
"""

import warnings
from collections.abc import Callable, Iterable
from pathlib import Path

from runbatch.clock import SystemClock
from runbatch.config.keys import parse_keys
from runbatch.core.batch import Batch
from runbatch.core.errors import BatchError, EarlierUseWarning
from runbatch.core.events import Event
from runbatch.core.snapshot import Snapshot, snapshot_of
from runbatch.core.wish import Wish
from runbatch.runner import Ears, Runner
from runbatch.views.earlier import changed_lines, elsewhere_lines
from runbatch.wiring import LONGEST_INTERVAL_S, SHORTEST_POLL_S, Place, pace_of, place_of


def submit(
    batch: Batch,
    *,
    wait: bool = False,
    rerun: int | str | Iterable[int | str] = (),
    keep_going: bool = False,
    adopt: bool = False,
    on_event: Callable[[Event], None] | None = None,
    state: Path | None = None,
    poll_interval_s: float | None = None,
) -> Snapshot:
    """Start every job that was never started, under the cap; return the batch as it then is.

    Jobs that exist, succeeded or failed are left alone, but for those whose keys `rerun` names:
    `37`, `"37,50"`, `"40-60"`, `range(2, 9)`, or several of these in a list. Those are remembered
    until each was started again, so that the same call after a stop starts none of them twice.
    No more are started once five have ended alike (of a configuration error, or of a program that
    is not there) and none succeeded, unless `keep_going`.
    Returns when all are submitted; with `wait`, when all have ended. Stop it at any time and call
    it again: no job is lost or started twice. `on_event` hears of each event; `state` is the state
    folder. Workloads that have names of its jobs, and that its ledger did not submit, are adopted
    only with `adopt`: that says that they are this batch's. Else their jobs are refused.

    Raises BatchError for keys the batch does not have, or for a poll interval that is not from 0.05
    to 3600 seconds, before anything is touched; LedgerError; and ClusterError when the cluster does
    not answer at first. A failed job is no exception: see `Snapshot.failed`. Warns with
    EarlierUseWarning where jobs of this prefix succeeded from another folder, or as another
    definition.
    """
    _check_interval(poll_interval_s)
    place = place_of(batch, state)
    words = [rerun] if isinstance(rerun, int | str) else rerun
    keys = parse_keys(map(str, words), batch)
    clock = SystemClock()
    look = place.look(clock)
    look.check_can_submit()
    if adopt:
        look = look.agreed(look.learned.strangers)
    earlier = place.earlier_use(clock.now())
    for line in (*elsewhere_lines(earlier), *changed_lines(earlier)):
        warnings.warn(line, EarlierUseWarning, stacklevel=2)
    turns = place.ask(keys, look.learned.view, clock.now())
    wish = look.wish_to_submit(wait=wait, rerun=turns, keep_going=keep_going)
    ears = Ears(event=on_event) if on_event else Ears()
    return _run(place, wish, "Python submit()", ears, poll_interval_s)


def wait(
    batch: Batch, *, state: Path | None = None, poll_interval_s: float | None = None
) -> Snapshot:
    """Return the batch once none of its jobs is in flight; start nothing.

    Raises BatchError for a poll interval out of its range, and LedgerError.
    """
    _check_interval(poll_interval_s)
    place = place_of(batch, state)
    return _run(place, Wish(wait=True), "Python wait()", Ears(), poll_interval_s)


def read_snapshot(batch: Batch, *, state: Path | None = None) -> Snapshot:
    """Return the batch as the cluster and the ledger show it now, changing nothing.

    Raises ClusterError when the cluster does not answer, LedgerError when the ledger does not.
    """
    clock = SystemClock()
    place = place_of(batch, state)
    return snapshot_of(batch, place.look(clock).learned.view, clock.now())


def _check_interval(poll_interval_s: float | None) -> None:
    """Raise BatchError unless the interval is in its range; NaN is in none."""
    if poll_interval_s is None or SHORTEST_POLL_S <= poll_interval_s <= LONGEST_INTERVAL_S:
        return
    problem = f"write seconds from {SHORTEST_POLL_S} to {LONGEST_INTERVAL_S}."
    raise BatchError(f"poll_interval_s = {poll_interval_s}", problem)


def _run(
    place: Place, wish: Wish, command: str, ears: Ears, poll_interval_s: float | None
) -> Snapshot:
    ledger = place.open_ledger()
    try:
        pace = pace_of(place.batch, poll_interval_s, None)
        cluster = place.cluster()
        runner = Runner(place.batch, cluster, ledger, wish, SystemClock(), pace, ears=ears)
        return runner.run(command)
    finally:
        ledger.close()
