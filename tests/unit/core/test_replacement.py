"""A failed attempt is replaced by the next: step by step, and each way that is called off."""

from dataclasses import replace

import pytest
from tests.unit.core.values import (
    MOUNT,
    RETRY,
    START,
    actions,
    at,
    batch,
    failed,
    listed,
    listing,
    looked_often,
    observation,
    planned,
    remembering,
    reserved,
    reserved_after,
    succeeded,
    view,
)

from runbatch.core.actions import Delete, Gather, Plan, Release, Reserve, Submit, Why
from runbatch.core.attempt import Observation
from runbatch.core.job import State, View
from runbatch.core.stage import Stage
from runbatch.core.wish import Wish

FAILED = observation(stage=Stage.FAILED)
DELETING = observation(stage=Stage.LEAVING)
OLD = failed()
NEW = reserved_after(OLD, reserved_at=at(31))


def after(known: View, seconds: float, *shown: Observation) -> View:
    return looked_often(known, listing(*shown), seconds)


def test_the_whole_cycle_step_by_step() -> None:
    # It ran, and is listed as failed: it is judged first.
    known = after(view(listed()), 10, FAILED)
    ended = failed(seconds=10, outcome=None)
    assert actions(known, RETRY, 10) == (Gather(ended),)
    judged = replace(ended, outcome=MOUNT)
    known = remembering(known, judged)

    # Nothing happens until the delay is over; the loop knows when that is.
    waiting = planned(known, RETRY, 10)
    assert (waiting.actions, waiting.wake_at, waiting.done) == ((), at(40), False)

    # Then a slot is taken, and nothing more in this tick.
    assert actions(known, RETRY, 40) == (Reserve("37", 2, at(10), Why.RETRY),)
    slot = reserved_after(judged, reserved_at=at(40))
    known = remembering(known, slot)
    assert known.in_flight == {"37"}

    # A fresh listing still shows the same workload, still failed: it is asked to go.
    known = after(known, 41, FAILED)
    assert actions(known, RETRY, 41) == (Delete(judged),)
    known = remembering(known, replace(judged, delete_asked_at=at(41)))
    assert actions(known, RETRY, 42) == ()

    # It is on its way out, and its name is taken: that may last.
    known = after(known, 70, DELETING)
    assert actions(known, RETRY, 70) == ()
    assert actions(after(known, 7000, DELETING), RETRY, 7000) == ()
    assert known.in_flight == {"37"}

    # Its name is free: the next attempt is submitted, on the slot it has.
    known = after(known, 100)
    assert actions(known, RETRY, 100, of=batch("37", "50", cap=1)) == (
        Submit("37", 2, instead_of=slot),
    )
    known = remembering(known, replace(slot, called_at=at(100)))
    assert actions(known, RETRY, 100) == ()
    assert known.in_flight == {"37"}

    # It is listed, runs and succeeds.
    known = after(known, 130, observation(uid="37.2"))
    assert (actions(known, RETRY, 130), planned(known, RETRY, 130).done) == ((), False)
    known = after(known, 160, observation(uid="37.2", stage=Stage.SUCCEEDED))
    assert planned(known, RETRY, 160).done
    assert known.job("37").state is State.SUCCEEDED
    assert [attempt.number for attempt in known.job("37").attempts] == [1, 2]


def test_three_retries_and_no_fourth() -> None:
    known = view(*(failed(number=number, missed=3) for number in (1, 2, 3)), failed(number=4))
    plan = planned(known, RETRY, 10_000)
    assert (plan.actions, plan.done) == ((), True)


@pytest.mark.parametrize(
    ("shown", "why"),
    [
        pytest.param(observation(), "it is running again", id="the cluster started it again"),
        pytest.param(
            observation(stage=Stage.QUEUED), "it is running again", id="it waits to run again"
        ),
        pytest.param(observation(stage=Stage.HELD), "it is running again", id="it can be resumed"),
        pytest.param(
            observation(stage=Stage.SUCCEEDED),
            "it has ended in another way since",
            id="the cluster started it again, and it succeeded",
        ),
        pytest.param(None, "somebody deleted it", id="somebody deleted it"),
    ],
)
@pytest.mark.parametrize("wish", [START, RETRY])
def test_a_replacement_is_called_off(shown: Observation | None, why: str, wish: Wish) -> None:
    known = after(view(OLD, NEW), 60, *([shown] if shown else []))
    assert actions(known, wish, 60) == (Release(NEW, why),)


def test_a_replacement_is_called_off_when_it_ran_again_and_failed_again_of_whatever() -> None:
    """A kill kept the slot from being given back while it ran."""
    known = after(view(OLD, NEW), 60, observation())
    known = after(known, 90, FAILED)
    assert known.job("37").attempts[0] == failed(seconds=90, outcome=None)
    assert actions(known, RETRY, 90) == (Release(NEW, "it has ended in another way since"),)


