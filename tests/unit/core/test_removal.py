"""`delete`: what is asked to go, when, and what the ledger concludes from its going."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from tests.unit.core.values import (
    DONE,
    PATIENCE,
    RETRY,
    START,
    accepted,
    actions,
    advised,
    at,
    batch,
    called,
    failed,
    listed,
    listing,
    looked,
    looked_often,
    observation,
    planned,
    remembering,
    reserved,
    reserved_after,
    succeeded,
    vanished,
    view,
)

from runbatch.core.actions import Action, Delete, Gather, Release, Submit, Why
from runbatch.core.attempt import Attempt, Listing, Outcome, Verdict
from runbatch.core.failure import RetryPolicy
from runbatch.core.job import View
from runbatch.core.planner import plan
from runbatch.core.reconcile import erased
from runbatch.core.snapshot import snapshot_of
from runbatch.core.stage import Stage
from runbatch.core.wish import Wish, stale

EMPTY = Listing((), proves_absence=False)
DELETED = Outcome(Verdict.VANISHED, "deleted before it ended")
NEVER_SUBMITTED = "it was never submitted, and nobody is to come back to it"


WAITS: tuple[tuple[Action, ...], bool] = ((), False)
OVER: tuple[tuple[Action, ...], bool] = ((), True)


def told(known: View, wish: Wish, seconds: float = 0) -> tuple[tuple[Action, ...], bool]:
    """What is done now, and whether all is done."""
    plan = planned(known, wish, seconds)
    return plan.actions, plan.done


def ended(*attempts: Attempt) -> Wish:
    return Wish(delete=frozenset(each.turn for each in attempts))


def every(*attempts: Attempt) -> Wish:
    return replace(ended(*attempts), cut_off=True)


# -- what is asked to go -------------------------------------------------------------------------


@pytest.mark.parametrize(
    "attempt",
    [
        pytest.param(succeeded(), id="it succeeded"),
        pytest.param(failed(), id="a mount failure that may be retried"),
        pytest.param(failed(outcome=DONE, delete_asked_at=at(0), seconds=60), id="asked in vain"),
    ],
)
@pytest.mark.parametrize("wish", [ended, every])
def test_what_has_ended_is_asked_to_go(attempt: Attempt, wish: Callable[..., Wish]) -> None:
    assert told(view(attempt), wish(attempt), 60) == ((Delete(attempt),), False)


def test_what_was_asked_to_go_is_given_time_to_the_second() -> None:
    asked = succeeded(delete_asked_at=at(0))
    assert told(view(asked), ended(asked), 59) == WAITS
    assert actions(view(asked), ended(asked), 60) == (Delete(asked),)


def test_a_failure_is_judged_before_its_workload_goes() -> None:
    known = failed(outcome=None)
    assert actions(view(known), ended(known)) == (Gather(known),)


def test_only_what_was_named_goes() -> None:
    """Another process may have started the job again since."""
    old, new = failed(missed=3), failed(number=2)
    assert told(view(old, new), ended(old)) == OVER
    assert actions(view(old, new), ended(new)) == (Delete(new),)


@pytest.mark.parametrize("phase", [Stage.RUNNING, Stage.QUEUED, Stage.HELD, Stage.UNKNOWN])
def test_what_is_in_flight_goes_only_if_it_is_to_be_cut_off(phase: Stage) -> None:
    known = listed(stage=phase)
    assert told(view(known), ended(known)) == OVER
    assert told(view(known), every(known)) == ((Delete(known),), False)


def test_what_runs_again_since_it_was_named_is_left_alone() -> None:
    known = looked(view(failed()), listing(observation()), 10).view
    assert told(known, ended(failed())) == OVER


def test_nothing_is_started_meanwhile() -> None:
    known = view(succeeded("2"), failed("3"), called("4", missed=3))
    for wish in (ended(), ended(succeeded("2")), every(succeeded("2"))):
        for seconds in (0, 10_000):
            found = actions(known, wish, seconds, of=batch("2", "3", "4", "5"))
            assert not any(isinstance(each, Submit) for each in found)


def test_of_two_workloads_the_newest_goes_first() -> None:
    old, new = succeeded(), succeeded(number=2)
    assert actions(view(old, new), ended(old, new)) == (Delete(new),)


def test_what_has_no_uid_cannot_be_named_and_is_waited_for() -> None:
    """Run:ai does not print the uid of what was submitted."""
    unknown = accepted(uid=None)
    assert told(view(unknown), every(unknown)) == WAITS


def test_nothing_is_asked_to_go_on_a_listing_that_cannot_be_trusted() -> None:
    known = replace(view(succeeded()), trusted=False)
    assert told(known, ended(succeeded())) == WAITS


# -- how many at once ----------------------------------------------------------------------------


def shown(*attempts: Attempt, wish: Wish, cap: int, seconds: float = 0) -> tuple[int, int]:
    """How many are asked to go now, and how many wait for a slot to do it on."""
    keys = sorted({each.key for each in attempts})
    plan = planned(view(*attempts), wish, seconds, of=batch(*keys, cap=cap))
    return len(plan.actions), plan.starved


def test_what_is_being_deleted_holds_a_slot_so_no_more_go_than_there_are_free() -> None:
    old = tuple(succeeded(str(key)) for key in range(2, 8))
    assert shown(*old, wish=ended(*old), cap=4) == (4, 2)
    assert shown(*old, listed("8"), listed("9"), wish=ended(*old), cap=4) == (2, 4)
    assert shown(*old, listed("8"), wish=ended(*old), cap=1) == (0, 6)


def test_what_needs_no_slot_is_done_though_deletions_before_it_wait_for_one() -> None:
    known = view(succeeded("2"), failed("3", outcome=None), listed("4"))
    wish = ended(succeeded("2"), failed("3"))
    found = actions(known, wish, of=batch("2", "3", "4", cap=1))
    assert found == (Gather(failed("3", outcome=None)),)


def test_one_that_was_asked_to_go_is_about_to_hold_a_slot() -> None:
    asked = tuple(succeeded(str(key), delete_asked_at=at(0)) for key in range(2, 5))
    others = tuple(succeeded(str(key)) for key in range(5, 9))
    wish = ended(*asked, *others)
    assert shown(*asked, *others, wish=wish, cap=5) == (2, 2)
    assert shown(*asked, *others, wish=wish, cap=3) == (0, 4)
    # Once it is seen to go it holds that slot, and does not count twice.
    going = replace(asked[0], seen_stage=Stage.LEAVING)
    assert shown(going, *asked[1:], *others, wish=wish, cap=5) == (2, 2)
    # To ask once more takes no other.
    assert shown(*asked, *others, wish=wish, cap=3, seconds=60) == (3, 4)


def test_what_is_cut_off_has_its_slot() -> None:
    known = (listed("2"), listed("3"), succeeded("4"))
    assert shown(*known, wish=every(*known), cap=2) == (2, 1)


def test_all_are_asked_to_go_at_once_where_what_is_deleted_is_gone_at_once() -> None:
    old = tuple(succeeded(str(key)) for key in range(2, 8))
    keys = tuple(each.key for each in old)
    patience = replace(PATIENCE, leaves_at_once=True)
    found = plan(batch(*keys, cap=1), view(*old), ended(*old), at(0), patience)
    assert (len(found.actions), found.starved) == (6, 0)


def test_what_was_asked_before_holds_up_nobody() -> None:
    stuck = succeeded("2", delete_asked_at=at(0))
    found = actions(view(stuck, succeeded("3")), ended(stuck, succeeded("3")), 60)
    assert found == (Delete(succeeded("3")), Delete(stuck))


def test_it_looks_again_soon_while_deletions_go_on() -> None:
    known = succeeded(delete_asked_at=at(0))
    assert planned(view(known), ended(known), 1).wake_at == at(6)


def test_while_it_waits_for_a_slot_the_usual_interval_will_do() -> None:
    known = view(succeeded("2"), listed("3"))
    plan = planned(known, ended(succeeded("2")), 1, of=batch("2", "3", cap=1))
    assert (plan.actions, plan.starved, plan.wake_at) == ((), 1, None)


# -- when it is over -----------------------------------------------------------------------------


def test_what_had_ended_is_gone_once_several_listings_lack_it() -> None:
    asked = succeeded(delete_asked_at=at(0))
    known = looked_often(view(asked), listing(), 1, 2)
    assert told(known, ended(asked), 2) == WAITS
    known = looked_often(known, listing(), 3)
    assert told(known, ended(asked), 3) == OVER
    assert known.job("37").last == replace(asked, missed=3)


def test_what_somebody_else_deleted_meanwhile_is_not_asked_to_go() -> None:
    assert told(view(succeeded(missed=1)), ended(succeeded()), 100) == WAITS
    assert told(view(succeeded(missed=3)), ended(succeeded()), 100) == OVER


def test_what_was_cut_off_is_gone_once_it_has_vanished() -> None:
    asked = listed(delete_asked_at=at(0))
    known = looked_often(view(asked), listing(), 30, 59)
    assert told(known, every(asked), 59) == WAITS
    known = looked(known, listing(), 60).view
    assert told(known, every(asked), 60) == OVER
    last = known.job("37").last
    assert last is not None
    assert (last.outcome, last.ended_at) == (DELETED, at(60))


def test_it_is_asked_again_also_while_no_listing_shows_it() -> None:
    """The cluster then says that it is gone, which a listing never does."""
    asked = listed(delete_asked_at=at(0), missed=1)
    assert told(view(asked), every(asked), 59) == WAITS
    assert actions(view(asked), every(asked), 60) == (Delete(asked),)


@pytest.mark.parametrize(
    ("left", "after_s"),
    [
        pytest.param(called(missed=3), 60, id="its submit was never answered"),
        pytest.param(reserved_after(failed(missed=1)), 60, id="its slot was taken, no more"),
    ],
)
def test_slots_that_a_crash_left_are_given_back_when_all_is_cut_off(
    left: Attempt, after_s: float
) -> None:
    known = view(failed(missed=1), left) if left.number > 1 else view(left)
    assert planned(known, every(), after_s - 1).actions == ()
    assert planned(known, every(), after_s).actions == (Release(left, NEVER_SUBMITTED),)
    assert told(known, ended(), after_s) == OVER


# -- what a listing tells of what was asked to go ------------------------------------------------


def test_an_empty_listing_is_believed_when_all_were_asked_to_go() -> None:
    known = view(succeeded("2", delete_asked_at=at(0)), rows_seen=0)
    learned = looked(known, EMPTY, 1)
    assert learned.view.trusted
    assert learned.view.job("2").last == succeeded("2", delete_asked_at=at(0), missed=1)


@pytest.mark.parametrize("missed", [0, 1])
def test_but_it_never_proves_that_what_was_cut_off_is_gone(missed: int) -> None:
    """A dropped connection looks the same: Run:ai facts, 14."""
    asked = listed(delete_asked_at=at(0), missed=missed)
    known = looked_often(view(asked, rows_seen=0), EMPTY, 30, 60, 90, 599)
    assert known.trusted
    assert known.job("37").last == asked
    assert known.in_flight == {"37"}


@pytest.mark.parametrize("rows_seen", [None, 0.0])
@pytest.mark.parametrize("left", [accepted(), listed(delete_asked_at=at(0), missed=1)])
def test_empty_listings_free_no_slot_until_the_doubt_is_over(
    left: Attempt, rows_seen: float | None
) -> None:
    """The cluster had taken it, whether a listing ever showed it or not."""
    known = looked_often(view(left, rows_seen=rows_seen), EMPTY, 60, 90, 120, 599)
    assert known.job("37").last == left
    known = looked_often(known, EMPTY, 600, 601, 602)
    last = known.job("37").last
    assert last is not None
    assert last.is_verdict(Verdict.VANISHED)
    assert known.in_flight == frozenset()


def test_what_had_ended_before_it_was_deleted_may_be_missed_by_an_empty_listing() -> None:
    leaving = succeeded(stage=Stage.LEAVING, delete_asked_at=at(0))
    known = looked_often(view(leaving, rows_seen=0), EMPTY, 1)
    assert known.job("37").last == replace(leaving, missed=1)
    assert known.in_flight == frozenset()


def test_a_submit_that_was_never_answered_may_be_missed_by_an_empty_listing() -> None:
    """It is called again, on the slot it has."""
    known = looked_often(view(called(), rows_seen=0), EMPTY, 30, 60, 90)
    assert known.job("37").last == called(missed=3)
    assert known.in_flight == {"37"}


def test_a_deletion_that_a_kill_left_half_done_is_asked_for_once_more() -> None:
    """By whoever comes next; but not while listings show that it runs on."""
    asked = listed(delete_asked_at=at(0))
    for wish in (START, RETRY):
        assert actions(view(asked), wish, 59) == ()
        assert actions(view(asked), wish, 60) == (Delete(asked),)
        seen = listed(delete_asked_at=at(0), seconds=50)
        assert actions(view(seen), wish, 109) == ()
        assert actions(view(seen), wish, 110) == (Delete(seen),)
        again = listed(delete_asked_at=at(55))
        assert actions(view(again), wish, 114) == ()
        assert actions(view(again), wish, 115) == (Delete(again),)


def test_what_runs_on_stays_asked_to_go() -> None:
    """Only an end that is undone makes what was known of it void."""
    asked = listed(delete_asked_at=at(0), log="37.1.log")
    known = looked(view(asked), listing(observation()), 30).view
    assert known.job("37").last == replace(asked, seen_at=at(30))


@pytest.mark.parametrize("phase", [Stage.SUCCEEDED, Stage.FAILED])
def test_a_log_that_was_saved_before_the_end_is_not_the_whole_one(phase: Stage) -> None:
    asked = listed(delete_asked_at=at(0), log="37.1.log")
    last = looked(view(asked), listing(observation(stage=phase)), 30).view.job("37").last
    assert last is not None
    assert (last.log, last.ended_at, last.delete_asked_at) == (None, at(30), at(0))


def test_what_the_cluster_no_longer_knows_has_vanished() -> None:
    asked = listed(delete_asked_at=at(0))
    gone = replace(asked, missed=1, ended_at=at(5), outcome=DELETED)
    assert erased(asked, at(5)) == gone
    assert erased(replace(asked, missed=2), at(5)) == replace(gone, missed=2)
    assert not gone.holds_slot
    # Should a listing show it all the same, it holds its slot again.
    known = looked(view(gone), listing(observation()), 6).view
    assert known.job("37").last == replace(
        listed(seconds=6), seen_at=at(6), missed=0, delete_asked_at=None
    )


def test_a_success_is_one_even_if_its_workload_was_cut_off_later() -> None:
    """The cluster had started it again."""
    asked = listed(delete_asked_at=at(0), outcome=DONE)
    assert erased(asked, at(5)) == replace(asked, missed=1, ended_at=at(5))


# -- what follows --------------------------------------------------------------------------------


def test_a_success_that_was_deleted_is_not_started_again() -> None:
    gone = succeeded(delete_asked_at=at(0), missed=3)
    assert told(view(gone), START, 10_000) == OVER


def test_a_mount_failure_that_was_deleted_is_retried_when_it_is_due() -> None:
    gone = failed(delete_asked_at=at(1), missed=3)
    known = view(gone)
    assert planned(known, RETRY, 29).wake_at == at(30)
    assert actions(known, RETRY, 30) == (Submit("37", 2, why=Why.RETRY),)
    shown = snapshot_of(batch("37"), known, at(0)).jobs[0]
    assert shown.next_retry_at == at(30)
    assert advised(gone, RetryPolicy()) == "not the job's fault: runbatch retry"


def test_one_that_somebody_else_deleted_is_not() -> None:
    gone = failed(missed=3)
    assert told(view(gone), RETRY, 10_000) == OVER
    assert snapshot_of(batch("37"), view(gone), at(0)).jobs[0].next_retry_at is None
    assert advised(gone, RetryPolicy()) == (
        "deleted by somebody; to start again: runbatch submit --rerun 37"
    )


def test_what_was_cut_off_is_started_again_by_the_next_submit() -> None:
    gone = vanished(outcome=DELETED, delete_asked_at=at(0))
    wish = Wish(start=True, stale=stale(view(gone)))
    assert actions(view(gone), wish, 100) == (Submit("37", 2, why=Why.VANISHED),)
    assert advised(gone, RetryPolicy()) == "to start again: runbatch submit"


def test_what_is_deleted_holds_its_slot_until_it_is_known_to_be_gone() -> None:
    for attempt in (listed(delete_asked_at=at(0)), listed(stage=Stage.LEAVING)):
        assert view(attempt).in_flight == {"37"}
    again = remembering(view(failed()), failed(delete_asked_at=at(0)))
    assert again.in_flight == frozenset()
    assert looked(again, listing(observation(stage=Stage.LEAVING)), 1).view.in_flight == {"37"}


def test_nothing_of_another_job_is_touched() -> None:
    known = view(succeeded("2"), succeeded("3"), reserved("4"))
    assert actions(known, every(succeeded("2")), 0) == (Delete(succeeded("2")),)
