"""What has happened, told by the attempts' own times."""

import pytest
from tests.unit.core.values import (
    CONFIGURATION,
    accepted,
    at,
    batch,
    called,
    denied,
    failed,
    listed,
    refused,
    reserved,
    running_again,
    succeeded,
    vanished,
    view,
)

from runbatch.core.attempt import Attempt, Evidence
from runbatch.core.past import Moment, NodeCount, last_moments, mount_failures, node_of
from runbatch.core.snapshot import Snapshot, snapshot_of


def taken(*attempts: Attempt) -> Snapshot:
    return snapshot_of(batch("37", "38", "39", "40"), view(*attempts), at(100))


@pytest.mark.parametrize(
    ("attempt", "moments"),
    [
        pytest.param(reserved(), [], id="only reserved"),
        pytest.param(called(calls=1), [(0, "gwas-37 submitted, not answered yet")], id="called"),
        pytest.param(
            accepted(submitted_at=at(3), calls=1), [(3, "gwas-37 submitted")], id="accepted"
        ),
        pytest.param(
            listed(number=2, calls=1), [(0, "gwas-37 (attempt 2) submitted")], id="a retry"
        ),
        pytest.param(listed(), [(0, "gwas-37 found, not submitted again")], id="adopted"),
        pytest.param(
            denied(calls=1),
            [(0, "gwas-37 denied, not listed yet: 403 Forbidden")],
            id="denied",
        ),
        pytest.param(refused(calls=1), [(0, "gwas-37 refused: no such image")], id="refused"),
        pytest.param(
            succeeded(seconds=9, calls=1),
            [(0, "gwas-37 submitted"), (9, "gwas-37 succeeded")],
            id="succeeded",
        ),
        pytest.param(
            failed(seconds=9, calls=1),
            [(0, "gwas-37 submitted"), (9, "gwas-37 mount failure (exit code 2)")],
            id="failed",
        ),
        pytest.param(
            failed(seconds=9, outcome=None, calls=1),
            [(0, "gwas-37 submitted"), (9, "gwas-37 ended, not judged yet")],
            id="not judged",
        ),
        pytest.param(
            vanished(seconds=9, calls=1),
            [(0, "gwas-37 submitted"), (9, "gwas-37 vanished (its end was not seen)")],
            id="vanished",
        ),
        pytest.param(
            failed(delete_asked_at=at(40), calls=1),
            [
                (0, "gwas-37 submitted"),
                (0, "gwas-37 mount failure (exit code 2)"),
                (40, "gwas-37 deleted; its log is saved"),
            ],
            id="deleted",
        ),
    ],
)
def test_what_an_attempt_tells(attempt: Attempt, moments: list[tuple[float, str]]) -> None:
    expected = tuple(Moment(at(seconds), text) for seconds, text in moments)
    assert last_moments(taken(attempt), 5) == expected


def test_only_the_last_are_told_and_the_newest_last() -> None:
    snapshot = taken(
        succeeded("37", seconds=30, calls=1),
        succeeded("38", seconds=20, calls=1),
        listed("39", submitted_at=at(25), calls=1),
    )
    assert [moment.text for moment in last_moments(snapshot, 3)] == [
        "gwas-38 succeeded",
        "gwas-39 submitted",
        "gwas-37 succeeded",
    ]


def test_mount_failures_by_node_the_worst_first() -> None:
    snapshot = taken(
        failed("37", node="node5"),
        failed("37", number=2, node="node5"),
        failed("37", number=3, node="node2"),
        failed("38", evidence=Evidence(node="node5"), node="elsewhere"),
        failed("39", outcome=CONFIGURATION, node="node5"),
        succeeded("39", number=2, node="node2"),
        failed("39", number=3),
        succeeded("40", node="node5"),
    )
    assert mount_failures(snapshot) == (NodeCount("node5", 2, 4), NodeCount("node2", 1, 2))


def test_where_only_evidence_tells_nodes_nobody_knows_how_many_ran_there() -> None:
    snapshot = taken(failed("37", evidence=Evidence(node="node5")), succeeded("38"))
    assert mount_failures(snapshot) == (NodeCount("node5", 1, None),)


def test_a_node_where_no_mount_failed_is_not_named() -> None:
    assert mount_failures(taken(succeeded(node="node5"))) == ()


def test_an_end_that_the_cluster_undid_counts_for_no_node() -> None:
    assert mount_failures(taken(running_again(failed(node="node5")))) == ()


def test_the_evidence_knows_the_node_better_than_the_listing() -> None:
    assert node_of(failed(node="n1", evidence=Evidence(node="n5"))) == "n5"
    assert node_of(failed(node="n1", evidence=Evidence())) == "n1"
    assert node_of(failed(node="n1")) == "n1"
    assert node_of(failed()) is None
