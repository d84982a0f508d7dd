"""What every view draws, and the sentences people read."""

import pytest
from tests.unit.core.values import (
    DONE,
    MOUNT,
    accepted,
    at,
    batch,
    called,
    denied,
    failed,
    listed,
    listing,
    looked,
    observation,
    refused,
    reserved,
    reserved_after,
    succeeded,
    vanished,
    view,
)

from runbatch.core.attempt import Attempt, Observation
from runbatch.core.events import Event, Kind, of_change, of_submit, of_verdict
from runbatch.core.job import State
from runbatch.core.reconcile import Change
from runbatch.core.snapshot import JobSnapshot, snapshot_of
from runbatch.core.stage import Stage

KEYS = ("2", "3", "4", "5", "6", "7", "8", "9")
KNOWN = view(
    listed("3"),
    succeeded("4"),
    failed("5"),
    refused("6"),
    vanished("7"),
    failed("8"),
    reserved_after(failed("8")),
    called("370"),
    listed("42", Stage.HELD),
    failed("99"),
)


def test_a_snapshot_tells_where_each_job_stands() -> None:
    taken = snapshot_of(batch(*KEYS), KNOWN, at(5))
    states = [(job.key, job.state.value) for job in taken.jobs]
    assert states == [
        ("2", "waiting"),
        ("3", "in_flight"),
        ("4", "succeeded"),
        ("5", "failed"),
        ("6", "failed"),
        ("7", "failed"),
        ("8", "in_flight"),
        ("9", "waiting"),
        ("370", "in_flight"),
        ("42", "in_flight"),
    ]
    assert (taken.at, taken.batch) == (at(5), batch(*KEYS))


def test_the_counts_add_up_and_agree_with_the_slots() -> None:
    taken = snapshot_of(batch(*KEYS), KNOWN, at(5))
    assert taken.counts == {
        State.WAITING: 2,
        State.IN_FLIGHT: 4,
        State.SUCCEEDED: 1,
        State.FAILED: 3,
    }
    assert sum(taken.counts.values()) == len(taken.jobs) == 10
    assert taken.in_flight == len(KNOWN.in_flight)
    assert [job.key for job in taken.failed] == ["5", "6", "7"]


def test_every_count_is_there_if_only_with_0() -> None:
    counts = snapshot_of(batch("2"), view(), at(0)).counts
    assert [(state.value, count) for state, count in counts.items()] == [
        ("waiting", 1),
        ("in_flight", 0),
        ("succeeded", 0),
        ("failed", 0),
    ]


def test_a_job_is_shown_with_its_attempts_and_its_next_retry() -> None:
    tries = (failed("37", missed=3), failed("37", number=2, seconds=10))
    taken = snapshot_of(batch("37"), view(*tries), at(20))
    assert taken.jobs == (JobSnapshot("37", "gwas-37", State.FAILED, tries[1], at(70), (), tries),)


@pytest.mark.parametrize(
    "attempts",
    [
        pytest.param((), id="it was never started"),
        pytest.param((listed(),), id="it runs"),
        pytest.param((failed(), reserved_after(failed())), id="its retry has begun"),
        pytest.param((failed(stage=Stage.LEAVING),), id="it is leaving"),
        pytest.param((failed(number=4),), id="no retries are left"),
        pytest.param((failed(missed=1),), id="somebody deleted it: retry leaves it alone"),
        pytest.param((failed(outcome=None),), id="it is not judged"),
        pytest.param((succeeded(),), id="it succeeded"),
        pytest.param((refused(),), id="it was refused"),
    ],
)
def test_no_retry_is_to_come(attempts: tuple[Attempt, ...]) -> None:
    (job,) = snapshot_of(batch("37"), view(*attempts), at(0)).jobs
    assert job.next_retry_at is None


