"""A workload stays the attempt that it is, whatever its id says in one listing."""

from dataclasses import replace
from typing import Any

import pytest
from tests.unit.core.values import (
    CONFIGURATION,
    DONE,
    END_NOT_SEEN,
    MOUNT,
    accepted,
    at,
    called,
    failed,
    listed,
    listing,
    looked,
    looked_often,
    observation,
    reserved_after,
    succeeded,
    vanished,
    view,
)

from runbatch.core.attempt import Attempt, Observation, Outcome
from runbatch.core.identity import is_own_id
from runbatch.core.job import View
from runbatch.core.stage import Stage

BORN = at(-7)
OTHER = "another-id"
NO_ID = "created 2026-01-05T09:29:53Z"
NOTHING = "created None"
MISSING = (30, 60, 90)


def ours(**changes: Any) -> Attempt:
    """An attempt that we submitted, and a listing showed with its time of creation."""
    fields: dict[str, Any] = {"calls": 1, "created_at": BORN}
    return listed(**fields | changes)


def adopted(number: int = 2, **changes: Any) -> Attempt:
    """An attempt that no submit made, of an id that is not listed any more."""
    fields: dict[str, Any] = {"uid": OTHER}
    return listed(number=number, **fields | changes)


def row(uid: str = OTHER, **changes: Any) -> Observation:
    fields: dict[str, Any] = {"uid": uid, "created_at": BORN}
    return observation(**fields | changes)


def attempts(given: View) -> tuple[Attempt, ...]:
    return given.job("37").attempts


@pytest.mark.parametrize("number", [1, None])
@pytest.mark.parametrize("uid", [OTHER, NO_ID, NOTHING])
@pytest.mark.parametrize(
    ("known", "phase"),
    [
        (ours(), Stage.RUNNING),
        (ours(missed=2), Stage.RUNNING),
        (ours(stage=Stage.FAILED, ended_at=at(0), outcome=MOUNT), Stage.FAILED),
        (ours(stage=Stage.SUCCEEDED, ended_at=at(0), outcome=DONE), Stage.SUCCEEDED),
    ],
)
def test_what_was_created_just_then_is_the_attempt_that_is_known(
    known: Attempt, phase: Stage, uid: str, number: int | None
) -> None:
    shown = row(uid, number=number, stage=phase)
    learned = looked(view(known), listing(shown), 30)
    (after,) = attempts(learned.view)
    assert (after.uid, after.listed, after.ended_at) == ("37.1", True, known.ended_at)
    back = looked(learned.view, listing(row("37.1", stage=phase)), 60).view
    (after,) = attempts(back)
    assert (after.uid, after.other_uid, after.created_at) == ("37.1", None, BORN)


@pytest.mark.parametrize(
    ("known", "shown"),
    [
        pytest.param(ours(), row(created_at=at(-6)), id="created at another time"),
        pytest.param(ours(), row(number=2), id="another number, created in the same second"),
        pytest.param(ours(), row(created_at=None, number=1), id="no time is shown"),
        pytest.param(ours(created_at=None), row(number=1), id="no time is known"),
        pytest.param(ours(uid=NO_ID), row(created_at=at(-6)), id="no id is known, another time"),
    ],
)
def test_what_may_be_another_is_another_attempt(known: Attempt, shown: Observation) -> None:
    learned = looked(view(known), listing(shown), 30)
    first, second = attempts(learned.view)
    assert (first.uid, first.missed) == (known.uid, 1)
    assert (second.number, second.uid) == (2, OTHER)


def test_the_number_of_what_nobody_here_submitted_is_not_its_workload_s() -> None:
    known = ours(number=2, calls=0)
    learned = looked(view(failed(missed=3), known), listing(row(number=1)), 30)
    assert [(each.uid, each.missed) for each in attempts(learned.view)] == [
        ("37.1", 3),
        ("37.2", 0),
    ]


@pytest.mark.parametrize("rows", [(row(), row("37.1")), (row("37.1"), row()), (row("37.1"),) * 2])
def test_of_two_rows_of_one_workload_the_one_of_its_own_id_counts(
    rows: tuple[Observation, ...],
) -> None:
    learned = looked(view(ours()), listing(*rows), 30)
    assert learned.view.jobs == view(ours(seconds=30)).jobs


@pytest.mark.parametrize("uid", ["37.A ", " 37.A", "37.a"])
def test_capitals_and_blanks_make_no_other_id(uid: str) -> None:
    known = ours(uid="37.A", created_at=None)
    learned = looked(view(known), listing(observation(uid=uid)), 30)
    assert learned.view.jobs == view(replace(known, seen_at=at(30))).jobs


@pytest.mark.parametrize("before", [called(calls=1), accepted(uid=None, calls=1)])
@pytest.mark.parametrize("first", [OTHER, NO_ID, NOTHING])
def test_an_id_is_filled_in_once_and_corrected_when_two_listings_agree(
    before: Attempt, first: str
) -> None:
    known = looked(view(before), listing(row(first)), 30).view
    assert [each.uid for each in attempts(known)] == [first]
    known = looked(known, listing(row("37.1")), 60).view
    assert [each.uid for each in attempts(known)] == [first if first == OTHER else "37.1"]
    known = looked(known, listing(row("37.1")), 90).view
    assert [(each.uid, each.other_uid) for each in attempts(known)] == [("37.1", None)]


def test_two_listings_that_do_not_agree_change_no_id() -> None:
    known = view(ours())
    for seconds, uid in enumerate((OTHER, "37.1", OTHER, "a-third", OTHER)):
        known = looked(known, listing(row(uid)), seconds).view
    assert [each.uid for each in attempts(known)] == ["37.1"]


