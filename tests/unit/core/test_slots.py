"""Which attempts hold a slot: the one rule that the cap stands on."""

from dataclasses import replace

import pytest
from tests.unit.core.values import (
    CONFIGURATION,
    DONE,
    MOUNT,
    PATIENCE,
    PHASES,
    accepted,
    at,
    called,
    failed,
    listed,
    refused,
    reserved,
    running_again,
    succeeded,
    vanished,
    view,
)

from runbatch.core.attempt import Attempt, Cause, Evidence, Outcome, Verdict
from runbatch.core.job import Job, State
from runbatch.core.stage import Stage

ENDS = (Stage.SUCCEEDED, Stage.FAILED)


@pytest.mark.parametrize("phase", [phase for phase in PHASES if phase not in ENDS])
def test_a_listed_workload_holds_a_slot_in_every_phase_that_is_no_end(phase: Stage) -> None:
    assert listed(stage=phase).holds_slot


@pytest.mark.parametrize("phase", ENDS)
def test_a_listed_workload_that_ended_holds_none(phase: Stage) -> None:
    assert not listed(stage=phase, ended_at=at(0)).holds_slot


@pytest.mark.parametrize(
    ("attempt", "holds"),
    [
        pytest.param(reserved(number=2), True, id="a slot is held for it"),
        pytest.param(called(), True, id="it is being submitted"),
        pytest.param(called(missed=3), True, id="its submit's answer was lost, and it is missing"),
        pytest.param(accepted(), True, id="it was accepted and is not yet listed"),
        pytest.param(accepted(uid=None), True, id="it was accepted, its uid not told"),
        pytest.param(accepted(missed=3), True, id="it was accepted and is missing"),
        pytest.param(listed(missed=1), True, id="it ran, and one listing lacks it"),
        pytest.param(listed(missed=3), True, id="it ran, and is missing, but not yet given up"),
        pytest.param(listed(stage=Stage.HELD), True, id="it is stopped and may be resumed"),
        pytest.param(
            listed(stage=Stage.LEAVING, ended_at=at(0), outcome=CONFIGURATION),
            True,
            id="it ended and is being deleted: its name is taken",
        ),
        pytest.param(
            listed(ended_at=None, outcome=DONE), True, id="it succeeded, and was started again"
        ),
        pytest.param(refused(), False, id="it was refused"),
        pytest.param(failed(), False, id="it failed"),
        pytest.param(failed(outcome=None), False, id="it failed and is not judged yet"),
        pytest.param(failed(missed=1), False, id="it failed, and is gone"),
        pytest.param(succeeded(), False, id="it succeeded"),
        pytest.param(succeeded(missed=3), False, id="it succeeded, and is gone"),
        pytest.param(vanished(), False, id="it vanished, as several listings agree"),
        pytest.param(vanished(missed=0), True, id="it had vanished and is listed as running"),
        pytest.param(
            listed(stage=Stage.LEAVING, ended_at=at(0), missed=1),
            False,
            id="it ended, was being deleted, and is gone",
        ),
    ],
)
def test_a_slot_is_freed_on_positive_evidence_only(attempt: Attempt, holds: bool) -> None:
    assert attempt.holds_slot is holds


@pytest.mark.parametrize(
    ("attempt", "is_so"),
    [
        pytest.param(reserved(), (False, False, True), id="reserved: it waits for its name"),
        pytest.param(called(), (False, True, False), id="called: nobody knows the outcome"),
        pytest.param(accepted(), (False, False, False), id="accepted: that is an answer"),
        pytest.param(accepted(uid=None), (False, False, False), id="accepted without a uid"),
        pytest.param(refused(), (False, False, False), id="refused: that is an answer"),
        pytest.param(listed(), (True, False, False), id="listed"),
        pytest.param(listed(missed=1), (False, False, False), id="listed once, now missing"),
        pytest.param(
            listed(submitted_at=None), (True, False, False), id="answer lost, but then listed"
        ),
        pytest.param(
            reserved(uid="x", stage=Stage.RUNNING, seen_at=at(1)),
            (True, False, False),
            id="somebody else's workload has the name it waited for",
        ),
    ],
)
def test_where_an_attempt_is_in_its_life(attempt: Attempt, is_so: tuple[bool, bool, bool]) -> None:
    assert (attempt.listed, attempt.unanswered, attempt.waiting_for_name) == is_so


