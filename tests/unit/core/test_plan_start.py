"""What an invocation starts, what it leaves alone, and when it is over."""

from dataclasses import replace

import pytest
from tests.unit.core.values import (
    CONFIGURATION,
    DONE,
    RETRY,
    START,
    UNDETERMINED,
    accepted,
    actions,
    at,
    batch,
    called,
    denied,
    failed,
    listed,
    listing,
    looked,
    observation,
    planned,
    refused,
    remembering,
    reserved_after,
    succeeded,
    vanished,
    view,
)

from runbatch.core.actions import Action, Gather, Plan, Reserve, Submit, Why
from runbatch.core.attempt import Attempt, Outcome, Verdict
from runbatch.core.job import View
from runbatch.core.stage import Stage
from runbatch.core.wish import Wish, rerun, stale

EVERYTHING = Wish(start=True, retry=True, stale=frozenset({vanished("5").turn}))
ONCE = Wish(retry=True, once=True, only=frozenset({failed().turn}))


def reserve(number: int, why: Why = Why.RERUN) -> Reserve:
    return Reserve("37", number, at(0), why, reruns=int(why is Why.RERUN))


def submit(number: int, why: Why, instead_of: Attempt | None = None) -> Submit:
    is_rerun = instead_of is None and why is Why.RERUN
    return Submit("37", number, instead_of, why, reruns=int(is_rerun))


OTHER_ENDS = [
    CONFIGURATION,
    UNDETERMINED,
    Outcome(Verdict.OUT_OF_MEMORY, "exit code 137"),
    Outcome(Verdict.FAILED, "exit code 3"),
]


@pytest.mark.parametrize(
    "known",
    [
        pytest.param(view(), id="nothing was ever started"),
        pytest.param(view(failed()), id="a retry is due"),
        pytest.param(view(failed(outcome=None)), id="a failure is to be judged"),
        pytest.param(view(called(missed=3)), id="a lost submit is due again"),
        pytest.param(view(failed(), reserved_after(failed())), id="a delete is due"),
        pytest.param(view(vanished("5")), id="a vanished job is due again"),
    ],
)
def test_nothing_is_decided_on_a_view_that_is_not_trusted(known: View) -> None:
    assert actions(known, EVERYTHING, 10_000) != ()
    assert planned(replace(known, trusted=False), EVERYTHING, 10_000) == Plan()


@pytest.mark.parametrize(
    ("attempt", "wish"),
    [
        pytest.param(None, RETRY, id="retry starts nothing that was never started"),
        pytest.param(None, Wish(wait=True), id="waiting starts nothing"),
        pytest.param(accepted(), START, id="what was accepted is not submitted again"),
        pytest.param(accepted(missed=3), START, id="nor when it is missing"),
        pytest.param(listed(), START, id="what runs is adopted, not doubled"),
        pytest.param(succeeded(), START, id="what succeeded is skipped"),
        pytest.param(succeeded(missed=3), START, id="also when its workload is gone"),
        pytest.param(succeeded(), RETRY, id="a success is no failure to retry"),
        pytest.param(failed(), START, id="submit leaves failed jobs to retry"),
        pytest.param(failed(missed=3), START, id="also those whose workload is gone"),
        pytest.param(failed(missed=1), RETRY, id="retry leaves alone what somebody deleted"),
        pytest.param(refused(), START, id="what this invocation saw refused"),
        pytest.param(refused(), RETRY, id="what was refused never failed"),
        pytest.param(vanished(), START, id="what this invocation saw vanish"),
        pytest.param(vanished(), RETRY, id="what vanished is not retried"),
        pytest.param(failed(stage=Stage.LEAVING), RETRY, id="a failed one that is leaving"),
        pytest.param(called(missed=2), START, id="a lost submit, two listings on"),
        pytest.param(denied(missed=3), START, id="a denied submit is not called again"),
        pytest.param(denied(missed=3), Wish(), id="not while others are started either"),
        *(
            pytest.param(failed(outcome=end), RETRY, id=f"retry leaves alone: {end.verdict.value}")
            for end in OTHER_ENDS
        ),
        pytest.param(failed(number=4), RETRY, id="its three retries are used up"),
    ],
)
def test_what_is_left_alone(attempt: Attempt | None, wish: Wish) -> None:
    known = view(attempt) if attempt else view()
    assert actions(known, wish, 10_000) == ()