def test_two_rows_of_a_workload_that_nobody_remembers_are_one_attempt() -> None:
    learned = looked(view(), listing(row(), row("37.1")), 30)
    assert [each.uid for each in attempts(learned.view)] == [OTHER]


def test_an_attempt_that_waits_for_its_name_is_not_the_one_before_it() -> None:
    old = ours(stage=Stage.FAILED, ended_at=at(0), outcome=MOUNT)
    learned = looked(view(old, reserved_after(old)), listing(row(stage=Stage.FAILED)), 30)
    first, second = attempts(learned.view)
    assert (first.listed, second.uid) == (True, None)


@pytest.mark.parametrize(
    ("known", "number", "which"),
    [
        pytest.param((ours(),), None, 1, id="the only one"),
        pytest.param((ours(missed=1),), None, 1, id="the only one, and missing"),
        pytest.param((failed(calls=1), called(number=2, calls=1)), None, 1, id="listed last"),
        pytest.param((failed(missed=1), called(number=2, calls=1)), None, 2, id="the newest"),
        pytest.param((failed(missed=1), called(number=2, calls=1)), 1, 1, id="that of its number"),
    ],
)
def test_a_row_without_id_and_time_is_what_was_listed_last(
    known: tuple[Attempt, ...], number: int | None, which: int
) -> None:
    shown = observation(uid=NOTHING, number=number)
    learned = looked(view(*known), listing(shown), 30)
    assert len(attempts(learned.view)) == len(known)
    assert [each.number for each in attempts(learned.view) if each.listed] == [which]


def test_a_row_without_id_and_time_of_a_job_that_nobody_remembers_is_adopted() -> None:
    (after,) = attempts(looked(view(), listing(observation(uid=NOTHING)), 30).view)
    assert (after.uid, after.number) == (NOTHING, 1)


@pytest.mark.parametrize("uid", [None, "", NO_ID, NOTHING])
def test_what_stands_in_for_an_id_is_none(uid: str | None) -> None:
    assert not is_own_id(uid)
    assert is_own_id(OTHER)


# -- what no submit made, and is gone ---------------------------------------------------------


@pytest.mark.parametrize(
    ("outcome", "phase"),
    [(DONE, Stage.SUCCEEDED), (CONFIGURATION, Stage.FAILED), (MOUNT, Stage.FAILED)],
)
def test_what_no_submit_made_does_not_outrank_what_is_listed(
    outcome: Outcome, phase: Stage
) -> None:
    first = ours(stage=phase, ended_at=at(0), outcome=outcome, created_at=None)
    known = view(first, adopted())
    answer = listing(observation(stage=phase))
    assert looked_often(known, answer, *MISSING[:-1]).in_flight == {"37"}
    learned = looked(looked_often(known, answer, *MISSING[:-1]), answer, MISSING[-1])
    assert attempts(learned.view) == (first,)
    assert [each.number for each in learned.forgotten] == [2]
    assert not [each for each in learned.changes if each.after.number == 2]
    assert learned.view.in_flight == frozenset()


@pytest.mark.parametrize(
    ("known", "left"),
    [
        pytest.param((ours(), adopted(missed=2)), [1], id="never ended, beside a listed one"),
        pytest.param(
            (ours(), adopted(stage=Stage.FAILED, ended_at=at(0), outcome=MOUNT, missed=2)),
            [1],
            id="ended, beside a listed one",
        ),
        pytest.param(
            (ours(), adopted(2, missed=2), adopted(3, uid="b", missed=2)), [1], id="two of them"
        ),
        pytest.param(
            (ours(), vanished(number=2)), [1], id="taken for vanished by an earlier version"
        ),
        pytest.param(
            (succeeded(missed=3), adopted(missed=2)), [1], id="after a success that is gone"
        ),
        pytest.param(
            (failed(outcome=CONFIGURATION, missed=3), adopted(missed=2)),
            [1],
            id="after a configuration error that is gone",
        ),
        pytest.param((vanished(), adopted(missed=2)), [1, 2], id="nothing before it has an end"),
        pytest.param(
            (listed(missed=1), adopted(missed=2)), [1, 2], id="the one before it is in doubt"
        ),
        pytest.param(
            (
                failed(missed=3),
                adopted(stage=Stage.FAILED, ended_at=at(0), outcome=CONFIGURATION, missed=2),
            ),
            [1, 2],
            id="both ends were seen",
        ),
        pytest.param((ours(), succeeded(number=2, missed=3)), [1, 2], id="a success is one"),
        pytest.param(
            (ours(), adopted(calls=1, missed=2)), [1, 2], id="a submit made it: it was there"
        ),
        pytest.param((ours(), adopted(missed=1)), [1, 2], id="two listings are too few"),
        pytest.param((ours(), adopted(seconds=90, missed=3)), [1, 2], id="too soon"),
        pytest.param((adopted(1, missed=2),), [1], id="the only one"),
    ],
)
def test_what_is_left_of_those_that_no_submit_made(
    known: tuple[Attempt, ...], left: list[int]
) -> None:
    shown = [row(each.uid or "") for each in known if each.listed]
    learned = looked(view(*known), listing(*shown), 90)
    assert [each.number for each in attempts(learned.view)] == left
    forgotten = {each.number for each in learned.forgotten}
    assert forgotten == {each.number for each in known} - set(left)


def test_what_is_forgotten_was_gone_by_its_own_right() -> None:
    alone = looked_often(view(adopted(1)), listing(), *MISSING)
    assert attempts(alone)[0].outcome == END_NOT_SEEN
