"""Which workload is which attempt, and what becomes of those that nobody remembers."""

from typing import Any

import pytest
from tests.unit.core.values import (
    DONE,
    accepted,
    at,
    batch,
    called,
    failed,
    listed,
    listing,
    looked,
    observation,
    refused,
    reserved,
    succeeded,
    vanished,
    view,
)

from runbatch.core.attempt import Attempt, Observation
from runbatch.core.job import View
from runbatch.core.reconcile import Change
from runbatch.core.stage import Stage


def adopted(seconds: float, **changes: Any) -> Attempt:
    """An attempt that a listing at `seconds` was the first to tell of."""
    now = at(seconds)
    fields: dict[str, Any] = {
        "reserved_at": now,
        "called_at": now,
        "submitted_at": now,
        "agreed": True,
    }
    return listed(seconds=seconds, **fields | changes)


@pytest.mark.parametrize(
    ("known", "shown", "after"),
    [
        pytest.param(
            view(),
            observation(uid="theirs"),
            adopted(30, uid="theirs"),
            id="nobody remembers the job: it becomes attempt 1",
        ),
        pytest.param(
            view(),
            observation(uid="theirs", number=3, node="gpu-node5"),
            adopted(30, uid="theirs", number=3, node="gpu-node5"),
            id="it says that it is attempt 3: so it is, and two retries are used up",
        ),
        pytest.param(
            view(),
            observation(uid="theirs", stage=Stage.SUCCEEDED),
            adopted(30, uid="theirs", stage=Stage.SUCCEEDED, ended_at=at(30), outcome=DONE),
            id="it succeeded already",
        ),
        pytest.param(
            view(),
            observation(uid="theirs", stage=Stage.FAILED, ended_at=at(-5000)),
            adopted(30, uid="theirs", stage=Stage.FAILED, ended_at=at(-5000)),
            id="it failed long ago by the cluster's time: it is to be judged",
        ),
        pytest.param(
            view(failed(missed=1)),
            observation(uid="theirs"),
            adopted(30, uid="theirs", number=2),
            id="another uid under a known name is the next attempt",
        ),
        pytest.param(
            view(failed(missed=1)),
            observation(uid="theirs", number=1),
            adopted(30, uid="theirs", number=2),
            id="its own number does not put it before what is known",
        ),
        pytest.param(
            view(failed(missed=1)),
            observation(uid="theirs", number=4),
            adopted(30, uid="theirs", number=4),
            id="its own number puts it after retries that nobody remembers",
        ),
        pytest.param(
            view(vanished()),
            observation(uid="theirs"),
            adopted(30, uid="theirs", number=2),
            id="the old one had vanished, somebody started it anew",
        ),
        pytest.param(
            view(succeeded(missed=3)),
            observation(uid="theirs"),
            adopted(30, uid="theirs", number=2),
            id="somebody started a job again that had succeeded",
        ),
    ],
)
def test_a_workload_that_none_of_the_attempts_can_be_is_adopted(
    known: View, shown: Observation, after: Attempt
) -> None:
    learned = looked(known, listing(shown), 30, asked_before=())
    assert learned.changes == (Change(None, after),)
    assert learned.view.job("37").last == after


@pytest.mark.parametrize(
    ("before", "after"),
    [
        pytest.param(
            called(), listed(seconds=30, submitted_at=at(30)), id="answer lost, then listed"
        ),
        pytest.param(
            called(missed=3), listed(seconds=30, submitted_at=at(30)), id="missing, then listed"
        ),
        pytest.param(accepted(), listed(seconds=30), id="accepted, then listed"),
        pytest.param(accepted(uid=None), listed(seconds=30), id="accepted without a uid"),
        pytest.param(
            refused(),
            listed(seconds=30, submitted_at=at(30)),
            id="refused, yet there it is: the refusal is forgotten",
        ),
        pytest.param(
            reserved(),
            listed(seconds=30, called_at=at(30), submitted_at=at(30), agreed=True),
            id="a slot was held for it: somebody was quicker",
        ),
    ],
)
def test_the_newest_attempt_without_a_uid_is_the_workload_that_is_listed(
    before: Attempt, after: Attempt
) -> None:
    learned = looked(view(before), listing(observation()), 30)
    assert learned.changes == (Change(before, after),)
    assert after.holds_slot