def test_what_runs_again_keeps_the_one_slot_when_the_other_is_given_back() -> None:
    known = after(view(OLD, NEW), 60, observation())
    known = View.of(each for each in known.job("37").attempts if each != NEW)
    assert known.in_flight == {"37"}
    assert known.job("37").state is State.IN_FLIGHT
    assert actions(known, RETRY, 60) == ()


def test_what_somebody_deleted_gives_its_slot_back_and_is_left_alone() -> None:
    known = after(view(OLD, NEW), 60)
    known = View.of(each for each in known.job("37").attempts if each != NEW)
    assert known.in_flight == frozenset()
    assert not planned(known, RETRY, 60).done  # One listing without it is no proof.
    known = looked_often(known, listing(), 90, 120)
    assert planned(known, RETRY, 120) == Plan(done=True)


def test_that_we_deleted_an_earlier_one_does_not_say_who_deleted_this_one() -> None:
    first = failed(missed=3, delete_asked_at=at(41))
    second = failed(number=2, seconds=200)
    slot = reserved_after(second)
    known = after(view(first, second, slot), 300)
    assert actions(known, RETRY, 300) == (Release(slot, "somebody deleted it"),)


def test_somebody_else_s_workload_took_the_name_so_nothing_is_deleted() -> None:
    known = after(view(OLD, NEW), 60, observation(uid="theirs"))
    assert actions(known, RETRY, 60) == ()
    assert known.in_flight == {"37"}
    assert known.job("37").last == replace(
        NEW,
        uid="theirs",
        agreed=True,
        seen_stage=Stage.RUNNING,
        phase="Running",
        called_at=at(60),
        submitted_at=at(60),
        seen_at=at(60),
    )


@pytest.mark.parametrize(
    ("seconds", "asked_again"),
    [
        pytest.param(41, False, id="at once"),
        pytest.param(100.9, False, id="within the grace time"),
        pytest.param(101, True, id="after the grace time: the deletion was lost"),
        pytest.param(-3600, False, id="the clock was set back"),
    ],
)
def test_a_deletion_is_asked_for_again_after_the_grace_time(
    seconds: float, asked_again: bool
) -> None:
    asked = replace(OLD, delete_asked_at=at(41))
    known = after(view(asked, NEW), seconds, FAILED)
    assert actions(known, RETRY, seconds) == ((Delete(asked),) if asked_again else ())


@pytest.mark.parametrize("phase", [Stage.LEAVING])
@pytest.mark.parametrize("asked_at", [None, at(41)])
def test_what_is_leaving_is_waited_for_whoever_deleted_it(phase: Stage, asked_at: object) -> None:
    old = failed(delete_asked_at=asked_at)
    known = after(view(old, NEW), 60, observation(stage=phase))
    assert actions(known, RETRY, 9000) == ()
    assert known.in_flight == {"37"}


def test_a_crash_between_delete_and_submit_is_picked_up_by_any_command() -> None:
    known = after(view(replace(OLD, delete_asked_at=at(41)), NEW), 600)
    for wish in (START, RETRY, Wish()):
        assert actions(known, wish, 600) == (Submit("37", 2, instead_of=NEW),)


def test_a_slot_with_nothing_before_it_is_used_at_once() -> None:
    assert actions(view(reserved())) == (Submit("37", 1, instead_of=reserved()),)


def test_a_success_that_a_person_named_is_replaced_in_the_same_way() -> None:
    wish = Wish(start=True, rerun=frozenset({succeeded().turn}))
    assert actions(view(succeeded()), wish) == (Reserve("37", 2, at(0), Why.RERUN, reruns=1),)
    known = after(view(succeeded(), NEW), 60, observation(stage=Stage.SUCCEEDED))
    assert actions(known, wish, 60) == (Delete(succeeded()),)


def test_what_a_person_named_is_replaced_by_any_command_after_a_crash() -> None:
    known = view(succeeded(), reserved_after(succeeded()))
    assert actions(known, START) == (Delete(succeeded()),)


@pytest.mark.parametrize("phase", [Stage.UNKNOWN, Stage.LEAVING])
def test_while_nobody_knows_what_the_old_workload_does_nothing_is_done(phase: Stage) -> None:
    known = after(view(OLD, NEW), 60, observation(stage=phase))
    assert actions(known, RETRY, 60) == ()
    assert not planned(known, RETRY, 60).done
    known = after(known, 90, observation(stage=Stage.FAILED))
    assert actions(known, RETRY, 90) == (Delete(known.job("37").attempts[0]),)
