"""What has no workload yet, while an older one of its job is there, or nobody asks for it."""

from dataclasses import replace

import pytest
from tests.unit.core.values import (
    RETRY,
    START,
    actions,
    at,
    batch,
    called,
    denied,
    failed,
    first_submit,
    listed,
    listing,
    looked,
    looked_often,
    observation,
    planned,
    refused,
    reserved,
    reserved_after,
    succeeded,
    vanished,
    view,
)

from runbatch.core.actions import Delete, Release, Submit, Why
from runbatch.core.attempt import Attempt, Listing
from runbatch.core.failure import RetryPolicy
from runbatch.core.job import View
from runbatch.core.stage import Stage

FAILED = observation(stage=Stage.FAILED)
COMPLETED = observation(stage=Stage.SUCCEEDED)
LOST = called(number=2)
OUTSIDE = "it was never submitted, and nobody is to come back to it"


@pytest.mark.parametrize(
    ("phase", "why"),
    [
        pytest.param(Stage.RUNNING, "it is running again", id="it runs"),
        pytest.param(Stage.SUCCEEDED, "it has ended in another way since", id="it succeeded"),
        pytest.param(Stage.FAILED, "it has ended in another way since", id="it failed"),
    ],
)
def test_a_lost_submit_is_given_up_when_the_vanished_workload_it_followed_is_back(
    phase: Stage, why: str
) -> None:
    """Its name was taken all the time; else the submit would be repeated for ever."""
    shown = listing(observation(stage=phase))
    known = looked_often(view(vanished(), LOST), shown, 30, 60)
    assert actions(known, START, 60) == ()
    known = looked_often(known, shown, 90)
    lost = called(number=2, missed=3)
    assert actions(known, START, 90) == (Release(lost, why),)


def test_once_it_is_given_up_a_success_that_came_back_ends_the_invocation() -> None:
    known = looked_often(view(vanished(), LOST), listing(COMPLETED), 30, 60, 90)
    known = View.of(each for each in known.job("37").attempts if each.number == 1)
    left = planned(known, START, 90)
    assert (left.actions, left.done) == ((), True)


def test_the_old_uid_is_still_there_so_its_deletion_is_asked_for_again() -> None:
    """Design 5: "the old uid still there: the delete did not happen"."""
    old = failed(delete_asked_at=at(5), missed=1)
    known = view(old, called(number=2, called_at=at(10), follows=at(0)))
    known = looked_often(known, listing(FAILED), 30, 60)
    assert actions(known, RETRY, 60) == ()
    known = looked_often(known, listing(FAILED), 90)
    assert actions(known, RETRY, 90) == (Delete(known.job("37").attempts[0]),)


@pytest.mark.parametrize("phase", [Stage.LEAVING])
def test_a_lost_submit_waits_while_the_old_workload_is_leaving(phase: Stage) -> None:
    known = view(failed(delete_asked_at=at(5)), called(number=2, follows=at(0)))
    known = looked_often(known, listing(observation(stage=phase)), *range(30, 3000, 30))
    assert actions(known, RETRY, 3000) == ()
    assert known.in_flight == {"37"}


def test_an_attempt_two_before_the_newest_is_back_so_nothing_is_submitted_over_it() -> None:
    gone = failed(number=2, missed=3, delete_asked_at=at(0))
    slot = reserved_after(gone)
    assert actions(view(listed(), gone, slot), RETRY, 90) == (Release(slot, "it is running again"),)


def test_an_older_attempt_that_is_back_and_ended_makes_room_for_a_named_one() -> None:
    known = view(succeeded(seconds=7), failed(number=2, missed=3))
    named = replace(START, rerun=frozenset({failed(number=2).turn}))
    (step,) = actions(known, named)
    slot = reserved(number=3, follows=at(7))
    assert (step.key, step.number, step.follows) == ("37", 3, at(7))  # type: ignore[union-attr]
    assert actions(view(*known.job("37").attempts, slot), START) == (Delete(succeeded(seconds=7)),)


def test_an_empty_listing_does_not_end_a_retry_that_waits_for_its_delay() -> None:
    """All that is listed has ended; then the connection drops for a while."""
    slow = batch("37", retry=RetryPolicy(delay_s=300))
    known = looked_often(view(failed()), listing(FAILED), *range(30, 200, 30))
    for seconds in (200, 230, 260):
        learned = looked(known, Listing((), proves_absence=False), seconds)
        known = learned.view
        assert not planned(known, RETRY, seconds, of=slow).done
    known = looked_often(known, listing(FAILED), 310)
    assert len(actions(known, RETRY, 310, of=slow)) == 1


