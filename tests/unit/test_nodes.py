"""Which node stands out, and what is counted at all; test_exact holds the numbers to scipy's."""

from collections.abc import Iterable
from dataclasses import replace

import pytest
from tests.unit.core.values import (
    BROKEN,
    CONFIGURATION,
    END_NOT_SEEN,
    UNDETERMINED,
    failed,
    running_again,
    succeeded,
)

from runbatch.core.attempt import Attempt, Outcome, Verdict
from runbatch.views.report.nodes import (
    Method,
    NodeRecord,
    drawn_tail,
    node_records,
    sign_tail,
)


def ran(node: str | None, *, good: int = 0, bad: int = 0) -> list[Attempt]:
    """So many attempts on this node that succeeded, and that found a mount missing."""
    return [succeeded(node=node) for _ in range(good)] + [failed(node=node) for _ in range(bad)]


def record(records: Iterable[NodeRecord], node: str) -> NodeRecord:
    return next(each for each in records if each.node == node)


@pytest.mark.parametrize(
    ("right", "guessed", "missed", "left", "p"),
    [
        pytest.param(4, 4, 0, 4, 1 / 70, id="the lady names all four cups"),
        pytest.param(3, 4, 1, 4, 17 / 70, id="three or more"),
        pytest.param(2, 4, 2, 4, 53 / 70, id="two or more"),
        pytest.param(0, 4, 4, 4, 1, id="any number at all"),
        pytest.param(1, 1, 0, 1, 1 / 2, id="one and one"),
        pytest.param(2, 3, 1, 5, 2 / 7, id="more cups are left than were guessed"),
        pytest.param(2, 2, 0, 0, 1, id="there are no others"),
    ],
)
def test_fishers_test_on_the_lady_who_tasted_tea(
    right: int, guessed: int, missed: int, left: int, p: float
) -> None:
    assert drawn_tail(right, guessed, missed, left) == pytest.approx(p, rel=1e-12)


@pytest.mark.parametrize(
    ("heads", "tosses", "p"),
    [(6, 6, 1 / 64), (5, 6, 7 / 64), (2, 4, 11 / 16), (0, 3, 1), (0, 0, 1)],
)
def test_the_sign_test_on_a_coin(heads: int, tosses: int, p: float) -> None:
    assert sign_tail(heads, tosses) == p


def test_a_bad_node_stands_out_and_comes_first() -> None:
    attempts = [*ran("n1", good=85, bad=1), *ran("n5", good=2, bad=9), *ran("n2", good=83, bad=1)]
    records = node_records(attempts)
    assert [each.node for each in records] == ["n5", "n1", "n2"]
    assert [each.stands_out for each in records] == [True, False, False]
    assert records[0] == NodeRecord(
        node="n5",
        ended=11,
        mount_failures=9,
        ended_elsewhere=170,
        mount_failures_elsewhere=2,
        method=Method.FISHER,
        p=3 * drawn_tail(9, 11, 2, 170),
    )


def test_looking_at_many_nodes_makes_chance_likelier_and_never_more_than_certain() -> None:
    few = node_records([*ran("n1", good=2, bad=4), *ran("n2", good=20)])
    many = node_records(
        [*ran("n1", good=2, bad=4), *(each for n in range(20) for each in ran(f"m{n}", good=1))]
    )
    assert record(few, "n1").stands_out
    assert not record(many, "n1").stands_out
    assert record(many, "m1").p == 1


def test_of_nodes_that_chance_explains_the_one_with_more_failures_comes_first() -> None:
    records = node_records([*ran("a", good=9), *ran("c", good=9, bad=1), *ran("b", good=9)])
    assert [(each.node, each.p) for each in records] == [("c", 1), ("a", 1), ("b", 1)]


@pytest.mark.parametrize(("p", "stands_out"), [(0.00999, True), (0.01, False), (1.0, False)])
def test_one_false_alarm_in_a_hundred_batches_is_borne(p: float, *, stands_out: bool) -> None:
    assert replace(node_records(ran("n1", good=1))[0], p=p).stands_out is stands_out


def test_what_chance_spreads_evenly_does_not_stand_out() -> None:
    records = node_records(each for n in range(8) for each in ran(f"n{n}", good=20, bad=3))
    assert not any(each.stands_out for each in records)


def test_without_the_nodes_of_those_that_succeeded_the_failures_stand_alone() -> None:
    attempts = [*ran(None, good=100), *ran("n5", bad=20), *ran("n2", bad=1)]
    records = node_records([*attempts, failed(node="n2", outcome=CONFIGURATION)])
    worst = records[0]
    assert (worst.node, worst.method, worst.stands_out) == ("n5", Method.SIGN, True)
    assert worst.p == 2 * sign_tail(20, 21)
    assert not record(records, "n2").stands_out


def test_few_failures_alone_prove_nothing() -> None:
    records = node_records([*ran("n5", bad=5), *ran("n2", bad=1)])
    assert not any(each.stands_out for each in records)


def test_only_ends_that_tell_of_mounts_are_counted() -> None:
    silent = [
        failed(node="n1", outcome=None),
        failed(node="n1", outcome=UNDETERMINED),
        failed(node="n1", outcome=END_NOT_SEEN),
        failed(node="n1", outcome=BROKEN),
        failed(node="n1", outcome=Outcome(Verdict.CANCELLED, "")),
        failed(node=None),
        running_again(failed(node="n1")),
    ]
    assert node_records(silent) == ()
    (counted,) = node_records(
        [*silent, *ran("n1", good=1), failed(node="n1", outcome=CONFIGURATION)]
    )
    assert (counted.ended, counted.mount_failures, counted.ended_elsewhere) == (2, 0, 0)
