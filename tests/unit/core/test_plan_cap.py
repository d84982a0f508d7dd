"""The cap: no more steps take a slot than there are free ones."""

import pytest
from tests.unit.core.values import (
    PHASES,
    RETRY,
    START,
    accepted,
    actions,
    at,
    batch,
    called,
    failed,
    first_submit,
    listed,
    listing,
    looked,
    observation,
    planned,
    refused,
    reserved,
    reserved_after,
    succeeded,
    vanished,
    view,
)

from runbatch.core.actions import Action, Gather, Reserve, Submit, Why
from runbatch.core.job import View
from runbatch.core.stage import Stage
from runbatch.core.wish import Wish

ENDED = succeeded("2")
NO_ENDS = [phase for phase in PHASES if not phase.ended]


def test_a_new_batch_fills_the_cap_in_the_order_of_its_keys() -> None:
    plan = planned(view(), of=batch(cap=50))
    assert plan.actions == tuple(first_submit(str(key)) for key in range(2, 52))
    assert (plan.starved, plan.done, plan.wake_at) == (136, False, None)


@pytest.mark.parametrize("phase", NO_ENDS)
def test_a_workload_in_any_phase_that_is_no_end_takes_the_only_slot(phase: Stage) -> None:
    known = looked(view(), listing(observation("2", phase)), 0).view
    plan = planned(known, of=batch("2", "3", cap=1))
    assert (plan.actions, plan.starved, plan.done) == ((), 1, False)


@pytest.mark.parametrize("phase", [Stage.SUCCEEDED, Stage.FAILED])
def test_a_workload_that_ended_takes_none(phase: Stage) -> None:
    known = looked(view(), listing(observation("2", phase)), 0).view
    assert first_submit("3") in actions(known, of=batch("2", "3", cap=1))


@pytest.mark.parametrize(
    "known",
    [
        pytest.param(view(called("2")), id="one is being submitted"),
        pytest.param(view(called("2", missed=2)), id="one submit's answer was lost"),
        pytest.param(view(accepted("2")), id="one was accepted and is not yet listed"),
        pytest.param(view(listed("2")), id="one runs"),
        pytest.param(view(listed("2", Stage.UNKNOWN)), id="one is in a phase nobody knows"),
        pytest.param(view(listed("2", Stage.HELD)), id="one is stopped"),
        pytest.param(view(listed("2", missed=3)), id="one is missing, its end unseen"),
        pytest.param(view(ENDED, listed("370")), id="a job of the prefix outside the range runs"),
        pytest.param(view(ENDED, called("370")), id="a submit of a job outside the range hangs"),
        pytest.param(view(ENDED, reserved("370", 2)), id="a slot is held outside the range"),
    ],
)
def test_the_only_slot_is_taken(known: View) -> None:
    plan = planned(known, of=batch("2", "3", cap=1))
    assert (plan.actions, plan.starved) == ((), 1)


@pytest.mark.parametrize(
    "known",
    [
        pytest.param(view(refused("2")), id="one was refused"),
        pytest.param(view(vanished("2")), id="one vanished"),
        pytest.param(view(failed("2")), id="one failed"),
        pytest.param(view(succeeded("2")), id="one succeeded"),
        pytest.param(view(succeeded("2", missed=3)), id="one succeeded and is gone"),
        pytest.param(view(failed("2", missed=3)), id="one failed and is gone"),
        pytest.param(view(ENDED, failed("370")), id="a job outside the range failed"),
        pytest.param(view(ENDED, refused("370")), id="one outside the range was refused"),
    ],
)
def test_the_only_slot_is_free(known: View) -> None:
    assert actions(known, of=batch("2", "3", cap=1)) == (first_submit("3"),)


@pytest.mark.parametrize(
    ("running", "cap", "new"),
    [
        pytest.param(0, 3, 3, id="none of 3 slots taken"),
        pytest.param(2, 3, 1, id="2 of 3 slots taken"),
        pytest.param(3, 3, 0, id="all 3 slots taken"),
        pytest.param(5, 3, 0, id="the cap was lowered below what runs"),
    ],
)
def test_as_many_submits_as_free_slots(running: int, cap: int, new: int) -> None:
    known = view(*(listed(str(key)) for key in range(2, 2 + running)))
    plan = planned(known, of=batch(cap=cap))
    first = 2 + running
    assert plan.actions == tuple(first_submit(str(key)) for key in range(first, first + new))
    assert plan.starved == 186 - running - new


