"""What `retry` would do, and what it came to."""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TypedDict

from runbatch.core.advice import Advice, advice_on
from runbatch.core.attempt import Attempt
from runbatch.core.failure import RetryPolicy
from runbatch.core.job import State
from runbatch.core.snapshot import JobSnapshot, Snapshot
from runbatch.views.advice import advice_text
from runbatch.views.json import SCHEMA, SnapshotJson, snapshot_json
from runbatch.views.text import Again, plain, plural, printable

NOT_YET_JUDGED = "not yet judged"
_MOST_SHOWN = 200


class ChosenJson(TypedDict):
    """`runbatch retry --dry-run --json`: what would be retried."""

    schema: int
    """1. Keys are added; none is renamed or given another meaning while it stays 1."""
    batch: str
    """The batch's prefix."""
    failed: int
    """How many jobs have failed."""
    by_verdict: dict[str, int]
    """How many of them have which verdict; or `not yet judged`, or `could not be submitted`."""
    retry: list[str]
    """The keys of those that would be retried."""
    leave: dict[str, str]
    """By key: the verdict on a job that would be left alone, and what a person can do; or how a job
    stands that was named and has not failed."""


class RetryTotals(TypedDict):
    """What a retry came to."""

    failed: int
    """How many jobs had failed before it."""
    by_verdict: dict[str, int]
    """How many of them had which verdict; or `not yet judged`, or `could not be submitted`."""
    retried: int
    """How many jobs it started again."""
    succeeded_after_retry: int
    """How many of those have succeeded."""
    failed_for_good: int
    """How many of those have failed, and have no retry to come."""
    skipped: dict[str, str]
    """By key: the verdict on a failed job that was not retried, and what a person can do."""
    logs_saved: int
    """How many logs were saved meanwhile."""
    logs_saved_before: int
    """How many had been saved when it began, by `submit` for example."""


class RetryJson(SnapshotJson):
    """`runbatch retry --json`: how the batch stands after it, and what it came to."""

    totals: RetryTotals
    """What this invocation came to."""


@dataclass(frozen=True, slots=True)
class Chosen:
    """The failed jobs of a batch, and which of them are to be retried."""

    before: Snapshot
    keys: frozenset[str]

    @property
    def retried(self) -> tuple[JobSnapshot, ...]:
        """Return the failed jobs that are to be retried."""
        return tuple(job for job in self.before.failed if job.key in self.keys)

    @property
    def left(self) -> tuple[JobSnapshot, ...]:
        """Return the failed jobs that are left as they are."""
        return tuple(job for job in self.before.failed if job.key not in self.keys)

    @property
    def not_failed(self) -> tuple[JobSnapshot, ...]:
        """Return the jobs that were named to be retried, and have not failed."""
        named = (job for job in self.before.jobs if job.key in self.keys)
        return tuple(job for job in named if job.state is not State.FAILED)


def verdict_of(last: Attempt | None) -> str:
    """Return the verdict on a failed job by its last attempt, or why it has none."""
    if last is not None and last.refusal is not None:
        return "could not be submitted"
    if last is None or last.standing_outcome is None:
        return NOT_YET_JUDGED
    return last.standing_outcome.verdict.value


def by_verdict(lasts: Iterable[Attempt | None]) -> dict[str, int]:
    """Return how many jobs have which verdict, by their last attempts."""
    return dict(sorted(Counter(verdict_of(last) for last in lasts).items()))


def ways_out(
    jobs: Iterable[JobSnapshot], policy: RetryPolicy, again: Again = plain
) -> dict[str, list[str]]:
    """Return what can be done about failed jobs: each way, ready to be typed, and whose it is."""
    ways: dict[Advice, list[str]] = {}
    for job in jobs:
        if job.last is not None:
            ways.setdefault(advice_on(job.last, policy), []).append(job.key)
    return {advice_text(way, keys, again): keys for way, keys in ways.items()}


_STANDS = {
    State.WAITING: "was never submitted",
    State.IN_FLIGHT: "is in flight",
    State.SUCCEEDED: "has succeeded",
}


def skip_lines(chosen: Chosen) -> Iterator[str]:
    """Yield a line for each job that was named and is not retried, for it has not failed."""
    for job in chosen.not_failed[:_MOST_SHOWN]:
        yield f"[SKIP] {_not_failed_line(job)}"
    if len(chosen.not_failed) > _MOST_SHOWN:
        yield f"[SKIP] and {len(chosen.not_failed) - _MOST_SHOWN} more that have not failed"


def _not_failed_line(job: JobSnapshot) -> str:
    return f"{printable(job.name)} {_STANDS[job.state]}: not retried"