@pytest.mark.parametrize(
    ("missed", "seconds", "again"),
    [
        pytest.param(3, 60, True, id="three listings and the grace time agree"),
        pytest.param(2, 6000, False, id="a listing short"),
        pytest.param(3, 59, False, id="within the grace time"),
        pytest.param(3, -6000, False, id="the clock was set back"),
    ],
)
def test_a_lost_submit_is_called_again_under_the_same_number(
    missed: int, seconds: float, again: bool
) -> None:
    lost = called(number=2, missed=missed)
    steps: tuple[Action, ...] = (Submit("37", 2, instead_of=lost),) if again else ()
    for wish in (START, RETRY, Wish()):
        assert actions(view(failed(missed=3), lost), wish, seconds) == steps


@pytest.mark.parametrize("wish", [START, RETRY, Wish()])
@pytest.mark.parametrize("phase", [Stage.FAILED, Stage.LEAVING])
def test_a_failure_is_judged_before_anything_else(wish: Wish, phase: Stage) -> None:
    ended = failed(stage=phase, outcome=None)
    given = replace(wish, rerun=frozenset({ended.turn}))
    assert actions(view(ended), given, 10_000) == (Gather(ended),)


def test_only_the_newest_attempt_is_judged() -> None:
    known = view(failed(outcome=None, missed=3), listed(number=2))
    assert actions(known, RETRY, 10_000) == ()


@pytest.mark.parametrize(
    ("attempt", "is_stale"),
    [
        pytest.param(vanished(), True, id="it had vanished"),
        pytest.param(refused(), True, id="it had been refused"),
        pytest.param(denied(), True, id="it had been denied: refused, once listings lack it"),
        pytest.param(listed(missed=3), False, id="it was only missing: this one may see it vanish"),
        pytest.param(called(missed=3), False, id="its submit is called again anyway"),
        pytest.param(failed(), False, id="it had failed"),
        pytest.param(succeeded(), False, id="it had succeeded"),
    ],
)
def test_what_is_stale_before_an_invocation_looks(attempt: Attempt, is_stale: bool) -> None:
    assert stale(view(attempt)) == ({attempt.turn} if is_stale else set())


@pytest.mark.parametrize(
    ("attempt", "may"),
    [
        pytest.param(failed(), True, id="it failed"),
        pytest.param(failed(outcome=None), True, id="it failed, and is judged first"),
        pytest.param(succeeded(), True, id="it succeeded"),
        pytest.param(vanished(), True, id="it vanished"),
        pytest.param(refused(), True, id="it was refused"),
        pytest.param(listed(), False, id="it runs"),
        pytest.param(called(), False, id="it is being submitted"),
        pytest.param(failed(stage=Stage.LEAVING), False, id="it is leaving"),
    ],
)
def test_what_a_person_who_names_a_job_has_run_again(attempt: Attempt, may: bool) -> None:
    known = view(attempt, failed("5"), listed("6"))
    assert rerun(known, ["37", "50"]) == ({attempt.turn} if may else set())
    assert rerun(known, []) == set()


def test_only_the_newest_attempt_of_a_job_is_ever_followed() -> None:
    known = view(vanished(), succeeded(number=2))
    assert stale(known) == set()
    assert rerun(known, ["37", "50"]) == {succeeded(number=2).turn}