def test_other_people_s_workloads_take_no_slot() -> None:
    """The incident: 33 Running rows of other people's, 18 of the batch's own, a cap of 50."""
    theirs = [observation("1", name=f"other-{index}", uid=f"o{index}") for index in range(33)]
    ours = [observation(str(key)) for key in range(2, 20)]
    known = looked(view(), listing(*theirs, *ours), 0).view
    assert len(known.in_flight) == 18
    assert len(actions(known, of=batch(cap=50))) == 32


def test_a_retry_takes_a_slot_like_a_start() -> None:
    known = view(failed("2"), failed("3"), failed("4"), listed("5"))
    both = Wish(start=True, retry=True)
    plan = planned(known, both, 30, of=batch("2", "3", "4", "5", "6", cap=3))
    assert plan.actions == (
        Reserve("2", 2, at(0), Why.RETRY),
        Reserve("3", 2, at(0), Why.RETRY),
    )
    assert plan.starved == 2


@pytest.mark.parametrize(
    ("asked_s", "submitted"),
    [
        pytest.param(55, 0, id="it was just asked to go: once it does, it holds a slot"),
        pytest.param(-600, 1, id="it was asked long ago, and stays: it holds up nothing"),
    ],
)
def test_a_workload_that_was_asked_to_go_has_a_slot_of_its_own(
    asked_s: float, submitted: int
) -> None:
    """Another command deletes it, and its listing still shows it as ended."""
    leaving = failed("4", delete_asked_at=at(asked_s))
    plan = planned(view(leaving), START, 60, of=batch("4", "5", cap=1))
    assert len(plan.actions) == submitted


def test_what_has_its_slot_already_goes_on_under_a_full_cap() -> None:
    lost = called("3", missed=3)
    gone = failed("4", delete_asked_at=at(5), missed=1)
    waiting = reserved_after(gone)
    known = view(lost, gone, waiting)
    expected: tuple[Action, ...] = (
        Submit("3", 1, instead_of=lost),
        Submit("4", 2, instead_of=waiting),
    )
    plan = planned(known, START, 60, of=batch("2", "3", "4", "5", cap=2))
    assert (plan.actions, plan.starved) == (expected, 2)


@pytest.mark.parametrize(
    ("running", "cap", "submitted"),
    [
        pytest.param((), 1, 1, id="the cap was lowered below what is reserved"),
        pytest.param(("370",), 2, 1, id="somebody started one, so that one slot is too many"),
        pytest.param(("370", "371"), 2, 0, id="somebody started as many as there are slots"),
        pytest.param(("370",), 3, 2, id="there is room for all"),
    ],
)
def test_a_slot_without_a_workload_waits_while_more_than_the_cap_are_in_flight(
    running: tuple[str, ...], cap: int, submitted: int
) -> None:
    idle = [called("3", missed=3), reserved("4", 1)]
    known = view(*idle, *(listed(key) for key in running))
    plan = planned(known, START, 60, of=batch("3", "4", cap=cap))
    assert len(plan.actions) == submitted
    assert plan.starved == 2 - submitted
    assert not plan.done


def test_evidence_and_deletions_take_no_slot() -> None:
    known = view(
        failed("2", outcome=None),
        failed("3"),
        reserved_after(failed("3")),
        listed("4"),
        listed("5"),
    )
    steps = actions(known, RETRY, 30, of=batch("2", "3", "4", "5", cap=1))
    assert [type(step).__name__ for step in steps] == ["Gather", "Delete"]


@pytest.mark.parametrize("seconds", [30, 45])
def test_a_full_batch_wakes_at_the_usual_interval_for_what_is_due(seconds: float) -> None:
    plan = planned(view(failed("2"), listed("3")), RETRY, seconds, of=batch("2", "3", cap=1))
    assert (plan.actions, plan.starved, plan.wake_at, plan.done) == ((), 1, None, False)


def test_what_needs_no_slot_is_done_though_a_submit_before_it_has_to_wait() -> None:
    """More came to life by themselves than the cap allows: the lost submit is not called again."""
    lost, unjudged = called("2", missed=3), failed("5", outcome=None)
    known = view(lost, listed("3"), listed("4"), unjudged)
    found = planned(known, RETRY, 1000, of=batch("2", "3", "4", "5", cap=1))
    assert (found.actions, found.starved) == ((Gather(unjudged),), 1)