@pytest.mark.parametrize("verdict", list(Verdict))
def test_only_two_verdicts_blame_the_infrastructure(verdict: Verdict) -> None:
    broken = {Verdict.MOUNT_FAILURE, Verdict.INFRASTRUCTURE_FAILURE}
    assert failed(outcome=Outcome(verdict, "")).was_broken is (verdict in broken)
    assert not failed(outcome=None).was_broken


@pytest.mark.parametrize(
    ("attempt", "doubtful"),
    [
        pytest.param(failed(log="x", evidence=Evidence()), True, id="nothing is known"),
        pytest.param(failed(log="x", evidence=Evidence(logged_code=2)), False, id="an exit code"),
        pytest.param(failed(log="x", evidence=Evidence(cause=Cause.NODE)), False, id="a cause"),
        pytest.param(
            failed(log="x", evidence=Evidence(cause=Cause.SIGNAL)), True, id="what tells little"
        ),
        pytest.param(failed(evidence=Evidence(cause=Cause.NODE)), True, id="no log"),
    ],
)
def test_a_verdict_is_doubtful_until_its_end_and_its_log_are_known(
    attempt: Attempt, doubtful: bool
) -> None:
    assert attempt.is_doubtful is doubtful


@pytest.mark.parametrize(
    ("attempt", "outcome"),
    [
        pytest.param(listed(), None, id="it has not ended"),
        pytest.param(failed(outcome=None), None, id="it was not judged"),
        pytest.param(failed(), MOUNT, id="it was judged"),
        pytest.param(running_again(failed()), None, id="its end was undone, and it runs"),
    ],
)
def test_what_is_concluded_of_an_end_stands_as_long_as_the_end(
    attempt: Attempt, outcome: Outcome | None
) -> None:
    assert attempt.standing_outcome == outcome
    assert attempt.ended_as(Verdict.MOUNT_FAILURE) is (outcome is MOUNT)
    assert not attempt.ended_as(Verdict.SUCCEEDED)


@pytest.mark.parametrize(
    ("attempt", "seconds"),
    [
        pytest.param(reserved(), 0, id="reserved"),
        pytest.param(reserved(called_at=at(1)), 1, id="called"),
        pytest.param(reserved(called_at=at(1), submitted_at=at(2)), 2, id="accepted"),
        pytest.param(reserved(called_at=at(1), submitted_at=at(2), seen_at=at(3)), 3, id="listed"),
    ],
)
def test_the_last_sign_of_an_attempt(attempt: Attempt, seconds: float) -> None:
    assert attempt.last_sign_at == at(seconds)


@pytest.mark.parametrize(
    ("missed", "seconds", "over"),
    [
        pytest.param(3, 60, True, id="enough listings, and the grace time to the second"),
        pytest.param(3, 59.9, False, id="enough listings, but within the grace time"),
        pytest.param(2, 10_000, False, id="hours later, but a listing short"),
        pytest.param(3, -10_000, False, id="the clock was set back"),
        pytest.param(0, 10_000_000, False, id="the clock was set forward"),
    ],
)
def test_absence_is_believed_after_listings_and_time(
    missed: int, seconds: float, over: bool
) -> None:
    assert PATIENCE.is_over(listed(missed=missed), at(seconds)) is over


