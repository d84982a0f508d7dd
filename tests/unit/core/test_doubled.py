"""Two live workloads of one job, where names are not unique: each holds a slot."""

from dataclasses import replace

import pytest
from tests.unit.core.values import (
    PATIENCE,
    RETRY,
    START,
    at,
    batch,
    called,
    failed,
    listed,
    listing,
    looked,
    observation,
    reserved,
    succeeded,
    view,
)

from runbatch.core.actions import Delete, Submit, Why
from runbatch.core.attempt import Attempt
from runbatch.core.job import Job, View
from runbatch.core.planner import plan
from runbatch.core.stage import Stage
from runbatch.core.wish import Wish

QUEUE = replace(PATIENCE, names_unique=False)
TWO = (listed("1"), listed("1", Stage.QUEUED, number=2))


def queue_view(*attempts: Attempt) -> View:
    return View.of(attempts, names_unique=False)


def steps(known: View, wish: Wish = START, cap: int = 2) -> tuple[object, ...]:
    return plan(batch("1", "2", "3", cap=cap), known, wish, at(100), QUEUE).actions


@pytest.mark.parametrize(
    ("attempts", "names_unique", "slots"),
    [
        pytest.param(TWO, False, 2, id="two live ones"),
        pytest.param(TWO, True, 2, id="two are listed, although no two can be"),
        pytest.param((listed("1"), called("1", number=2)), False, 2, id="one runs, one was called"),
        pytest.param((listed("1"), called("1", number=2)), True, 1, id="one has the name"),
        pytest.param((listed("1", missed=1), listed("1", number=2)), False, 2, id="one in doubt"),
        pytest.param((listed("1", missed=1), listed("1", number=2)), True, 1, id="another id"),
        pytest.param((listed("1"), reserved("1", number=2)), False, 1, id="a slot taken ahead"),
        pytest.param((failed("1"), reserved("1", number=2)), False, 1, id="only a slot"),
        pytest.param((failed("1"), listed("1", number=2)), False, 1, id="what ended holds none"),
        pytest.param((failed("1"), succeeded("1", number=2)), False, 0, id="all ended"),
    ],
)
def test_each_live_workload_holds_a_slot(
    attempts: tuple[Attempt, ...], names_unique: bool, slots: int
) -> None:
    assert len(Job("1", attempts, names_unique).holding) == slots
    assert View.of(attempts, names_unique=names_unique).slots == slots


def test_nothing_is_started_while_two_of_one_job_take_all_slots() -> None:
    both = (listed("1"), listed("1", number=2))
    assert steps(queue_view(*both)) == ()
    assert [step.key for step in steps(queue_view(*both), cap=3) if isinstance(step, Submit)] == [
        "2"
    ]


def test_the_younger_one_that_has_not_started_is_removed() -> None:
    assert steps(queue_view(*TWO)) == (Delete(TWO[1]),)
    asked = replace(TWO[1], delete_asked_at=at(90))
    assert steps(queue_view(TWO[0], asked)) == ()


def test_an_older_one_goes_if_only_the_younger_has_started() -> None:
    older = listed("1", Stage.QUEUED)
    assert steps(queue_view(older, listed("1", number=2))) == (Delete(older),)


def test_what_cannot_be_deleted_is_left_alone() -> None:
    assert steps(queue_view(*TWO), replace(START, spare=frozenset({TWO[1].turn}))) == ()


def test_where_no_two_can_share_a_name_such_a_listing_is_not_acted_on() -> None:
    assert plan(batch("1", cap=3), view(*TWO), START, at(100), PATIENCE).actions == ()


def test_a_retry_needs_no_room_for_its_name() -> None:
    (step,) = steps(queue_view(failed("1")), RETRY)
    assert step == Submit("1", 2, why=Why.RETRY)


def test_a_name_that_a_stranger_has_is_no_reason_not_to_submit() -> None:
    known = replace(queue_view(), taken={"1": "somebody's"})
    assert isinstance(steps(known)[0], Submit)


@pytest.mark.parametrize(
    "known",
    [
        pytest.param((), id="nothing"),
        pytest.param((called("1", calls=2),), id="a submit whose answer was lost, twice"),
        pytest.param((listed("1", calls=1, created_at=at(5)),), id="one of them"),
    ],
)
def test_two_of_one_second_are_two_where_names_are_not_unique(known: tuple[Attempt, ...]) -> None:
    both = [observation("1", uid=uid, number=1, created_at=at(5)) for uid in ("1.1", "8")]
    learned = looked(queue_view(*known), listing(*both), 100, patience=QUEUE)
    assert (learned.view.slots, len(learned.view.job("1").attempts)) == (2, 2)
