"""A submit that is called late: it is over, and listed, before others may give it up."""

from collections.abc import Sequence

import pytest

from runbatch.clusters.base import Deadline
from runbatch.clusters.runai.cluster import RunaiCluster
from runbatch.clusters.shell.program import Reply
from runbatch.core.batch import Batch, Run
from runbatch.core.errors import Busy
from runbatch.core.workload import workload_of

BATCH = Batch(prefix="gwas", keys=("37",), run=Run(command=("true",), image="i"))
WORKLOAD = workload_of(BATCH, "37", 1)


@pytest.mark.parametrize(("age_s", "is_made"), [(0, True), (59.9, True), (60, False), (1e6, False)])
def test_a_submit_is_over_and_listed_before_others_may_give_it_up(
    age_s: float, is_made: bool
) -> None:
    # Taking a slot is long ago when the process was stopped in between, or its ledger was busy.
    limits: list[float] = []

    def answer(words: Sequence[str], limit_s: float) -> Reply:
        if "submit" in words:
            limits.append(limit_s)
        return Reply(0, "Version: 2.25.1", "")

    cluster = RunaiCluster("talmo-lab", "workspace", execute=answer)
    if is_made:
        cluster.submit(WORKLOAD, Deadline(lambda: age_s))
    else:
        with pytest.raises(Busy, match="the call to submit gwas-37 was held up for 60 s"):
            cluster.submit(WORKLOAD, Deadline(lambda: age_s))
    unlisted_s = 60  # Run:ai facts, 13
    assert [age_s + limit_s + unlisted_s <= cluster.patience.grace_s for limit_s in limits] == (
        [True] if is_made else []
    )


def test_the_age_of_a_submit_is_asked_after_the_version() -> None:
    # That call too may take its time.
    asked: list[str] = []

    def answer(words: Sequence[str], limit_s: float) -> Reply:
        asked.append(words[0] if "submit" not in words else "submit")
        return Reply(0, "Version: 2.25.1", "")

    def age_s() -> float:
        asked.append("age")
        return 0

    RunaiCluster("talmo-lab", "workspace", execute=answer).submit(WORKLOAD, Deadline(age_s))
    assert asked == ["version", "age", "submit"]
