"""How an end is remembered, and what a cluster may still do to it."""

from dataclasses import replace
from datetime import datetime

import pytest
from tests.unit.core.values import (
    BROKEN,
    CONFIGURATION,
    DONE,
    END_NOT_SEEN,
    MOUNT,
    PHASES,
    UNDETERMINED,
    accepted,
    at,
    called,
    failed,
    listed,
    listing,
    looked,
    looked_often,
    observation,
    succeeded,
    vanished,
    view,
)

from runbatch.core.attempt import Attempt, Evidence, Observation, Outcome
from runbatch.core.reconcile import Change
from runbatch.core.stage import Stage


@pytest.mark.parametrize(
    ("shown", "after"),
    [
        pytest.param(
            observation(stage=Stage.SUCCEEDED),
            succeeded(seconds=30),
            id="completed: a success, at the time it was seen",
        ),
        pytest.param(
            observation(stage=Stage.SUCCEEDED, ended_at=at(12)),
            succeeded(seconds=30, ended_at=at(12)),
            id="completed: the cluster's time for it is earlier",
        ),
        pytest.param(
            observation(stage=Stage.FAILED),
            failed(seconds=30, outcome=None),
            id="failed: to be judged, since the time it was seen",
        ),
        pytest.param(
            observation(stage=Stage.FAILED, ended_at=at(12)),
            failed(seconds=30, ended_at=at(12), outcome=None),
            id="failed: since the cluster's time, which is earlier",
        ),
        pytest.param(
            observation(stage=Stage.FAILED, ended_at=at(5000)),
            failed(seconds=30, outcome=None),
            id="failed: the cluster's clock is ahead, so the time it was seen counts",
        ),
    ],
)
@pytest.mark.parametrize("before", [accepted(), listed(), listed(missed=2)])
def test_an_end_is_dated_by_the_earlier_clock(
    before: Attempt, shown: Observation, after: Attempt
) -> None:
    assert looked(view(before), listing(shown), 30).changes == (Change(before, after),)


@pytest.mark.parametrize(
    ("before", "ended_at"),
    [
        pytest.param(listed(seconds=20), at(20), id="last seen without an end"),
        pytest.param(accepted(submitted_at=at(15)), at(15), id="accepted"),
        pytest.param(called(called_at=at(10)), at(10), id="called"),
    ],
)
@pytest.mark.parametrize("told", [at(-86_400), at(9)])
def test_an_end_is_not_dated_before_it_was_still_to_come(
    before: Attempt, ended_at: datetime, told: datetime
) -> None:
    """The cluster's clock may be behind ours: a retry's delay would be over at once."""
    shown = observation(stage=Stage.FAILED, ended_at=told)
    (change,) = looked(view(before), listing(shown), 30).changes
    assert change.after.ended_at == ended_at


TELLING_NOTHING = (Stage.LEAVING, Stage.UNKNOWN)


@pytest.mark.parametrize("end", [failed(), failed(outcome=None), succeeded()])
def test_an_end_that_is_still_shown_changes_nothing_more(end: Attempt) -> None:
    shown = observation(stage=end.seen_stage or Stage.UNKNOWN, ended_at=at(-100))
    assert looked(view(end), listing(shown), 30).changes == ()


@pytest.mark.parametrize("phase", [Stage.QUEUED, Stage.STARTING, Stage.RUNNING, Stage.HELD])
def test_a_failure_that_the_cluster_started_again_is_no_end(phase: Stage) -> None:
    before = failed(evidence=Evidence(exit_code=2))
    after = looked(view(before), listing(observation(stage=phase)), 30).view.job("37").last
    assert after == replace(
        before, seen_stage=phase, phase=PHASES[phase], seen_at=at(30), ended_at=None
    )  # its verdict stays until there is another
    assert after.holds_slot


@pytest.mark.parametrize("phase", TELLING_NOTHING)
@pytest.mark.parametrize("end", [failed(), succeeded(), vanished()])
def test_a_word_that_tells_nothing_undoes_no_end_but_holds_a_slot(
    end: Attempt, phase: Stage
) -> None:
    after = looked(view(end), listing(observation(stage=phase)), 30).view.job("37")
    assert after.last is not None
    assert (after.last.outcome, after.last.ended_at) == (end.outcome, end.ended_at)
    assert after.holds_slot
    assert not after.is_unfinished


def test_what_runs_again_and_fails_again_is_judged_anew_and_dated_anew() -> None:
    before = failed(outcome=CONFIGURATION, evidence=Evidence(exit_code=1))
    known = looked_often(view(before), listing(observation()), 30)
    known = looked_often(known, listing(observation(stage=Stage.FAILED)), 60)
    assert known.job("37").last == failed(seconds=60, outcome=None)


@pytest.mark.parametrize(
    ("phase", "after"),
    [
        pytest.param(Stage.RUNNING, listed(seconds=30, outcome=DONE), id="it runs again"),
        pytest.param(
            Stage.QUEUED,
            listed(stage=Stage.QUEUED, seconds=30, outcome=DONE),
            id="it waits to run again",
        ),
        pytest.param(
            Stage.FAILED,
            succeeded(seconds=30, stage=Stage.FAILED, ended_at=at(0)),
            id="it is said to have failed",
        ),
        pytest.param(
            Stage.LEAVING,
            succeeded(seconds=30, stage=Stage.LEAVING, ended_at=at(0)),
            id="it is being deleted",
        ),
    ],
)
def test_a_success_is_never_undone(phase: Stage, after: Attempt) -> None:
    shown = listing(observation(stage=phase))
    assert looked(view(succeeded()), shown, 30).view.jobs == view(after).jobs


