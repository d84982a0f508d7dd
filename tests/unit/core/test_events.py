"""What people are told of an attempt that no listing of ours explains."""

from dataclasses import replace

import pytest
from tests.unit.core.values import batch, failed, listed, vanished

from runbatch.core.attempt import Attempt, Outcome, Verdict
from runbatch.core.events import Event, Kind, of_correction, of_forgotten
from runbatch.core.stage import Stage

OLD = Outcome(Verdict.UNDETERMINED, "no exit code")
NEW = Outcome(Verdict.MOUNT_FAILURE, "exit code 2")


def test_what_no_submit_made_and_is_gone_is_said_to_count_no_more() -> None:
    text = "is no longer there, so the attempt before it counts"
    gone = of_forgotten(vanished(number=2), batch())
    assert gone == Event(Kind.GONE, f"gwas-37 (attempt 2) {text}", "37")


def test_a_correction_says_what_the_verdict_was_and_what_it_is() -> None:
    before = failed(outcome=OLD)
    text = "gwas-37: mount failure (exit code 2); judged anew, it was undetermined (no exit code)"
    corrected = of_correction(before, replace(before, outcome=NEW), batch())
    assert corrected == Event(Kind.FAIL, text, "37")


@pytest.mark.parametrize(
    ("attempt", "by_others"),
    [
        (listed(), False),
        (failed(missed=3), True),
        (failed(missed=3, delete_asked_at=failed().ended_at), False),
    ],
)
def test_whose_doing_it_is_that_a_workload_is_gone(attempt: Attempt, by_others: bool) -> None:
    assert attempt.was_removed_by_others is by_others


@pytest.mark.parametrize(("phase", "never"), [(Stage.QUEUED, True), (Stage.RUNNING, False)])
def test_what_waits_in_the_queue_never_ran(phase: Stage, never: bool) -> None:
    assert listed(stage=phase).never_ran is never
