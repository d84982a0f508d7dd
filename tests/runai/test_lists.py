"""Lists that lie, and lists of every shape: the promises hold whatever the cluster says."""

import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import pytest
from tests.runai.conftest import MakeRig, assert_all_succeeded, assert_promises_kept
from tests.runai.rig import PACE, QUICK, Rewriting, Rig, forbidden
from tests.runai_standin import (
    Chatter,
    Deed,
    Fault,
    JsonShape,
    Others,
    Plot,
    Settings,
    Switches,
    Trouble,
)

from runbatch.clusters.runai.cluster import RunaiCluster
from runbatch.clusters.shell.program import Reply
from runbatch.core.errors import Unreachable
from runbatch.core.job import State
from runbatch.core.snapshot import Snapshot
from runbatch.core.wish import Wish
from runbatch.core.workload import workload_of
from runbatch.runner import Ears, Runner

CROWDED = Others(running=33, elsewhere=5, per_hour=20)

LIES = [
    pytest.param((Fault(Trouble.REFUSED, 0.15, verbs=("list",)),), id="15 % of list calls fail"),
    pytest.param((Fault(Trouble.EMPTY_LIST, 0.3),), id="30 % of lists are empty"),
    pytest.param((Fault(Trouble.EMPTY_LIST, from_s=60, until_s=600),), id="empty for 9 minutes"),
    pytest.param((Fault(Trouble.CUT_LIST, 0.4),), id="40 % of lists are cut in half"),
    pytest.param((Fault(Trouble.LIST_LAG, seconds=30),), id="a new workload is unseen for 30 s"),
    pytest.param((Fault(Trouble.STALE_LIST, 0.5, seconds=90),), id="half of the lists are old"),
    pytest.param((Fault(Trouble.LOST_ANSWER, 0.4),), id="40 % of the submits' answers are lost"),
    pytest.param((Fault(Trouble.CONFLICT_WITH_ITSELF, 0.4),), id="a hidden second try conflicts"),
    pytest.param((Fault(Trouble.NAME_CONFLICT, 0.2),), id="told that a free name is taken"),
    pytest.param((Fault(Trouble.BUSY, 0.3),), id="busy"),
    pytest.param((Fault(Trouble.HANG_BEFORE, 0.2, verbs=("submit",), seconds=900),), id="hangs"),
    pytest.param(
        (Fault(Trouble.HANG_AFTER, 0.2, verbs=("submit",), seconds=900),), id="hangs late"
    ),
    pytest.param((Fault(Trouble.HANG_BEFORE, 0.3, verbs=("list",), seconds=900),), id="lists hang"),
    pytest.param((Fault(Trouble.LOGIN_EXPIRED, from_s=100, until_s=3700),), id="no login for 1 h"),
    pytest.param((Fault(Trouble.DNS_FAILURE, from_s=100, until_s=900),), id="no network"),
    pytest.param((Fault(Trouble.ODD_PHASE, 0.3, text="Fluctuating"),), id="unknown phase words"),
    pytest.param((Fault(Trouble.DEGRADED, 0.5, seconds=100),), id="degraded for a while"),
]


@pytest.mark.parametrize("faults", LIES)
@pytest.mark.parametrize("generation", ["2.18", "2.25"])
def test_whatever_the_cluster_says_the_promises_hold(
    make: MakeRig, faults: tuple[Fault, ...], generation: str
) -> None:
    settings = Settings(delays=QUICK, generation=generation, others=CROWDED, seed=3)
    rig = make(last=25, cap=6, settings=settings, switches=Switches(faults=faults))
    assert_all_succeeded(rig)
    assert_promises_kept(rig, cap=6)


def test_an_empty_project_that_lists_nothing_is_not_believed(make: MakeRig) -> None:
    # Nobody else is there whose rows would tell a dropped connection from an empty project.
    faults = (Fault(Trouble.EMPTY_LIST, from_s=60, until_s=600),)
    rig = make(last=12, cap=4, switches=Switches(faults=faults))
    assert_all_succeeded(rig)
    assert_promises_kept(rig, cap=4)
    assert rig.lines("TROUBLE") == [
        (
            "The cluster lists nothing at all, though jobs were just there. "
            "Nothing is submitted until it does."
        )
    ]
    assert rig.lines("OK") == ["The cluster answers again."]


def test_where_everything_was_deleted_by_hand_in_an_empty_project_the_batch_goes_on(
    make: MakeRig,
) -> None:
    alone = Others(running=0, per_hour=0)
    rig = make(last=4, cap=2, settings=Settings(delays=QUICK, others=alone))
    rig.standin.plot([Plot(60, Deed.DELETE, name) for name in ("gwas-2", "gwas-3")])
    first = rig.run()
    assert first.counts[State.SUCCEEDED] == 2
    assert sorted(rig.lines("GONE")) == [
        f"gwas-{key} is no longer there; its end was not seen" for key in (2, 3)
    ]
    assert [line for line in rig.lines("TROUBLE") if "goes on" in line] == [
        (
            "The cluster has answered and listed nothing at all for 10 minutes: "
            "runbatch takes what was there for gone, and goes on."
        )
    ]
    assert rig.run(rig.wish()).counts[State.SUCCEEDED] == 4
    assert rig.most_active() == 2