@pytest.mark.parametrize(
    ("attempt", "step"),
    [
        pytest.param(vanished(), submit(2, Why.RERUN), id="vanished: its name is free"),
        pytest.param(refused(), submit(1, Why.RERUN, refused()), id="refused: it never was"),
        pytest.param(failed(outcome=CONFIGURATION), reserve(2), id="failed and listed"),
        pytest.param(succeeded(), reserve(2), id="succeeded and listed"),
        pytest.param(succeeded(missed=3), submit(2, Why.RERUN), id="succeeded and gone"),
        pytest.param(failed(number=9), reserve(10), id="named however often it was tried"),
    ],
)
def test_how_an_attempt_that_a_person_named_is_followed(attempt: Attempt, step: Action) -> None:
    wish = Wish(start=True, rerun=frozenset({attempt.turn}))
    assert actions(view(attempt), wish) == (step,)


@pytest.mark.parametrize(
    ("attempt", "step"),
    [
        pytest.param(vanished(), submit(2, Why.VANISHED), id="vanished"),
        pytest.param(refused(), submit(1, Why.REFUSED_BEFORE, refused()), id="refused"),
    ],
)
def test_how_a_stale_attempt_is_followed(attempt: Attempt, step: Action) -> None:
    wish = Wish(start=True, stale=stale(view(attempt)))
    assert actions(view(attempt), wish) == (step,)


@pytest.mark.parametrize("wish_for", ["stale", "rerun"])
def test_none_is_followed_twice(wish_for: str) -> None:
    before = view(vanished(), refused("5", calls=1))
    turns = frozenset({vanished().turn, refused("5", calls=1).turn})
    wish = Wish(start=True, **{wish_for: turns})  # type: ignore[arg-type]
    assert len(actions(before, wish)) == 2
    later = view(vanished(), vanished(number=2), refused("5", calls=2))
    assert actions(later, wish, 10_000) == ()


@pytest.mark.parametrize(
    ("before", "shown"),
    [
        pytest.param(vanished(), Stage.SUCCEEDED, id="it had vanished, and has succeeded"),
        pytest.param(refused(), Stage.SUCCEEDED, id="it was refused, yet it has succeeded"),
        pytest.param(vanished(), Stage.FAILED, id="it had vanished, and has failed"),
        pytest.param(vanished(), Stage.RUNNING, id="it had vanished, and runs"),
        pytest.param(refused(), Stage.QUEUED, id="it was refused, yet it is there"),
    ],
)
def test_what_is_back_is_no_longer_to_be_started_again(before: Attempt, shown: Stage) -> None:
    wish = Wish(start=True, stale=stale(view(before)))
    known = looked(view(before), listing(observation(stage=shown)), 500).view
    last = known.job("37").last
    assert last is not None
    if shown is Stage.FAILED:
        assert actions(known, wish, 500) == (Gather(last),)
        known = remembering(known, replace(last, outcome=CONFIGURATION))
    assert actions(known, wish, 500) == ()


@pytest.mark.parametrize(
    "attempt",
    [
        pytest.param(listed(outcome=DONE), id="it was started again by the cluster"),
        pytest.param(succeeded(stage=Stage.LEAVING), id="it is leaving"),
    ],
)
def test_a_named_job_that_holds_a_slot_is_not_followed(attempt: Attempt) -> None:
    wish = Wish(start=True, rerun=frozenset({attempt.turn}))
    assert actions(view(attempt), wish) == ()