def test_one_listing_that_lacks_it_does_not_end_a_retry() -> None:
    known = looked_often(view(failed()), listing(), 30)
    assert planned(known, RETRY, 30).actions == ()
    assert not planned(known, RETRY, 30).done
    known = looked_often(known, listing(FAILED), 60)
    assert len(actions(known, RETRY, 60)) == 1


@pytest.mark.parametrize(
    ("stuck", "after_s"),
    [
        pytest.param(called("187"), 90, id="its submit was never answered: three listings agree"),
        pytest.param(reserved("187"), 60, id="its slot was reserved, then the process was killed"),
    ],
)
def test_a_job_outside_the_range_that_never_was_gives_its_slot_back(
    stuck: Attempt, after_s: float
) -> None:
    """START_TRAIT=42 END_TRAIT=42 after a crash: nobody plans for 187 any more."""
    narrow = batch("42", cap=1)
    known = view(stuck)
    for seconds in (30, 60, 90):
        known = looked_often(known, listing(), seconds)
        left = planned(known, START, seconds, of=narrow)
        last = known.job("187").last
        assert last is not None
        released = (Release(last, OUTSIDE),) if seconds >= after_s else ()
        assert (left.actions, left.starved, left.done) == (released, 1, False)
    assert actions(view(), START, 90, of=narrow) == (first_submit("42"),)


def test_a_retry_outside_the_range_that_was_never_begun_gives_its_slot_back() -> None:
    known = view(failed("187"), reserved_after(failed("187")))
    slot = known.job("187").last
    assert slot is not None
    assert actions(known, START, 60, of=batch("42", cap=1)) == (Release(slot, OUTSIDE),)


def test_each_job_outside_the_range_gives_back_its_own_slot() -> None:
    known = view(listed("185"), reserved("186"), refused("187"), reserved("188"))
    released = (Release(reserved("186"), OUTSIDE), Release(reserved("188"), OUTSIDE))
    assert actions(known, START, 60, of=batch("42", cap=1)) == released


ASKED = failed("187", delete_asked_at=at(5), missed=3)


@pytest.mark.parametrize(
    "slot",
    [
        pytest.param(reserved_after(ASKED), id="a slot was taken"),
        pytest.param(called("187", 2, missed=3, follows=at(0)), id="its submit was not answered"),
    ],
)
def test_what_we_deleted_to_make_room_gives_its_slot_back_and_is_retried_in_the_wider_batch(
    slot: Attempt,
) -> None:
    known = view(ASKED, slot)
    assert actions(known, START, 9000, of=batch("42", cap=1)) == (Release(slot, OUTSIDE),)
    assert actions(view(ASKED), RETRY, 9000) == (Submit("187", 2, why=Why.RETRY),)
    assert not planned(view(ASKED), RETRY, 5).done


@pytest.mark.parametrize(
    ("others", "seconds"),
    [
        pytest.param((listed("187"),), 9000, id="it runs"),
        pytest.param((listed("187", missed=3),), 9000, id="it is missing, its end unseen"),
        pytest.param((failed("187"),), 9000, id="it failed"),
        pytest.param((refused("187"),), 9000, id="it was refused"),
        pytest.param((called("187", missed=2),), 9000, id="its submit may yet be listed"),
        pytest.param((called("187", missed=3),), 59, id="its submit was just called"),
        pytest.param((denied("187", missed=3),), 9000, id="its submit was denied"),
        pytest.param((reserved("187"),), 59, id="its slot was just taken"),
    ],
)
def test_other_jobs_outside_the_range_are_left_alone(
    others: tuple[Attempt, ...], seconds: float
) -> None:
    assert actions(view(*others), START, seconds, of=batch("42")) == (first_submit("42"),)


def test_an_older_attempt_came_back_and_is_missing_once_so_nothing_is_submitted_yet() -> None:
    """Design 4: its end was never seen, so it holds its slot until several listings agree.

    Attempt 1 vanished, attempt 2 was called and the answer was lost, attempt 1 runs after all;
    then one listing lacks it, by which the patience with attempt 2 is over, but not with 1.
    """
    known = view(vanished(), called(number=2))
    known = looked_often(known, listing(observation()), 30, 60)
    known = looked_often(known, listing(), 90)
    older = known.job("37").attempts[0]
    assert (older.holds_slot, older.missed) == (True, 1)
    assert not [step for step in actions(known, START, 90) if isinstance(step, Submit)]
