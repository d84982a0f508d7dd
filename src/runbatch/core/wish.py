"""What one invocation was asked to do: `submit`, `retry` and `delete` are wishes of one planner."""

from collections.abc import Collection
from dataclasses import dataclass, replace

from runbatch.core.attempt import Attempt, Verdict
from runbatch.core.job import View


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What one invocation was asked to do.

    `start`: the jobs that were never started. `wait`: until every job has ended. `retry`: what the
    infrastructure broke, until every retried job has ended, or, with `once`, until it has been
    submitted; `only` limits that to these attempts. `delete`: the workloads of these attempts are
    to go, and nothing is started; one that has not ended only with `cut_off`.

    Attempts are named by their `turn`; what follows one has another turn, so none is followed
    twice. `stale`: those that had vanished or been refused, or denied, before the invocation began.
    `rerun`: those of the jobs that a person named. `spare`: those that it has given up on, since
    their workloads cannot be deleted. `again`: those to be judged once more. `keep_going`: also
    when all jobs end alike (see `core.streak`).

    `adopt`: the uids of workloads that nothing shows to be the batch's, and that a person said yes
    to. `foreign`: those may be deleted too.
    """

    start: bool = False
    retry: bool = False
    wait: bool = False
    once: bool = False
    only: frozenset[tuple[str, int, int]] | None = None
    stale: frozenset[tuple[str, int, int]] = frozenset()
    rerun: frozenset[tuple[str, int, int]] = frozenset()
    delete: frozenset[tuple[str, int, int]] | None = None
    cut_off: bool = False
    spare: frozenset[tuple[str, int, int]] = frozenset()
    again: frozenset[tuple[str, int, int]] = frozenset()
    keep_going: bool = False
    adopt: frozenset[str] = frozenset()
    foreign: bool = False

    def starting_nothing(self) -> "Wish":
        """Return the wish without whatever it would start but for retries."""
        return replace(self, start=False, stale=frozenset(), rerun=frozenset())

    def spares(self, attempt: Attempt) -> bool:
        """Whether the attempt's workload is not to be deleted, nor the attempt followed."""
        is_left_alone = attempt.is_left_alone and not self.foreign
        return is_left_alone or attempt.turn in self.spare


def stale(before: View) -> frozenset[tuple[str, int, int]]:
    """Return the `Wish.stale` of an invocation that begins when this much is known.

    An invocation never starts a job again that it saw go itself: somebody may have deleted it on
    purpose.
    """
    lasts = (job.last for job in before.jobs.values())
    return frozenset(last.turn for last in lasts if last is not None and is_stale(last))


def rerun(view: View, keys: Collection[str]) -> frozenset[tuple[str, int, int]]:
    """Return the `Wish.rerun` for these keys; a job in flight is left alone."""
    jobs = (view.job(key) for key in keys)
    return frozenset(job.last.turn for job in jobs if job.last and not job.holds_slot)


def is_stale(last: Attempt) -> bool:
    """Return whether it ended as one that only the next invocation starts again.

    What was denied is refused, as soon as listings show that it was not started.
    """
    was_refused = last.refusal is not None or last.denial is not None
    return was_refused or last.is_verdict(Verdict.VANISHED)