def test_the_old_uid_is_still_there_so_the_new_attempt_is_not() -> None:
    """A crash after the submit of attempt 2 was begun: the delete has not been done."""
    known = view(failed(missed=1), called(number=2))
    learned = looked(known, listing(observation(stage=Stage.FAILED)), 30)
    assert (
        learned.view.jobs == view(failed(missed=0, seen_at=at(30)), called(number=2, missed=1)).jobs
    )


def test_another_uid_is_there_so_the_submit_went_through() -> None:
    known = view(failed(missed=1), called(number=2))
    learned = looked(known, listing(observation(uid="37.2")), 30)
    assert (
        learned.view.jobs
        == view(failed(missed=2), listed(number=2, seconds=30, submitted_at=at(30))).jobs
    )


def test_somebody_took_the_name_that_an_attempt_waited_for() -> None:
    known = view(failed(), reserved(number=2))
    learned = looked(known, listing(observation(uid="theirs")), 30)
    assert learned.view.job("37").attempts == (
        failed(missed=1),
        adopted(30, uid="theirs", number=2, reserved_at=at(0)),
    )


def test_two_attempts_of_a_job_are_told_apart_by_their_uids() -> None:
    known = view(listed(stage=Stage.FAILED, ended_at=at(0)), listed(number=2))
    deleting = observation(stage=Stage.LEAVING)
    running = observation(uid="37.2", node="gpu-node7")
    learned = looked(known, listing(running, deleting), 30)
    assert (
        learned.view.jobs
        == view(
            listed(stage=Stage.LEAVING, seconds=30, ended_at=at(0)),
            listed(number=2, seconds=30, node="gpu-node7"),
        ).jobs
    )


def test_two_unknown_workloads_of_one_name_are_two_attempts() -> None:
    shown = (observation(uid="a", stage=Stage.LEAVING), observation(uid="b"))
    learned = looked(view(), listing(*shown), 30)
    assert learned.view.job("37").attempts == (
        adopted(30, uid="a", stage=Stage.LEAVING),
        adopted(30, uid="b", number=2),
    )
    assert learned.view.in_flight == {"37"}


def test_a_workload_that_is_listed_twice_is_one_attempt() -> None:
    twice = (observation(uid="a", stage=Stage.QUEUED), observation(uid="a"))
    learned = looked(view(), listing(*twice), 30)
    assert [attempt.uid for attempt in learned.view.job("37").attempts] == ["a"]


def test_the_node_that_was_told_once_is_remembered() -> None:
    learned = looked(view(listed(node="gpu-node5")), listing(observation()), 30)
    assert learned.view.jobs == view(listed(seconds=30, node="gpu-node5")).jobs


@pytest.mark.parametrize(
    ("name", "slots"),
    [
        pytest.param("gwas-37", {"37"}, id="a job of the range"),
        pytest.param("gwas-370", {"370"}, id="a job of the prefix, outside the range"),
        pytest.param("gwas-2-37", set(), id="another batch's"),
        pytest.param("gwas-2-test", set(), id="nobody's"),
        pytest.param("xgwas-37", set(), id="another prefix"),
        pytest.param("gwas-037", set(), id="a number that we would not write so"),
    ],
)
def test_only_the_batch_s_own_workloads_are_ever_counted(name: str, slots: set[str]) -> None:
    learned = looked(view(), listing(observation(name=name)), 30)
    assert learned.view.in_flight == slots
    assert bool(learned.changes) == bool(slots)


def test_where_keys_are_words_a_key_that_the_ledger_knows_is_the_batch_s_too() -> None:
    known = view(succeeded("sample-b", missed=3))
    shown = (
        observation("sample-a"),
        observation("sample-b", stage=Stage.QUEUED),
        observation("sample-c"),
        observation("37"),
    )
    words = batch("sample-a", integer_keys=False)
    learned = looked(known, listing(*shown), 30, of=words)
    assert learned.view.in_flight == {"sample-a", "sample-b"}


def test_the_changes_are_told_in_the_order_of_the_keys() -> None:
    shown = [observation(key) for key in ("9", "37", "10")]
    changes = looked(view(listed("12")), listing(*shown), 30).changes
    assert [change.after.key for change in changes] == ["10", "12", "37", "9"]
