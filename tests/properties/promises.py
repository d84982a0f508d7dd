"""What has been shown and told so far, and so what may be done: the promises, said once more.

They are checked by what a listing showed and what evidence said, not by what the tool made of it.
"""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from tests.unit.core.values import batch

from runbatch.core.actions import Plan, Reserve, Submit
from runbatch.core.attempt import Attempt, Evidence, Listing, Verdict
from runbatch.core.batch import Batch
from runbatch.core.failure import RetryPolicy
from runbatch.core.job import View
from runbatch.core.stage import Stage
from runbatch.core.wish import Wish

CAP = 3
MAX_RETRIES = 2
RETRY = RetryPolicy(max_retries=MAX_RETRIES, delay_s=30)
# The word says little of whether it runs again.
LEAVING = (Stage.LEAVING, Stage.LEAVING, Stage.UNKNOWN)


def a_batch(*keys: str) -> Batch:
    return batch(*keys, cap=CAP, retry=RETRY)


@dataclass
class Promises:
    """One history of a batch; a uid of no workload stands for an attempt without one."""

    evidence: dict[str | None, Evidence] = field(default_factory=dict)
    end_shown: dict[str | None, datetime] = field(default_factory=dict)
    succeeded: dict[str, str] = field(default_factory=dict)
    gone: set[Any] = field(default_factory=set)
    by_person: set[tuple[str, int]] = field(default_factory=set)
    looks: int = 0
    reserved_in: dict[tuple[str, int], int] = field(default_factory=dict)

    def invoked(self, memory: View) -> None:
        """An invocation begins; only what had vanished before it may be started again by it."""
        lasts = [job.last for job in memory.jobs.values() if job.last]
        self.gone = {each.turn for each in lasts if each.is_verdict(Verdict.VANISHED)}

    def listed(self, answer: Listing, now: datetime) -> None:
        self.looks += 1
        for each in answer.observations:
            key = each.name.removeprefix("gwas-")
            if self.succeeded.get(key) != each.uid:
                self.succeeded.pop(key, None)
            if each.stage is Stage.SUCCEEDED:
                self.succeeded[key] = each.uid
            if each.stage.ended:
                self.end_shown.setdefault(each.uid, each.ended_at or now)
            elif each.stage not in LEAVING:
                self.end_shown.pop(each.uid, None)

    def check_plan(self, planned: Plan, memory: View) -> None:
        """No more steps take a slot than there are free ones."""
        taken = {step.key for step in planned.actions if isinstance(step, Submit | Reserve)}
        assert len(taken - memory.in_flight) <= max(0, CAP - len(memory.in_flight))

    def check_start(self, step: Submit | Reserve, memory: View, wish: Wish, now: datetime) -> None:
        """A job is started again only if a person says so, or for what the promises allow."""
        this, number = (step.key, step.number), step.number
        attempts = memory.job(step.key).attempts
        before = next((each for each in attempts if each.number == number - 1), None)
        is_new = isinstance(step, Reserve) or step.instead_of is None
        if is_new:
            self.reserved_in[this] = self.looks
        if is_new and before is not None and before.turn in wish.rerun:
            self.by_person.add(this)
            self.succeeded.pop(step.key, None)
        if this in self.by_person:
            return
        assert step.key not in self.succeeded
        if before is not None and before.is_verdict(Verdict.VANISHED):
            assert not is_new or before.turn in self.gone
        elif before is not None:
            self.check_retry(before, now)

    def check_retry(self, before: Attempt, now: datetime) -> None:
        """Only a mount failure is followed, not too often, and not too soon."""
        found = self.evidence[before.uid]
        assert found.exit_code == 2 or (found.exit_code is None and found.marker)
        assert before.number <= MAX_RETRIES
        delay_s = min(30 * 2 ** (before.number - 1), 300)
        assert (now - self.end_shown[before.uid]).total_seconds() >= delay_s

    def check_delete(self, attempt: Attempt, memory: View) -> None:
        """A deletion stands on a look after the reservation, and never undoes a success."""
        last = memory.job(attempt.key).last
        assert last is not None
        assert last.number > attempt.number
        assert self.looks > self.reserved_in[last.id]
        assert attempt.key not in self.succeeded or last.id in self.by_person
