"""Deleting workloads: logs saved, the intention written down, and then all asked side by side.

One that is stuck holds up none of the others.
"""

from collections import Counter
from collections.abc import Callable, Collection, Generator, Iterable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import closing
from datetime import datetime
from pathlib import Path

from runbatch.clusters.base import Cluster
from runbatch.core.actions import Why
from runbatch.core.attempt import Attempt
from runbatch.core.errors import ClusterError
from runbatch.core.events import Kind
from runbatch.core.names import ref_of
from runbatch.core.wish import Wish
from runbatch.evidence import Findings, description_of, gather
from runbatch.judging import MOST_GATHERED
from runbatch.ledger.archive import Incoming
from runbatch.workbench import Workbench

Call = Future[bool | ClusterError]
Answer = tuple[Attempt, bool | ClusterError]
# A workload that the cluster agreed so often to delete, and that is still there, is for a person.
MOST_ASKED = 2
ASKED_IN_VAIN = (
    "the cluster agreed twice to delete it, and nothing shows that it is gone; "
    "delete it by hand, or ask an admin."
)
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


class Deletions:
    """One invocation's deletions; `spared` are the turns that it has given up on."""

    def __init__(self, bench: Workbench, wish: Wish) -> None:
        self._bench = bench
        self._wish = wish
        self._asked: Counter[tuple[str, int, int]] = Counter()  # to go; the cluster said yes
        self.spared: set[tuple[str, int, int]] = set()

    def carry_out(
        self,
        attempts: Sequence[Attempt],
        leaving_since: datetime | None,
        is_over: Callable[[], bool],
    ) -> bool:
        """Save the logs, then the intention, then ask the workloads to go; return False on trouble.

        What the disk must know is written down for a group of them together, before they are asked.
        """
        wanted = [each for each in attempts if not self._was_asked_in_vain(each)]
        went_well = True
        gone: list[Attempt] = []

        def groups() -> Iterator[Sequence[Attempt]]:
            nonlocal went_well
            most = most_together(self._bench.cluster)
            for first in range(0, len(wanted), most):
                if first and is_over():
                    return
                self._bench.ledger.erased(gone, self._bench.now())
                gone.clear()
                group = wanted[first : first + most]
                saved = self._save_logs(group)
                went_well = went_well and len(saved) == len(group)
                yield self._asked_to_go(saved, leaving_since)

        with closing(ask_to_go(groups(), self._bench.batch.prefix, self._bench.cluster)) as answers:
            for attempt, answer in answers:
                if isinstance(answer, ClusterError):
                    self._not_deleted(attempt, answer)
                    went_well = False
                else:
                    gone += [attempt] if answer else []
                    self._deleted(attempt, is_gone=answer)
        self._bench.ledger.erased(gone, self._bench.now())
        return went_well

    def _asked_to_go(
        self, saved: Sequence[Attempt], leaving_since: datetime | None
    ) -> Sequence[Attempt]:
        """Write down that these are asked to go; return those of which that is still to be done.

        Those of which the end is another by now are for the next look to decide.
        """
        why = Why.AGREED if self._wish.foreign else None
        now, cap = self._bench.now(), self._bench.batch.cap
        return self._bench.ledger.delete_asked(
            saved, now, cap, why=why, leaving_since=leaving_since
        )

    def _was_asked_in_vain(self, attempt: Attempt) -> bool:
        """Whether the cluster agreed so often that asking is of no use: a person is told."""
        if self._asked[attempt.turn] < MOST_ASKED:
            return False
        self._bench.narrator.tell(Kind.TROUBLE, attempt, ASKED_IN_VAIN)
        self.spared.add(attempt.turn)
        return True

    def _deleted(self, attempt: Attempt, *, is_gone: bool) -> None:
        before = self._asked[attempt.turn]
        self._asked[attempt.turn] += 1
        what = "deleted" if is_gone else "asked to go"
        if before and not is_gone:
            what = "still there, asked to go once more"
        why = "" if before or self._wish.delete is not None else _why_to_go(attempt)
        self._bench.narrator.tell(Kind.DELETE, attempt, f"{what}{why}; its log is saved")

    def _not_deleted(self, attempt: Attempt, error: ClusterError) -> None:
        self._bench.narrator.tell_once(Kind.TROUBLE, attempt, f"{error} It is not deleted yet.")
        if self._bench.is_silent_for_good(attempt, error):
            self.spared.add(attempt.turn)

    def _save_logs(self, attempts: Sequence[Attempt]) -> list[Attempt]:
        """Save what logs are not saved yet; return the attempts whose logs are saved."""
        saved = {each.id for each in attempts if each.log is not None}
        missing = [each for each in attempts if each.log is None]

        def found(incoming: Incoming) -> Iterator[tuple[Attempt, Path | None, str]]:
            for each in self._gathered(missing, incoming):
                error = each.error if each.log is None else None
                if error is not None and not self._bench.has_no_log(each.attempt, error):
                    self._not_deleted(each.attempt, error)
                else:
                    saved.add(each.attempt.id)
                    yield each.attempt, each.file, description_of(each.attempt)

        if missing:
            with closing(self._bench.ledger.incoming()) as incoming:
                self._bench.ledger.save_logs(found(incoming), self._bench.now())
        return [each for each in attempts if each.id in saved]

    def _gathered(self, attempts: Sequence[Attempt], incoming: Incoming) -> Iterator[Findings]:
        """Yield the evidence of each, unless we are stopped; few logs at a time are fetched."""
        for first in range(0, len(attempts), MOST_GATHERED):
            if self._bench.stopped() and first:
                return
            few = attempts[first : first + MOST_GATHERED]
            with closing(
                gather(few, self._bench.batch.prefix, self._bench.cluster, incoming)
            ) as findings:
                yield from findings


def _why_to_go(attempt: Attempt) -> str:
    is_double = attempt.ended_at is None
    return ", since its job has another workload" if is_double else " to make room for the next"
