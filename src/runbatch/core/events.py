"""What happened, one value each: what people read while a batch runs."""

from dataclasses import dataclass
from enum import Enum

from runbatch.core.attempt import Attempt, Outcome, Verdict
from runbatch.core.batch import Batch
from runbatch.core.names import attempt_name
from runbatch.core.reconcile import Change


class Kind(Enum):
    """What an event is about; its word stands in brackets in front of the line."""

    SUBMIT = "SUBMIT"
    ADOPT = "ADOPT"
    SKIP = "SKIP"
    DONE = "DONE"
    FAIL = "FAIL"
    GONE = "GONE"
    DELETE = "DELETE"
    REFUSED = "REFUSED"
    WAIT = "WAIT"
    PENDING = "PENDING"
    TROUBLE = "TROUBLE"
    OK = "OK"


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that happened, and a sentence for people; `key` names the job, if it is one's."""

    kind: Kind
    text: str
    key: str | None = None


def of_change(change: Change, batch: Batch) -> Event | None:
    """Return what a listing's change means to people, if it means anything."""
    before, after = change.before, change.after
    if before is None or change.adopts:
        text = f"{_who(after, batch)} exists already ({after.word}); it is not submitted again"
        return Event(Kind.ADOPT, text, after.key)
    if before.unanswered and after.uid is not None and after.ended_at is None:
        why = "its answer was lost" if before.denial is None else "it was denied"
        text = f"{_who(after, batch)} ({why}; the listing shows it)"
        return Event(Kind.SUBMIT, text, after.key)
    if after.refusal is not None and before.refusal is None:
        return Event(Kind.REFUSED, f"{batch.workload_name(after.key)}: {after.refusal}", after.key)
    if after.ended_at is not None and after.ended_at != before.ended_at:
        return _of_end(after, batch)
    return None


def _of_end(after: Attempt, batch: Batch) -> Event | None:
    who = _who(after, batch)
    match after.outcome:
        case Outcome(Verdict.SUCCEEDED):
            return Event(Kind.DONE, f"{who} succeeded", after.key)
        case Outcome(Verdict.VANISHED, source):
            return Event(Kind.GONE, f"{who} is no longer there; {source}", after.key)
        case _:
            return None  # a failure is told when its evidence is in: of_verdict


def of_forgotten(attempt: Attempt, batch: Batch) -> Event:
    """Return the event of an attempt that is gone, and that no submit made."""
    text = "is no longer there, so the attempt before it counts"
    return Event(Kind.GONE, f"{_who(attempt, batch)} {text}", attempt.key)


def of_verdict(attempt: Attempt, batch: Batch) -> Event:
    """Return the event of an attempt that was judged."""
    return Event(Kind.FAIL, f"{_who(attempt, batch)}: {attempt.outcome}", attempt.key)


def of_correction(before: Attempt, after: Attempt, batch: Batch) -> Event:
    """Return the event of an attempt that is judged anew, by better evidence."""
    text = f"{_who(after, batch)}: {after.outcome}; judged anew, it was {before.outcome}"
    return Event(Kind.FAIL, text, after.key)


def of_submit(key: str, number: int, batch: Batch) -> Event:
    """Return the event of a submission the cluster accepted."""
    return Event(Kind.SUBMIT, attempt_name(batch.workload_name(key), number), key)


def _who(attempt: Attempt, batch: Batch) -> str:
    return attempt_name(batch.workload_name(attempt.key), attempt.number)
