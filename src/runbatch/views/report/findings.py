"""What the report says in sentences: how the batch stands, whether the cap held, what failed."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from runbatch.core.attempt import Attempt
from runbatch.core.history import Level
from runbatch.core.job import State
from runbatch.core.snapshot import JobSnapshot, Snapshot
from runbatch.views.report.shades import Shade, of_end, word_of
from runbatch.views.retries import ways_out
from runbatch.views.text import all_of, plural, short_keys

_MOST_KEYS_SHOWN = 12


def moment(at: datetime) -> str:
    """Return a moment for people: `5 January 2026, 09:31 UTC`."""
    return f"{at.day} {at:%B %Y, %H:%M} UTC"


def standing(snapshot: Snapshot) -> str:
    """Return one sentence: how the batch stands."""
    counts, total = snapshot.counts, len(snapshot.jobs)
    if counts[State.SUCCEEDED] == total:
        return f"{all_of(total, 'job').capitalize()} succeeded."
    parts = [f"{counts[State.SUCCEEDED]} of {plural(total, 'job')} succeeded"]
    if counts[State.FAILED]:
        parts.append(f"{counts[State.FAILED]} ended badly")
    going = [(State.IN_FLIGHT, "in flight"), (State.WAITING, "waiting to be submitted")]
    parts += [f"{counts[state]} {word}" for state, word in going if counts[state]]
    due = sum(job.next_retry_at is not None for job in snapshot.jobs)
    retries = f" {due} may be retried: runbatch retry." if due else ""
    return f"{', '.join(parts)}.{retries}"


def highest(levels: Sequence[Level]) -> Level | None:
    """Return the first level with the most jobs in flight, None without levels."""
    return max(levels, key=lambda level: level.in_flight, default=None)


def cap_sentence(levels: Sequence[Level]) -> str:
    """Return whether more than the cap were ever in flight, and when first."""
    above = next((level for level in levels if level.in_flight > level.cap), None)
    if above is None:
        return "The cap was never passed."
    return (
        f"On {moment(above.at)}, {above.in_flight} were in flight, more than the cap of "
        f"{above.cap}; runbatch audit says how that came to be."
    )


@dataclass(frozen=True, slots=True)
class Failure:
    """One way attempts ended badly: how many did, which jobs are still left so, what to do."""

    shade: Shade
    word: str
    attempts: int
    jobs: int
    keys: str
    advice: tuple[str, ...]


def failures(snapshot: Snapshot) -> tuple[Failure, ...]:
    """Return the ways attempts ended badly, the most frequent first."""
    attempts: dict[str, list[Attempt]] = {}
    for attempt in all_attempts(snapshot):
        if of_end(attempt) not in (None, Shade.SUCCEEDED):
            attempts.setdefault(word_of(attempt), []).append(attempt)
    left: dict[str, list[JobSnapshot]] = {}
    for job in snapshot.failed:
        if job.last is not None:
            left.setdefault(word_of(job.last), []).append(job)
    found = (
        _failure(word, tries, left.get(word, []), snapshot) for word, tries in attempts.items()
    )
    return tuple(sorted(found, key=lambda each: -each.attempts))


def _failure(
    word: str, attempts: list[Attempt], left: list[JobSnapshot], snapshot: Snapshot
) -> Failure:
    return Failure(
        shade=of_end(attempts[0]) or Shade.UNSEEN,
        word=word,
        attempts=len(attempts),
        jobs=len(left),
        keys=short_keys([job.key for job in left], _MOST_KEYS_SHOWN),
        advice=tuple(ways_out(left, snapshot.batch.retry)),
    )


def all_attempts(snapshot: Snapshot) -> Iterator[Attempt]:
    """Return every attempt of every job."""
    return (attempt for job in snapshot.jobs for attempt in job.attempts)
