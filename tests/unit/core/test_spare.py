"""What an invocation has given up on, since it cannot be deleted: it is left alone, and ends."""

from dataclasses import replace

import pytest
from tests.unit.core.values import (
    RETRY,
    START,
    actions,
    at,
    failed,
    listed,
    listing,
    looked_often,
    observation,
    planned,
    reserved_after,
    succeeded,
    view,
)

from runbatch.core.actions import Delete, Plan, Release, Reserve, Why
from runbatch.core.attempt import Attempt
from runbatch.core.stage import Stage
from runbatch.core.wish import Wish

OLD = failed()
WAITING = reserved_after(OLD, reserved_at=at(31))


def sparing(wish: Wish, *attempts: Attempt) -> Wish:
    return replace(wish, spare=frozenset(each.turn for each in attempts))


@pytest.mark.parametrize("wish", [START, RETRY])
def test_the_slot_that_was_to_follow_it_is_given_back(wish: Wish) -> None:
    known = looked_often(view(OLD, WAITING), listing(observation(stage=Stage.FAILED)), 60)
    assert actions(known, wish, 60) == (Delete(OLD),)
    given_back = Release(WAITING, "it cannot be deleted now; retry asks again")
    assert actions(known, sparing(wish, OLD), 60) == (given_back,)


@pytest.mark.parametrize("seconds", [10, 100])
def test_it_is_not_retried_and_nobody_waits_for_it(seconds: float) -> None:
    assert planned(view(OLD), sparing(RETRY, OLD), seconds) == Plan(done=True)


def test_it_is_not_started_again_though_a_person_named_it() -> None:
    done = succeeded()
    named = Wish(start=True, rerun=frozenset({done.turn}))
    assert actions(view(done), named) == (Reserve("37", 2, at(0), Why.RERUN, reruns=1),)
    assert actions(view(done), sparing(named, done)) == ()


def test_it_is_not_deleted() -> None:
    done, other = succeeded("37"), succeeded("38")
    wish = Wish(delete=frozenset({done.turn, other.turn}))
    assert actions(view(done, other), sparing(wish, done)) == (Delete(other),)
    assert planned(view(done), sparing(wish, done)) == Plan(done=True)


def test_what_was_cut_off_is_not_asked_to_go_once_more() -> None:
    asked = listed(delete_asked_at=at(0))
    assert actions(view(asked), START, 60) == (Delete(asked),)
    assert actions(view(asked), sparing(START, asked), 60) == ()


def test_another_attempt_of_the_job_is_another_matter() -> None:
    gone, last = failed(missed=3), failed(number=2)
    follow = Reserve("37", 3, at(0), Why.RETRY)
    assert actions(view(gone, last), sparing(RETRY, gone), 60) == (follow,)
