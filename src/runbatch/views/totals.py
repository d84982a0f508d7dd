"""What one invocation of `submit` came to, and what to type next."""

from collections import Counter
from dataclasses import dataclass, field
from typing import TypedDict

from runbatch.core.events import Event, Kind
from runbatch.core.job import State
from runbatch.core.snapshot import Snapshot
from runbatch.views.json import SnapshotJson, snapshot_json

_COUNTED = {
    Kind.ADOPT: "adopted",
    Kind.REFUSED: "failed_to_submit",
}


class SubmitTotals(TypedDict):
    """What a submit came to."""

    submitted: int
    """How many of the jobs that it was to start the cluster took."""
    adopted: int
    """How many were there already, started by somebody else."""
    skipped: int
    """How many were left alone from the start: in flight, or ended."""
    failed_to_submit: int
    """How many the cluster refused for good."""
    submitted_for_others: int
    """How many submissions it carried out that another command had begun: a `retry` beside it."""


class SubmitJson(SnapshotJson):
    """`runbatch submit --json`: how the batch stands after it, and what it came to."""

    totals: SubmitTotals
    """What this invocation came to."""


@dataclass
class Totals:
    """Counts events as they happen; `own` jobs are to be started, and so many are `skipped`."""

    own: frozenset[str]
    skipped: int = 0
    _started: set[str] = field(default_factory=set)
    _counts: Counter[str] = field(default_factory=Counter)

    def event(self, event: Event) -> None:
        """Count the event, if it is one that counts."""
        if event.kind is Kind.SUBMIT:
            self._submitted(event.key)
        elif word := _COUNTED.get(event.kind):
            self._counts[word] += 1

    def _submitted(self, key: str | None) -> None:
        """Count a submission: a job's second one, or another job's, was somebody else's wish."""
        if key in self.own and key not in self._started:
            self._started.add(key)
        else:
            self._counts["for others"] += 1

    def as_json(self) -> SubmitTotals:
        """Return the numbers."""
        return {
            "submitted": len(self._started),
            "adopted": self._counts["adopted"],
            "skipped": self.skipped,
            "failed_to_submit": self._counts["failed_to_submit"],
            "submitted_for_others": self._counts["for others"],
        }

    def line(self) -> str:
        """Return the numbers as one line; of submissions for others only if there were any."""
        numbers = self.as_json().items()
        shown = [each for each in numbers if each != ("submitted_for_others", 0)]
        return ", ".join(f"{word.replace('_', ' ')} {count}" for word, count in shown)


def submit_json(after: Snapshot, totals: Totals) -> SubmitJson:
    """Return how the batch stands after a submit, as plain values."""
    return {**snapshot_json(after), "totals": totals.as_json()}


def next_command(snapshot: Snapshot) -> str | None:
    """Return which command to type next, None when there is nothing left to do."""
    if snapshot.counts[State.IN_FLIGHT] or snapshot.counts[State.WAITING]:
        return "status"
    if any(job.next_retry_at is not None for job in snapshot.jobs):
        return "retry"
    return "status" if snapshot.failed else None
