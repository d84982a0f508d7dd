"""What a person asked to be run again is remembered until it was: a stop repeats none of it."""

import pytest
from tests.unit.core.values import at, called, failed, listed, refused, succeeded, vanished, view

from runbatch.core.asked import Asked, ask, going_on, turns_of
from runbatch.core.attempt import Attempt

FIRST = view(succeeded("1"), failed("2"), listed("3"))
ALL = ("1", "2", "3", "4")
REQUEST = (
    Asked(("1", 1, 0), at(0)),
    Asked(("2", 1, 0), at(0)),
    Asked(("3", 0, 0), at(0)),
    Asked(("4", 0, 0), at(0)),
)
HALF = view(succeeded("1"), succeeded("1", 2), failed("2"), succeeded("3"))
OVER = view(*HALF.attempts, failed("2", 2), succeeded("4"))


def test_a_new_request_is_of_the_last_attempts_there_are() -> None:
    asked = ask(ALL, FIRST, (), at(0))
    assert asked == REQUEST
    # What runs is left alone, and what was never started is started anyway.
    assert turns_of(asked, ALL) == {("1", 1, 0), ("2", 1, 0), ("3", 0, 0), ("4", 0, 0)}
    assert going_on(asked, ALL, FIRST, at(0)) is None
    assert going_on((), (), FIRST, at(0)) is None


def test_the_same_again_goes_on_and_asks_for_nothing_twice() -> None:
    assert ask(ALL, HALF, REQUEST, at(9)) == REQUEST
    assert going_on(REQUEST, ALL, HALF, at(9)) == (at(0), 2, 4)


def test_one_that_overlaps_joins_what_is_under_way() -> None:
    asked = ask(("2", "5"), view(*HALF.attempts, failed("5")), REQUEST, at(9))
    assert asked == (*REQUEST, Asked(("5", 1, 0), at(0)))
    assert turns_of(asked, ("2", "5")) == {("2", 1, 0), ("5", 1, 0)}


def test_two_that_one_overlaps_become_one() -> None:
    other = Asked(("5", 1, 0), at(5))
    known = view(*HALF.attempts, failed("5"))
    asked = ask(("2", "5"), known, (*REQUEST, other), at(9))
    assert asked == (*REQUEST, Asked(other.turn, at(0)))


def test_jobs_of_which_none_is_under_way_are_asked_for_anew() -> None:
    asked = ask(("1",), HALF, REQUEST, at(9))
    assert asked == (*REQUEST[1:], Asked(("1", 2, 0), at(9)))
    assert going_on(asked, ("1",), HALF, at(9)) is None


def test_what_is_over_is_dropped() -> None:
    assert ask(("6",), OVER, REQUEST, at(9)) == (Asked(("6", 0, 0), at(9)),)
    again = ask(ALL, OVER, REQUEST, at(9))
    assert {each.at for each in again} == {at(9)}
    assert turns_of(again, ALL) == {("1", 2, 0), ("2", 2, 0), ("3", 1, 0), ("4", 1, 0)}


def test_it_is_not_over_while_one_of_its_jobs_runs() -> None:
    known = view(*HALF.attempts, failed("2", 2), listed("4"))
    assert ask(ALL, known, REQUEST, at(9)) == REQUEST
    assert going_on(REQUEST, ALL, known, at(9)) == (at(0), 4, 4)


def test_only_what_has_failed_is_asked_for_anew_where_that_is_meant() -> None:
    asked = ask(ALL, FIRST, (), at(0), failed_only=True)
    assert asked == (Asked(("2", 1, 0), at(0)),)
    # It goes on all the same with what it has named before, whatever became of that.
    assert ask(ALL, HALF, REQUEST, at(9), failed_only=True) == REQUEST
    assert ask(("1",), HALF, REQUEST, at(9), failed_only=True) == REQUEST[1:]


@pytest.mark.parametrize(
    ("attempt", "is_open"),
    [
        pytest.param(refused("1", calls=1), True, id="it was refused, as it was then"),
        pytest.param(refused("1", calls=2), False, id="it was called again, and refused again"),
        pytest.param(called("1", calls=2), False, id="it is called again"),
        pytest.param(vanished("1", 2, calls=1), False, id="another one followed"),
    ],
)
def test_what_counts_as_started_again(attempt: Attempt, *, is_open: bool) -> None:
    assert Asked(("1", 1, 1), at(0)).is_open(view(attempt)) == is_open