@pytest.mark.parametrize(
    ("told", "ended_at"),
    [
        pytest.param(at(500), at(500), id="at the cluster's time"),
        pytest.param(None, at(510), id="when it was seen, where the cluster tells no time"),
        pytest.param(at(9000), at(510), id="when it was seen, if the cluster's clock is ahead"),
    ],
)
def test_a_failure_that_became_a_success_between_two_listings_is_a_new_end(
    told: datetime | None, ended_at: datetime
) -> None:
    before = failed(evidence=Evidence(exit_code=2))
    shown = observation(stage=Stage.SUCCEEDED, ended_at=told)
    after = succeeded(seconds=510, ended_at=ended_at)
    assert looked(view(before), listing(shown), 510).changes == (Change(before, after),)


def test_an_end_is_not_dated_anew_after_its_workload_was_missing_or_leaving() -> None:
    for end in (failed(missed=1), failed(stage=Stage.LEAVING), succeeded(missed=2)):
        phase = Stage.SUCCEEDED if end.stage is Stage.SUCCEEDED else Stage.FAILED
        last = looked(view(end), listing(observation(stage=phase)), 90).view.job("37").last
        assert last is not None
        assert (last.ended_at, last.outcome) == (end.ended_at, end.outcome)


def test_what_runs_again_was_not_deleted_by_us_after_all() -> None:
    known = looked_often(view(failed(delete_asked_at=at(5))), listing(observation()), 30)
    assert known.job("37").last == listed(seconds=30, outcome=MOUNT)


def test_the_log_of_what_runs_again_is_not_saved_yet() -> None:
    known = looked_often(view(failed(log="logs/37.1.log")), listing(observation()), 30)
    assert known.job("37").last == listed(seconds=30, outcome=MOUNT)


@pytest.mark.parametrize(
    ("end", "verdict"),
    [
        pytest.param(failed(outcome=CONFIGURATION), CONFIGURATION, id="a wrong configuration"),
        pytest.param(failed(outcome=UNDETERMINED), UNDETERMINED, id="nobody knows"),
        pytest.param(succeeded(), DONE, id="a success"),
        pytest.param(failed(), END_NOT_SEEN, id="a mount failure may be started again"),
        pytest.param(failed(outcome=BROKEN), END_NOT_SEEN, id="so may what its cluster broke"),
    ],
)
def test_a_verdict_outlives_an_old_listing_that_shows_it_running(
    end: Attempt, verdict: Outcome
) -> None:
    """Its workload was deleted meanwhile: a wrong configuration must not be started again."""
    known = looked_often(view(end), listing(observation()), 30)
    known = looked_often(known, listing(), 60, 90, 120)
    last = known.job("37").last
    assert last is not None
    assert (last.ended_at, last.outcome) == (at(120), verdict)
    assert not known.in_flight


def test_a_success_that_ran_again_and_failed_is_a_success() -> None:
    known = looked_often(view(succeeded()), listing(observation()), 30)
    known = looked_often(known, listing(observation(stage=Stage.FAILED)), 60)
    assert known.job("37").last == succeeded(seconds=60, stage=Stage.FAILED)


@pytest.mark.parametrize("phase", [Stage.LEAVING])
@pytest.mark.parametrize("end", [failed(), failed(outcome=None), succeeded()])
def test_an_end_stands_while_its_workload_leaves_but_its_name_is_taken(
    phase: Stage, end: Attempt
) -> None:
    known = looked_often(view(end), listing(observation(stage=phase)), 30)
    last = known.job("37").last
    assert last is not None
    assert (last.ended_at, last.outcome, last.seen_stage) == (end.ended_at, end.outcome, phase)
    assert known.in_flight == {"37"}
    assert looked_often(known, listing(), 60).in_flight == frozenset()


def test_a_running_job_that_is_being_deleted_has_no_end_yet() -> None:
    known = looked_often(view(listed()), listing(observation(stage=Stage.LEAVING)), 30)
    assert known.job("37").last == listed(stage=Stage.LEAVING, seconds=30)
    assert looked_often(known, listing(), 60, 90).in_flight == {"37"}
    assert looked_often(known, listing(), 60, 90, 120).in_flight == frozenset()


@pytest.mark.parametrize(
    ("shown", "after"),
    [
        pytest.param(
            observation(), listed(seconds=500), id="it runs: it holds its slot again, no end"
        ),
        pytest.param(
            observation(stage=Stage.SUCCEEDED, ended_at=at(200)),
            succeeded(seconds=500, ended_at=at(200)),
            id="it succeeded meanwhile",
        ),
        pytest.param(
            observation(stage=Stage.FAILED),
            failed(seconds=500, outcome=None),
            id="it failed meanwhile, and is to be judged",
        ),
        pytest.param(
            observation(stage=Stage.LEAVING),
            vanished(seconds=90, stage=Stage.LEAVING, seen_at=at(500), missed=0),
            id="it is on its way out: its name is taken, its end still not seen",
        ),
    ],
)
def test_what_had_vanished_and_is_back(shown: Observation, after: Attempt) -> None:
    before = vanished(seconds=90)
    assert looked(view(before), listing(shown), 500).changes == (Change(before, after),)