@pytest.mark.parametrize(
    ("known", "wish", "seconds", "done"),
    [
        pytest.param(view(), START, 0, False, id="submit: a job is to be started"),
        pytest.param(view(called()), START, 0, False, id="submit: an answer is awaited"),
        pytest.param(view(listed(missed=1)), START, 0, False, id="submit: one listing lacks it"),
        pytest.param(view(accepted()), START, 0, True, id="submit: all are accepted"),
        pytest.param(view(accepted()), Wish(start=True, wait=True), 0, False, id="and wait"),
        pytest.param(view(listed(missed=3)), Wish(wait=True), 0, False, id="wait: it is missing"),
        pytest.param(view(vanished()), Wish(wait=True), 0, True, id="wait: it vanished"),
        pytest.param(view(failed(outcome=None)), START, 0, False, id="a failure is to be judged"),
        pytest.param(view(failed()), START, 0, True, id="submit: what failed is left to retry"),
        pytest.param(view(refused()), START, 0, True, id="submit: what was refused is told"),
        pytest.param(view(), RETRY, 0, True, id="retry: nothing was ever started"),
        pytest.param(view(failed()), RETRY, 0, False, id="retry: its delay is not over"),
        pytest.param(view(failed(number=4)), RETRY, 0, True, id="retry: no retries are left"),
        pytest.param(view(failed(missed=2)), RETRY, 90, False, id="retry: two listings lack it"),
        pytest.param(view(failed(missed=3)), RETRY, 59, False, id="retry: three, but no time yet"),
        pytest.param(view(failed(missed=3)), RETRY, 60, True, id="retry: somebody deleted it"),
        pytest.param(view(failed(outcome=CONFIGURATION)), RETRY, 0, True, id="retry: not for it"),
        pytest.param(view(failed()), ONCE, 30, False, id="once: a retry is due"),
        pytest.param(
            view(failed(missed=3), listed(number=2)),
            ONCE,
            0,
            True,
            id="once: its retry runs",
        ),
        pytest.param(
            view(failed(missed=3), listed(number=2)), RETRY, 0, False, id="retry: its retry runs"
        ),
        pytest.param(view(failed(number=2)), ONCE, 90, True, id="once: it failed once more"),
        pytest.param(view(listed()), Wish(retry=True), 0, True, id="retry: nothing was retried"),
        pytest.param(
            view(failed(missed=3), listed(number=2)),
            Wish(retry=True),
            0,
            False,
            id="retry: until its retry has ended",
        ),
        pytest.param(
            view(failed(stage=Stage.LEAVING), reserved_after(failed())),
            START,
            0,
            False,
            id="a slot is held until the name is free",
        ),
        pytest.param(view(succeeded(), failed("370")), RETRY, 0, True, id="others are not ours"),
    ],
)
def test_when_an_invocation_is_over(known: View, wish: Wish, seconds: float, done: bool) -> None:
    assert planned(known, wish, seconds, of=batch("37")).done is done


@pytest.mark.parametrize(
    ("known", "wish", "wake_at"),
    [
        pytest.param(view(failed()), RETRY, at(30), id="when the only retry is due"),
        pytest.param(
            view(failed(seconds=9), failed("2", number=2), failed("3", seconds=5)),
            RETRY,
            at(35),
            id="when the first of them is due: nobody waits for another's delay",
        ),
        pytest.param(view(failed()), START, None, id="submit waits for no retry"),
        pytest.param(
            view(failed(seconds=-20, missed=3)), RETRY, None, id="it was deleted by somebody"
        ),
        pytest.param(view(listed()), RETRY, None, id="nothing failed"),
    ],
)
def test_when_to_look_again(known: View, wish: Wish, wake_at: object) -> None:
    plan = planned(known, wish, 20)
    assert (plan.actions, plan.wake_at) == ((), wake_at)


@pytest.mark.parametrize(
    ("attempt", "seconds", "due"),
    [
        pytest.param(failed(), 29.9, False, id="30 s before retry 1"),
        pytest.param(failed(), 30, True, id="retry 1 is due after 30 s"),
        pytest.param(failed(number=2), 59.9, False, id="60 s before retry 2"),
        pytest.param(failed(number=2), 60, True, id="retry 2 is due after 60 s"),
        pytest.param(failed(number=3), 120, True, id="retry 3 is due after 120 s"),
        pytest.param(failed(ended_at=at(-20)), 10, True, id="from the cluster's earlier time"),
    ],
)
def test_a_retry_waits_for_its_delay_and_for_no_other(
    attempt: Attempt, seconds: float, due: bool
) -> None:
    known = view(attempt, failed("2", seconds=500))
    steps = actions(known, RETRY, seconds)
    assert steps == (
        (Reserve("37", attempt.number + 1, attempt.ended_at, Why.RETRY),) if due else ()
    )
