"""Jobs that all end alike: when no more are started, and when all the same."""

from dataclasses import replace

import pytest
from tests.unit.core.values import (
    BROKEN,
    CONFIGURATION,
    MOUNT,
    PATIENCE,
    START,
    at,
    batch,
    failed,
    listed,
    succeeded,
    view,
)

from runbatch.core.actions import Streak
from runbatch.core.attempt import Attempt, Cause, Evidence, Outcome, Verdict
from runbatch.core.planner import plan
from runbatch.core.streak import streak_of
from runbatch.core.wish import Wish

SINCE = at(10)
FAILED = Outcome(Verdict.FAILED, "exit code 127")


def ended(outcome: Outcome | None, code: int | None, count: int, first: int = 1) -> list[Attempt]:
    evidence = Evidence(exit_code=code) if code is not None else None
    return [
        failed(str(key), outcome=outcome, evidence=evidence, called_at=at(20))
        for key in range(first, first + count)
    ]


MISSING = ended(FAILED, 127, 5)
WRONG = ended(CONFIGURATION, 1, 5)
LAUNCH = Evidence(cause=Cause.LAUNCH, exit_code=127, reason="ContainerCannotRun")
NOT_STARTED = [replace(each, evidence=LAUNCH) for each in ended(BROKEN, None, 9)]


@pytest.mark.parametrize(
    ("attempts", "streak"),
    [
        pytest.param(MISSING, Streak(5, "exit code 127"), id="no such program"),
        pytest.param(ended(FAILED, 126, 6), Streak(6, "exit code 126"), id="not to run"),
        pytest.param(WRONG, Streak(5, "configuration error"), id="set up wrongly"),
        pytest.param(
            [*ended(CONFIGURATION, None, 5), *ended(MOUNT, 2, 9, first=6)],
            Streak(5, "configuration error"),
            id="others ended in another way",
        ),
    ],
)
def test_so_many_ends_alike_are_enough(attempts: list[Attempt], streak: Streak) -> None:
    assert streak_of(view(*attempts), SINCE) == streak


@pytest.mark.parametrize(
    "attempts",
    [
        pytest.param(MISSING[:4], id="one too few"),
        pytest.param([*MISSING, succeeded("6", called_at=at(20))], id="one succeeded"),
        pytest.param([*MISSING[:4], *ended(CONFIGURATION, 1, 4, first=5)], id="not alike"),
        pytest.param(ended(FAILED, 3, 9), id="the work itself failed"),
        pytest.param(ended(FAILED, None, 9), id="no exit code is known"),
        pytest.param(ended(MOUNT, 2, 9), id="mount failures"),
        pytest.param(NOT_STARTED, id="the cluster could not start their containers"),
        pytest.param([replace(each, called_at=at(9)) for each in MISSING], id="called before"),
        pytest.param([replace(each, called_at=None) for each in MISSING], id="never called"),
        pytest.param([replace(each, ended_at=None) for each in MISSING], id="not ended after all"),
        pytest.param([], id="nothing was started"),
    ],
)
def test_all_else_is_not(attempts: list[Attempt]) -> None:
    assert streak_of(view(*attempts), SINCE) is None


def test_who_only_looks_has_not_begun() -> None:
    assert streak_of(view(*MISSING), None) is None


def test_no_job_is_started_any_more_and_what_runs_is_waited_for() -> None:
    ours, patience = batch(*map(str, range(1, 10))), replace(PATIENCE, since=SINCE)
    rerun = frozenset({MISSING[0].turn})
    wish = Wish(start=True, wait=True, rerun=rerun, stale=rerun)
    found = plan(ours, view(*MISSING), wish, at(60), patience)
    assert (found.actions, found.done) == ((), True)
    assert found.streak == streak_of(view(*MISSING), SINCE)
    running = plan(ours, view(*MISSING, listed("6")), wish, at(60), patience)
    assert (running.actions, running.done) == ((), False)


@pytest.mark.parametrize("wish", [replace(START, keep_going=True), Wish(retry=True)])
def test_a_person_may_go_on_and_a_retry_starts_nothing_new(wish: Wish) -> None:
    ours, patience = batch(*map(str, range(1, 10))), replace(PATIENCE, since=SINCE)
    found = plan(ours, view(*MISSING), wish, at(60), patience)
    assert found.streak is None
    assert len(found.actions) == (4 if wish.start else 0)