@pytest.mark.parametrize(
    ("attempts", "state"),
    [
        pytest.param((), State.WAITING, id="never started"),
        pytest.param((called(),), State.IN_FLIGHT, id="being submitted"),
        pytest.param((listed(),), State.IN_FLIGHT, id="running"),
        pytest.param((succeeded(),), State.SUCCEEDED, id="succeeded"),
        pytest.param((failed(),), State.FAILED, id="failed"),
        pytest.param((failed(outcome=None),), State.FAILED, id="failed, not judged"),
        pytest.param((refused(),), State.FAILED, id="refused"),
        pytest.param((vanished(),), State.FAILED, id="vanished"),
        pytest.param((failed(), reserved(number=2)), State.IN_FLIGHT, id="a slot is held"),
        pytest.param((failed(), succeeded(number=2)), State.SUCCEEDED, id="retried with success"),
        pytest.param((succeeded(), failed(number=2)), State.FAILED, id="run again, and failed"),
        pytest.param(
            (listed(), failed(number=2)), State.IN_FLIGHT, id="an older attempt is back and runs"
        ),
    ],
)
def test_where_a_job_stands(attempts: tuple[Attempt, ...], state: State) -> None:
    assert Job("37", attempts).state is state


def test_a_job_holds_one_slot_however_many_of_its_attempts_are_there() -> None:
    known = view(
        listed(stage=Stage.LEAVING, ended_at=at(0)),
        reserved(number=2),
        listed("50"),
        failed("60"),
        called("370"),
    )
    assert known.in_flight == {"37", "50", "370"}


def test_a_view_puts_the_attempts_of_a_job_in_order() -> None:
    known = view(reserved(number=3), failed(number=1), failed(number=2), failed("4"))
    assert known.job("37").attempts == (failed(number=1), failed(number=2), reserved(number=3))
    assert known.job("37").last == reserved(number=3)
    assert known.job("5") == Job("5")
    assert known.job("5").last is None


@pytest.mark.parametrize(
    ("attempts", "holder"),
    [
        pytest.param((), None, id="no attempt"),
        pytest.param((called(),), None, id="none was ever listed"),
        pytest.param((failed(missed=1), called(number=2)), None, id="none is listed now"),
        pytest.param((failed(), called(number=2)), failed(), id="the one before the newest"),
        pytest.param((listed(), failed(number=2, missed=3)), listed(), id="an older one is back"),
        pytest.param(
            (failed(stage=Stage.LEAVING), listed(number=2)), listed(number=2), id="the newest"
        ),
    ],
)
def test_whose_workload_has_the_job_s_name(
    attempts: tuple[Attempt, ...], holder: Attempt | None
) -> None:
    assert Job("37", attempts).holder == holder


def test_each_call_of_an_attempt_is_another_turn() -> None:
    assert reserved().turn == ("37", 1, 0)
    assert refused().turn != refused(calls=1).turn
    assert refused(calls=1).turn == called(calls=1).turn
    assert len({failed("3").turn, failed("3", 2).turn, failed("4").turn}) == 3


def test_only_attempts_that_were_called_may_be_missed() -> None:
    known = view(failed(), reserved(number=2), called("4"), accepted("5"), listed("6"))
    assert known.called == {("37", 1), ("4", 1), ("5", 1), ("6", 1)}


def test_an_outcome_is_told_with_its_source() -> None:
    assert str(Outcome(Verdict.MOUNT_FAILURE, "exit code 2")) == "mount failure (exit code 2)"


def test_a_verdict_is_one_only_where_there_is_an_outcome() -> None:
    assert failed().is_verdict(Verdict.MOUNT_FAILURE)
    assert not failed().is_verdict(Verdict.FAILED)
    assert not failed(outcome=None).is_verdict(Verdict.MOUNT_FAILURE)


@pytest.mark.parametrize(
    ("began", "is_over"),
    [(0, True), (40, True), (41, False), (100, False)],
)
def test_what_went_by_before_a_process_began_is_no_patience(began: float, is_over: bool) -> None:
    patience = replace(PATIENCE, since=at(began))
    assert patience.is_over(listed(missed=3), at(100)) is is_over
