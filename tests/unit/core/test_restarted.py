"""What a restart of the machine ended: known from one listing, and started again by any submit."""

from dataclasses import replace

import pytest
from tests.unit.core.values import (
    CONFIGURATION,
    accepted,
    actions,
    at,
    called,
    listed,
    listing,
    looked,
    succeeded,
    view,
)

from runbatch.core.actions import Submit, Why
from runbatch.core.attempt import BY_RESTART, RESTARTED, Attempt, Listing, Outcome, Verdict
from runbatch.core.wish import Wish


def after_restart(attempt: Attempt) -> Listing:
    return replace(listing(), restarted=frozenset({attempt.uid or ""}))


@pytest.mark.parametrize("before", [listed(), accepted()], ids=["it ran", "it was never listed"])
def test_one_listing_is_enough_and_any_submit_follows_it(before: Attempt) -> None:
    after = looked(view(before), after_restart(before), 1).view
    gone = replace(before, missed=1, ended_at=at(1), outcome=RESTARTED, evidence=BY_RESTART)
    assert after.job("37").last == gone
    assert actions(after, Wish(start=True), 1) == (Submit("37", 2, why=Why.VANISHED),)
    assert actions(after, Wish(start=True).starting_nothing(), 1) == ()
    assert actions(after, Wish(retry=True), 1) == ()


def test_what_was_being_deleted_is_not_started_again_by_the_submit_that_sees_it() -> None:
    before = listed(delete_asked_at=at(0))
    after = looked(view(before), after_restart(before), 1).view
    last = after.job("37").last
    assert last is not None
    assert last.outcome == Outcome(Verdict.VANISHED, "deleted before it ended")
    assert actions(after, Wish(start=True), 1) == ()


@pytest.mark.parametrize("before", [succeeded(), called()], ids=["an end", "another workload's"])
def test_an_end_that_was_seen_stands_and_others_are_not_meant(before: Attempt) -> None:
    last = looked(view(before), after_restart(accepted()), 1).view.job("37").last
    assert last is not None
    assert (last.outcome, last.ended_at) == (before.outcome, before.ended_at)


def test_a_verdict_that_was_reached_before_stands() -> None:
    before = listed(outcome=CONFIGURATION)
    last = looked(view(before), after_restart(before), 1).view.job("37").last
    assert last is not None
    assert (last.outcome, last.ended_at) == (CONFIGURATION, at(1))