@pytest.mark.parametrize(
    ("before", "shown", "event"),
    [
        pytest.param(
            None,
            observation(),
            Event(Kind.ADOPT, "gwas-37 exists already (Running); it is not submitted again", "37"),
            id="a workload nobody remembers",
        ),
        pytest.param(
            None,
            observation(stage=Stage.SUCCEEDED),
            Event(
                Kind.ADOPT, "gwas-37 exists already (Completed); it is not submitted again", "37"
            ),
            id="a workload nobody remembers, that succeeded",
        ),
        pytest.param(
            reserved(number=2),
            observation(uid="theirs"),
            Event(
                Kind.ADOPT,
                "gwas-37 (attempt 2) exists already (Running); it is not submitted again",
                "37",
            ),
            id="somebody took the name",
        ),
        pytest.param(
            listed(),
            observation(stage=Stage.SUCCEEDED),
            Event(Kind.DONE, "gwas-37 succeeded", "37"),
            id="a success",
        ),
        pytest.param(
            called(number=2),
            observation(uid="37.2", stage=Stage.SUCCEEDED),
            Event(Kind.DONE, "gwas-37 (attempt 2) succeeded", "37"),
            id="a retry's success, though its submit was never answered",
        ),
        pytest.param(
            vanished(),
            observation(stage=Stage.SUCCEEDED),
            Event(Kind.DONE, "gwas-37 succeeded", "37"),
            id="it had vanished, and succeeded",
        ),
        pytest.param(
            failed(),
            observation(stage=Stage.SUCCEEDED),
            Event(Kind.DONE, "gwas-37 succeeded", "37"),
            id="it had failed, was started again, and succeeded, all between two listings",
        ),
        pytest.param(listed(), observation(stage=Stage.FAILED), None, id="a failure: judged first"),
        pytest.param(accepted(), observation(), None, id="it is listed, as was expected"),
        pytest.param(
            called(),
            observation(),
            Event(Kind.SUBMIT, "gwas-37 (its answer was lost; the listing shows it)", "37"),
            id="the lost submit went through",
        ),
        pytest.param(
            denied(),
            observation(),
            Event(Kind.SUBMIT, "gwas-37 (it was denied; the listing shows it)", "37"),
            id="the denied submit went through",
        ),
        pytest.param(failed(), observation(), None, id="it was started again"),
        pytest.param(listed(), observation(stage=Stage.LEAVING), None, id="it is leaving"),
    ],
)
def test_what_a_listing_tells_people(
    before: Attempt | None, shown: Observation, event: Event | None
) -> None:
    known = view(before) if before else view()
    (change,) = looked(known, listing(shown), 30).changes
    assert of_change(change, batch("37")) == event


@pytest.mark.parametrize(
    ("before", "text"),
    [
        pytest.param(
            listed(missed=2), "gwas-37 is no longer there; its end was not seen", id="it ran"
        ),
        pytest.param(
            accepted(number=2, missed=2),
            "gwas-37 (attempt 2) is no longer there; accepted, but never listed",
            id="it was accepted",
        ),
    ],
)
def test_what_vanished_is_told(before: Attempt, text: str) -> None:
    (change,) = looked(view(before), listing(), 60).changes
    assert of_change(change, batch("37")) == Event(Kind.GONE, text, "37")


@pytest.mark.parametrize(
    "before",
    [
        pytest.param(listed(), id="it ran: that proves nothing yet"),
        pytest.param(called(), id="its submit was not answered"),
        pytest.param(succeeded(), id="it succeeded, which was told before"),
        pytest.param(failed(), id="it failed, which was told before"),
    ],
)
def test_a_workload_that_is_missing_is_not_told_at_once(before: Attempt) -> None:
    (change,) = looked(view(before), listing(), 60).changes
    assert of_change(change, batch("37")) is None


def test_a_success_that_ends_once_more_is_told_as_one() -> None:
    change = Change(listed(outcome=DONE), succeeded(stage=Stage.FAILED, seconds=9))
    event = of_change(change, batch("37"))
    assert event == Event(Kind.DONE, "gwas-37 succeeded", "37")


@pytest.mark.parametrize(
    ("number", "who"), [(1, "gwas-37"), (2, "gwas-37 (attempt 2)"), (3, "gwas-37 (attempt 3)")]
)
def test_what_is_told_of_a_submission_and_of_a_verdict(number: int, who: str) -> None:
    job = batch("37")
    assert of_submit("37", number, job) == Event(Kind.SUBMIT, who, "37")
    verdict = Event(Kind.FAIL, f"{who}: mount failure (exit code 2)", "37")
    assert of_verdict(failed(number=number, outcome=MOUNT), job) == verdict


def test_the_words_in_brackets() -> None:
    assert all(kind.value == kind.name for kind in Kind)
