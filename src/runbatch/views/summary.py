"""Where the batch stands and what to do next, in plain lines that fit a terminal and a mail."""

from collections.abc import Iterator

from runbatch.core.attempt import Attempt
from runbatch.core.job import State
from runbatch.core.snapshot import JobSnapshot, Snapshot
from runbatch.views.retries import verdict_of, ways_out
from runbatch.views.text import Again, all_of, plain, plural, printable, short_keys

_MOST_FAILURES_SHOWN = 5


def summary(snapshot: Snapshot, again: Again = plain) -> str:
    """Return the counts, then every failure grouped by what to do about it."""
    return "\n".join([headline(snapshot), *failure_lines(snapshot, again)])


def headline(snapshot: Snapshot) -> str:
    """Return one line: how many jobs stand where."""
    counts = snapshot.counts
    total = len(snapshot.jobs)
    if counts[State.SUCCEEDED] == total:
        return f"{snapshot.batch.prefix}: {all_of(total, 'job')} succeeded."
    parts = [f"{counts[state]} {state.value.replace('_', ' ')}" for state in State if counts[state]]
    return f"{snapshot.batch.prefix}: {plural(total, 'job')}: {', '.join(parts)}."


def failure_lines(snapshot: Snapshot, again: Again = plain) -> Iterator[str]:
    """Yield the failed jobs by verdict, a few of each in full, with the way out."""
    for verdict, jobs in failed_by_verdict(snapshot).items():
        yield ""
        yield f"{verdict}: {plural(len(jobs), 'job')} ({short_keys([job.key for job in jobs])})"
        for job in jobs[:_MOST_FAILURES_SHOWN]:
            yield f"  {printable(job.name)}  {why(job.last)}"
            if job.last is not None and job.last.log is not None:
                yield f"    log: {printable(job.last.log)}"
        if len(jobs) > _MOST_FAILURES_SHOWN:
            yield f"  and {len(jobs) - _MOST_FAILURES_SHOWN} more: {again('status')} --json"
        yield from _advice(jobs, snapshot, again)


def _advice(jobs: list[JobSnapshot], snapshot: Snapshot, again: Again) -> Iterator[str]:
    """Yield what to do about these jobs; not all of one verdict are alike."""
    ways = ways_out(jobs, snapshot.batch.retry, again)
    for way, keys in ways.items():
        which = f" ({short_keys(keys)})" if len(ways) > 1 else ""
        yield f"  what to do{which}: {way}"


def failed_by_verdict(snapshot: Snapshot) -> dict[str, list[JobSnapshot]]:
    """Return the jobs that ended badly, by verdict."""
    groups: dict[str, list[JobSnapshot]] = {}
    for job in snapshot.failed:
        groups.setdefault(verdict_of(job.last), []).append(job)
    return dict(sorted(groups.items()))


def why(attempt: Attempt | None) -> str:
    """Return the evidence that decided, or what the cluster refused."""
    if attempt is None:
        return ""
    if attempt.refusal is not None:
        return printable(attempt.refusal)
    return printable(attempt.standing_outcome.source) if attempt.standing_outcome else ""
