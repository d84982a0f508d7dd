"""Which node the report blames, if any, and the letter it has ready for an admin."""

from typing import Any

import pytest
from tests.unit.core.values import at, batch, failed, running_again, succeeded, view

from runbatch.core.attempt import Attempt, Evidence
from runbatch.core.batch import Batch, ClusterChoice
from runbatch.core.snapshot import snapshot_of
from runbatch.views.report.blame import blame_of


def on(node: str, key: str, minutes: float = 0, *, good: bool = False) -> Attempt:
    if good:
        return succeeded(key, evidence=Evidence(node=node), seconds=60 * minutes)
    seen = Evidence(node=node, marker="/data is not a mount point")
    return failed(key, evidence=seen, seconds=60 * minutes)


def on_many(good: int, bad: int, *, node: str = "n5", first: int = 2) -> list[Attempt]:
    keys = [str(key) for key in range(first, first + good + bad)]
    return [on(node, key, int(key), good=index < good) for index, key in enumerate(keys)]


def blamed(*attempts: Attempt) -> Any:
    """Blame on Run:ai; `local` has one node."""
    return blame_of(snapshot_of(on_runai(), view(*attempts), at(100)))


def on_runai() -> Batch:
    return batch(cluster=ClusterChoice(kind="runai", project="talmo-lab", workload="training"))


@pytest.mark.parametrize(
    ("attempts", "statement"),
    [
        pytest.param([succeeded("2")], "No mount was missing.", id="nothing failed"),
        pytest.param(
            [failed("2"), failed("3")],
            "2 mount failures; on which node, the cluster did not tell.",
            id="no node is known",
        ),
        pytest.param(
            [failed("2"), succeeded("3", node="n1")],
            "1 mount failure; on which node, the cluster did not tell.",
            id="the failures' nodes are not known",
        ),
        pytest.param(
            on_many(4, 4),
            "All ran on n5: there is no other node to compare it with.",
            id="one node did everything",
        ),
        pytest.param(
            [*on_many(5, 1), *on_many(4, 2, node="n1", first=40)],
            "No node stands out: 2 of 6 attempts on n1 found a mount missing, "
            "against 1 of 6 elsewhere (p = 1, Fisher's exact test, corrected for 2 nodes).",
            id="both alike",
        ),
        pytest.param(
            [*on_many(0, 5), *on_many(0, 1, node="n1", first=40)],
            "No node stands out: 5 of 6 mount failures were on n5 (p = 0.22, exact sign test, "
            "even if half of all jobs ran there, corrected for 2 nodes).",
            id="too few to tell",
        ),
        pytest.param(
            [*on_many(0, 9)],
            "n5 stands out: 9 of 9 mount failures were on n5 "
            "(p = 0.002, exact sign test, even if half of all jobs ran there).",
            id="all on one, and more than chance",
        ),
    ],
)
def test_a_plain_statement_says_whether_a_node_stands_out(
    attempts: list[Attempt], statement: str
) -> None:
    assert blamed(*attempts).statement == statement


def test_a_failure_that_the_cluster_undid_blames_no_node() -> None:
    assert blamed(running_again(on("n5", "37"))).statement == "No mount was missing."


def test_a_machine_is_not_to_blame_for_what_it_alone_runs() -> None:
    """Twelve tries of a misspelt script: python ends with 2 as well."""
    snapshot = snapshot_of(batch(), view(*on_many(0, 12)), at(100))
    found = blame_of(snapshot)
    assert found.statement == "All ran on n5: there is no other node to compare it with."
    assert found.letters == ()


def test_a_letter_to_an_admin_says_all_that_they_need() -> None:
    found = blamed(*on_many(2, 9), *on_many(100, 1, node="n1", first=50))
    (letter,) = found.letters
    numbers = (
        "9 of 11 attempts on n5 found a mount missing, against 1 of 101 elsewhere "
        f"(p = {found.records[0].p:.2g}, Fisher's exact test, corrected for 2 nodes)."
    )
    assert letter.splitlines() == [
        "Node n5: mounts are missing",
        numbers,
        "Batch: gwas, on runai (project talmo-lab, trainings)",
        "First: 2026-01-05 09:34:00 UTC",
        "Last:  2026-01-05 09:42:00 UTC",
        "Example (gwas-4): /data is not a mount point",
        "Jobs: 4-12",
        "Seen before: a full mount table, the storage's connection limit, an attach time-out.",
    ]


def test_nobody_is_written_about_for_what_may_be_chance() -> None:
    assert blamed(*on_many(2, 2), *on_many(5, 3, node="n1", first=50)).letters == ()