@pytest.mark.parametrize("generation", ["2.18", "2.25", "3.0"])
@pytest.mark.parametrize("workload", ["workspace", "training"])
def test_400_rows_of_others_hide_none_of_ours(
    make: MakeRig, generation: str, workload: str
) -> None:
    settings = Settings(
        delays=QUICK, generation=generation, nodes=40, slots=16, others=Others(running=400)
    )
    rig = make(last=80, cap=70, workload=workload, settings=settings)
    assert_all_succeeded(rig)
    assert_promises_kept(rig, cap=70)
    assert rig.most_active() == 70


def test_more_rows_than_an_old_program_can_show_at_once(make: MakeRig) -> None:
    others = Others(running=700)
    settings = Settings(delays=QUICK, generation="2.18", nodes=60, others=others)
    rig = make(last=20, cap=10, settings=settings)
    assert_all_succeeded(rig)
    assert_promises_kept(rig, cap=10)


@pytest.mark.parametrize("shape", JsonShape)
@pytest.mark.parametrize("chatter", Chatter)
def test_every_shape_of_a_list_and_chatter_before_it(
    make: MakeRig, shape: JsonShape, chatter: Chatter
) -> None:
    switches = Switches(
        json_shape=shape, chatter=chatter, list_environment=False, newest_first=True
    )
    rig = make(last=8, cap=3, switches=switches)
    assert_all_succeeded(rig)
    assert_promises_kept(rig, cap=3)


def test_lists_that_are_empty_again_and_again_free_no_slot(make: MakeRig) -> None:
    spans = [(since_s, since_s + 540) for since_s in range(60, 9000, 660)]
    faults = tuple(Fault(Trouble.EMPTY_LIST, from_s=s, until_s=u) for s, u in spans)
    long = Settings(delays=replace(QUICK, running=(9500, 9900)))
    rig = make(last=12, cap=4, settings=long, switches=Switches(faults=faults))
    assert_all_succeeded(rig)
    assert_promises_kept(rig, cap=4)


def test_an_empty_list_after_a_long_break_frees_no_slot(make: MakeRig) -> None:
    long = Settings(delays=replace(QUICK, running=(9500, 9900)))
    rig = make(last=8, cap=4, settings=long)
    rig.run(most_ticks=20)
    rig.clock.sleep(7200)
    faults = (Fault(Trouble.EMPTY_LIST, until_s=rig.standin.now_s + 100),)
    rig.standin.switch(Switches(faults=faults))
    assert_all_succeeded(rig)
    assert_promises_kept(rig, cap=4)


def run_rewritten(rig: Rig, change: Callable[[dict[str, Any]], None]) -> Snapshot:
    with rig.ledger() as ledger:
        cluster = RunaiCluster("talmo-lab", "workspace", execute=Rewriting(rig, change))
        ears = Ears(event=rig.said.append)
        wish = Wish(start=True, wait=True)
        return Runner(rig.batch, cluster, ledger, wish, rig.clock, PACE, ears=ears).run("test")


def test_over_quota_is_no_error_and_is_told_once(make: MakeRig) -> None:
    def over_quota(row: dict[str, Any]) -> None:
        row |= {"phaseReason": "NonPreemptibleOverQuota", "phaseMessage": f"pod of {row['name']}"}

    rig = make(last=6, cap=3, settings=Settings(delays=replace(QUICK, pending=(90, 90))))
    assert run_rewritten(rig, over_quota).counts[State.SUCCEEDED] == 6
    assert rig.lines("PENDING") == ["Jobs wait for the cluster: NonPreemptibleOverQuota."]


@pytest.mark.parametrize(
    "odd", [{"type": "InteractiveWorkload"}, {"projectName": {"name": "talmo-lab"}}], ids=str
)
def test_rows_in_words_nobody_knows_are_counted_as_ours(make: MakeRig, odd: dict[str, Any]) -> None:
    rig = make(last=10, cap=3)
    assert run_rewritten(rig, lambda row: row.update(odd)).counts[State.SUCCEEDED] == 10
    assert_promises_kept(rig, cap=3)


@pytest.mark.parametrize("kind", ["workspace", "training"])
@pytest.mark.parametrize("version", ["2.18.3", "2.25.1"])
@pytest.mark.parametrize("silent", ["first page", "next page", "projects", "names"])
def test_an_exit_code_0_that_comes_with_nothing_is_no_listing(
    make: MakeRig, kind: str, version: str, silent: str
) -> None:
    row = {"name": "g-1", "id": "u", "phase": "Running"}
    rows = [{**row, "name": f"x-{number}"} for number in range(500)]

    def runai(words: Sequence[str], limit_s: float) -> Reply:
        is_next = "--next-token" in words or ("--offset" in words and words[-1] != "0")
        if words == ["version"]:
            return Reply(0, version, "")
        if "submit" in words:
            return Reply(1, "", "Error: workload gwas-2 already exists")
        if words[0] == "project" and silent != "projects":
            return Reply(0, '[{"name": "lab"}]', "")
        if words[0] in ("project", "workload") or silent == "first page" or is_next:
            return Reply(0, "", "")
        if silent == "projects":
            return Reply(0, "[]", "")
        return Reply(0, json.dumps({"workloads": rows, "next": "t"}), "")

    cluster = RunaiCluster("lab", kind, execute=runai, kubectl=forbidden)
    workload = workload_of(make().batch, "2", 1)
    with pytest.raises(Unreachable):
        cluster.submit(workload) if silent == "names" else cluster.list("g")