def retry_question(chosen: Chosen, *, are_named: bool) -> str | None:
    """Return what a person is asked before a retry; None if nothing is to be retried.

    Of what is not yet judged only the evidence tells what is retried, unless a person named it.
    """
    of_batch = f"{plural(len(chosen.retried), 'job')} of {chosen.before.batch.prefix}"
    unjudged = sum(verdict_of(job.last) == NOT_YET_JUDGED for job in chosen.left)
    if not unjudged or are_named:
        return f"Retry {of_batch}?" if chosen.retried else None
    if not chosen.retried:
        failed = f"{plural(unjudged, 'failed job')} of {chosen.before.batch.prefix}"
        return f"Of {failed}, retry what the infrastructure broke?"
    return f"Retry {of_batch}, and of {unjudged} more that failed, what the infrastructure broke?"


def chosen_text(chosen: Chosen, again: Again) -> str:
    """Return what `retry` would do, for people."""
    return "\n".join(_chosen_lines(chosen, again))


def _chosen_lines(chosen: Chosen, again: Again) -> Iterator[str]:
    yield f"{chosen.before.batch.prefix}: {plural(len(chosen.before.failed), 'failed job')}"
    for verdict, count in by_verdict(job.last for job in chosen.before.failed).items():
        yield f"  {count:>5}  {verdict}"
    yield f"would retry {plural(len(chosen.retried), 'job')}"
    for job in chosen.retried[:_MOST_SHOWN]:
        yield f"  {_line(job)}{_due(job)}"
    yield f"would leave {plural(len(chosen.left), 'job')} alone"
    for job in chosen.left[:_MOST_SHOWN]:
        yield f"  {left_line(job, chosen.before, again)}"


def _line(job: JobSnapshot) -> str:
    outcome = job.last.outcome if job.last else None
    return f"{printable(job.name)}  {printable(str(outcome or verdict_of(job.last)))}"


def _due(job: JobSnapshot) -> str:
    number = job.last.retries + 1 if job.last else 0
    when = f", from {job.next_retry_at:%H:%M:%S} UTC" if job.next_retry_at else ""
    return f"  (retry {number}{when})"


def left_line(job: JobSnapshot, snapshot: Snapshot, again: Again) -> str:
    """Return why a failed job is not retried, and what a person can do."""
    what = (
        advice_text(advice_on(job.last, snapshot.batch.retry), [job.key], again) if job.last else ""
    )
    return f"{_line(job)}: {what}"


def chosen_json(chosen: Chosen, again: Again) -> ChosenJson:
    """Return what `retry` would do, as plain values."""
    failed = {job.key: left_line(job, chosen.before, again) for job in chosen.left}
    return {
        "schema": SCHEMA,
        "batch": chosen.before.batch.prefix,
        "failed": len(chosen.before.failed),
        "by_verdict": by_verdict(job.last for job in chosen.before.failed),
        "retry": [job.key for job in chosen.retried],
        "leave": failed | {job.key: _not_failed_line(job) for job in chosen.not_failed},
    }


def retry_json(after: Snapshot, totals: RetryTotals) -> RetryJson:
    """Return how the batch stands after a retry, as plain values."""
    return {**snapshot_json(after), "totals": totals}


def retry_totals(before: Snapshot, after: Snapshot, again: Again) -> RetryTotals:
    """Return what a retry came to: what had failed before it, and what became of that."""
    attempts = {job.key: len(job.attempts) for job in before.jobs}
    logs = {(each.key, each.number) for job in before.jobs for each in job.attempts if each.log}
    retried = [job for job in after.jobs if len(job.attempts) > max(1, attempts.get(job.key, 0))]
    keys = {job.key for job in retried}
    saved = [each for job in after.jobs for each in job.attempts if each.log]
    return {
        "failed": len(before.failed),
        "by_verdict": by_verdict(_judged_since(before, after)),
        "retried": len(retried),
        "succeeded_after_retry": sum(job.state is State.SUCCEEDED for job in retried),
        "failed_for_good": sum(
            job.state is State.FAILED and job.next_retry_at is None for job in retried
        ),
        "skipped": {
            job.key: left_line(job, after, again) for job in after.failed if job.key not in keys
        },
        "logs_saved": sum((each.key, each.number) not in logs for each in saved),
        "logs_saved_before": len(logs),
    }


def _judged_since(before: Snapshot, after: Snapshot) -> Iterator[Attempt | None]:
    """Yield the last attempts of what had failed, with the verdicts that the retry has reached."""
    later = {each.id: each for job in after.jobs for each in job.attempts}
    for job in before.failed:
        if job.last is None or job.last.standing_outcome is not None:
            yield job.last
        else:
            yield later.get(job.last.id, job.last)


def totals_text(totals: RetryTotals) -> str:
    """Return the numbers for people."""
    found = ", ".join(f"{count} {verdict}" for verdict, count in totals["by_verdict"].items())
    before = totals["logs_saved_before"]
    return (
        f"failed jobs found: {totals['failed']}{f' ({found})' if found else ''}; "
        f"retried {totals['retried']}, succeeded after a retry {totals['succeeded_after_retry']}, "
        f"failed for good {totals['failed_for_good']}, skipped {len(totals['skipped'])}; "
        f"logs saved: {totals['logs_saved']}{f', and {before} before' if before else ''}"
    )
