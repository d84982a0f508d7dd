"""A batch on a shared project where things go wrong: judged by the stand-in's own record."""

import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import pytest
from tests.runai.conftest import MakeRig
from tests.runai.rig import PACE, QUICK, Rig

from runbatch.clusters.runai.cluster import RunaiCluster
from runbatch.clusters.runai.program import Reply
from runbatch.core.errors import BatchError, Rejected, Unauthorized
from runbatch.core.job import State
from runbatch.core.snapshot import Snapshot
from runbatch.core.wish import Wish
from runbatch.runner import Ears, Runner
from runbatch.testing.incident import InProcess
from runbatch.testing.runai import (
    Chatter,
    Deed,
    Fault,
    JsonShape,
    Others,
    Phase,
    Plot,
    Settings,
    Switches,
    Trouble,
)

CROWDED = Others(running=33, elsewhere=5, per_hour=20)


def assert_promises_kept(rig: Rig, *, cap: int, created: int = 1) -> None:
    """The cap held, each job was created so often, none twice at once, nothing else was touched."""
    truth = rig.standin.truth()
    assert rig.most_active() <= cap
    assert truth.overlapping(rig.is_ours) == set()
    for key in rig.batch.keys:
        assert truth.created(f"{rig.batch.prefix}-{key}") == created, key
    assert truth.names(None) <= {rig.batch.workload_name(key) for key in rig.batch.keys}
    assert not truth.calls_of("delete")
    assert not truth.calls_of("suspend")


def assert_all_succeeded(rig: Rig) -> None:
    snapshot = rig.run()
    assert snapshot.counts[State.SUCCEEDED] == len(rig.batch.keys), snapshot.counts


def test_the_sixth_waits_and_goes_on_when_one_ends(make: MakeRig) -> None:
    rig = make(last=10, cap=5)
    assert_all_succeeded(rig)
    told = rig.lines("WAIT")[0]
    assert told.startswith("5 active jobs in batch (max: 5). Waiting 30s... (")
    assert rig.most_active() == 5
    assert_promises_kept(rig, cap=5)


def test_one_list_call_a_tick_and_one_submit_call_a_job(make: MakeRig) -> None:
    rig = make(last=10, cap=5)
    ticks = 0
    with rig.ledger() as ledger:
        runner = rig.runner(ledger, Wish(start=True, wait=True))
        while not runner.tick().done:
            ticks += 1
            rig.clock.sleep(30)
    truth = rig.standin.truth()
    assert len(truth.calls_of("list")) == ticks + 1
    assert len(truth.calls_of("submit")) == 10
    assert len(truth.calls_of("version")) == 1


@pytest.mark.parametrize(
    ("shown", "free"),
    [
        pytest.param({"Running": 30, "Pending": 20}, 0, id="30 Running and 20 Pending: none"),
        pytest.param(
            {"Running": 40, "ContainerCreating": 5, "Succeeded": 5},
            5,
            id="40 Running, 5 ContainerCreating, 5 Succeeded: five",
        ),
        pytest.param({"Stopped": 25, "Deleting": 24, "Whatever": 1}, 0, id="words that are no end"),
        pytest.param({"Failed": 10, "Completed": 10, "Running": 30}, 20, id="ends free their slot"),
    ],
)
def test_who_holds_a_slot(make: MakeRig, shown: dict[str, int], free: int) -> None:
    rig = make(last=100, cap=50, settings=Settings(delays=replace(QUICK, running=(1e5, 1e5))))
    keys = iter(rig.batch.keys)
    rig.standin.change(replace(rig.standin.settings, nodes=20))
    for word, count in shown.items():
        for _ in range(count):
            name = rig.batch.workload_name(next(keys))
            rig.standin.call("workspace", "submit", name, "-p", "talmo-lab", "-i", "x:1")
            rig.standin.do(Deed.SHOW, name, word=word, seconds=1e6)
    before = len(rig.standin.truth().calls_of("submit"))
    with rig.ledger() as ledger:
        runner = rig.runner(ledger, Wish(start=True))
        for _ in range(3):
            runner.tick()
    assert len(rig.standin.truth().calls_of("submit")) - before == free


def test_each_name_is_counted_where_it_belongs(make: MakeRig) -> None:
    rig = make(last=60, cap=3)
    for name in ("gwas-37", "gwas-370", "gwas-2-37", "gwas-2-test", "xgwas-37", "gwas-test"):
        rig.standin.call("workspace", "submit", name, "-p", "talmo-lab", "-i", "x:1", owner="other")
    elsewhere = ("-p", "other-lab", "-i", "x:1")
    rig.standin.call("workspace", "submit", "gwas-38", *elsewhere, owner="other")
    rig.run(most_ticks=2)
    assert len(rig.lines("ADOPT")) == 2
    assert [each for each in rig.lines("ADOPT") if each.startswith(("gwas-37 ", "gwas-370 "))]
    assert len(rig.standin.truth().calls_of("submit")) == 7 + 1
    two = make_second(rig)
    two.run(most_ticks=2)
    assert [each.split()[0] for each in two.lines("ADOPT")] == ["gwas-2-37"]


def make_second(rig: Rig) -> Rig:
    """Return the batch gwas-2 in the same project."""
    folder = rig.folder / "second"
    folder.mkdir()
    return Rig(folder, replace(rig.batch, prefix="gwas-2", cap=1), rig.standin)


LIES = [
    pytest.param((Fault(Trouble.REFUSED, 0.15, verbs=("list",)),), id="15 % of list calls fail"),
    pytest.param((Fault(Trouble.EMPTY_LIST, 0.3),), id="30 % of lists are empty"),
    pytest.param((Fault(Trouble.EMPTY_LIST, from_s=60, until_s=1500),), id="empty for 24 minutes"),
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
    faults = (Fault(Trouble.EMPTY_LIST, from_s=60, until_s=1000),)
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


def test_a_submit_that_was_answered_but_never_appears_is_reported_and_started_by_the_next(
    make: MakeRig,
) -> None:
    faults = (Fault(Trouble.NO_EFFECT, verbs=("submit",), nth=(3,)),)
    rig = make(last=6, cap=3, switches=Switches(faults=faults))
    first = rig.run()
    assert first.counts[State.SUCCEEDED] == 5
    assert [job.key for job in first.failed] == ["4"]
    assert rig.lines("GONE") == ["gwas-4 is no longer there; accepted, but never listed"]
    assert rig.run(rig.wish()).counts[State.SUCCEEDED] == 6
    assert_promises_kept(rig, cap=3)


def test_a_stopped_job_keeps_its_slot_and_is_followed_when_resumed(make: MakeRig) -> None:
    rig = make(last=4, cap=2, settings=Settings(delays=replace(QUICK, running=(600, 600))))
    rig.standin.plot([Plot(60, Deed.SUSPEND, "gwas-2"), Plot(5000, Deed.RESUME, "gwas-2")])
    assert_all_succeeded(rig)
    assert_promises_kept(rig, cap=2)


def test_a_workload_deleted_by_hand_is_not_started_again_by_who_saw_it_go(make: MakeRig) -> None:
    rig = make(last=4, cap=2, settings=Settings(delays=replace(QUICK, running=(600, 600))))
    rig.standin.plot([Plot(100, Deed.DELETE, "gwas-3")])
    first = rig.run()
    assert [job.key for job in first.failed] == ["3"]
    assert rig.standin.truth().created("gwas-3") == 1
    assert rig.run(rig.wish()).counts[State.SUCCEEDED] == 4
    assert rig.standin.truth().created("gwas-3") == 2
    assert rig.most_active() <= 2


def test_a_login_that_expires_is_told_once_with_the_way_out(make: MakeRig) -> None:
    faults = (Fault(Trouble.LOGIN_EXPIRED, from_s=100, until_s=3700),)
    rig = make(last=12, cap=4, switches=Switches(faults=faults))
    assert_all_succeeded(rig)
    assert rig.lines("TROUBLE") == [
        (
            'Run:ai: the login has expired. Log in again with "runai login"; '
            "4 running jobs are not affected, submitting goes on by itself."
        )
    ]
    assert rig.lines("OK") == ["The cluster answers again."]


def test_not_logged_in_at_first_is_an_error(make: MakeRig) -> None:
    rig = make(switches=Switches(faults=(Fault(Trouble.NOT_LOGGED_IN),)))
    with pytest.raises(Unauthorized, match="runai login"):
        rig.cluster().list("gwas")


def test_a_refusal_by_policy_is_told_and_the_others_go_on(make: MakeRig) -> None:
    faults = (Fault(Trouble.POLICY_REFUSAL, names=("gwas-3",)),)
    rig = make(last=5, cap=2, switches=Switches(faults=faults))
    snapshot = rig.run()
    assert snapshot.counts[State.SUCCEEDED] == 4
    (refused,) = rig.lines("REFUSED")
    assert "refused by the administrator's policy" in refused


def test_a_name_taken_by_another_type_of_workload_is_told_with_its_owner(make: MakeRig) -> None:
    rig = make(last=3, cap=3)
    words = ("training", "submit", "gwas-3", "-p", "talmo-lab", "-i", "x:1")
    rig.standin.call(*words, owner="other")
    snapshot = rig.run()
    assert snapshot.counts[State.SUCCEEDED] == 2
    assert rig.lines("REFUSED") == [
        (
            "gwas-3: Run:ai: the name gwas-3 is taken by a Training of colleague@example.org; "
            "delete that one, or choose another prefix."
        )
    ]
    assert not rig.standin.truth().calls_of("delete")


def test_a_preempted_training_is_still_the_same_attempt(make: MakeRig) -> None:
    faults = (Fault(Trouble.PREEMPTION, 0.3),)
    rig = make(last=10, cap=4, workload="training", switches=Switches(faults=faults))
    assert_all_succeeded(rig)
    assert_promises_kept(rig, cap=4)


def test_the_same_batch_through_both_generations_makes_the_same_workloads(make: MakeRig) -> None:
    found = []
    for generation in ("2.18", "2.25", "3.0"):
        rig = make(last=4, cap=4, settings=Settings(delays=QUICK, generation=generation))
        assert_all_succeeded(rig)
        workloads = rig.standin.truth().workloads
        found.append(
            [replace(each.request, submit_command="", restart_policy="") for each in workloads]
        )
        assert {each.request.backoff_limit for each in workloads} == {0}
        assert {each.request.auto_deletion_s for each in workloads} == {30 * 86_400.0}
        assert Phase.COMPLETED in rig.standin.truth().live().values()
    assert found[0] == found[1] == found[2]


class Rewriting:
    """The stand-in's answers with each row of a list changed."""

    def __init__(self, rig: Rig, change: Callable[[dict[str, Any]], None]) -> None:
        self._call = InProcess(rig.standin)
        self._change = change

    def __call__(self, words: Sequence[str], limit_s: float) -> Reply:
        reply = self._call(words, limit_s)
        if "list" not in words or "project" in words:
            return reply
        found = json.loads(reply.out)
        for row in found["workloads"]:
            self._change(row)
        return replace(reply, out=json.dumps(found))


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


def test_lists_that_are_empty_for_hours_free_no_slot(make: MakeRig) -> None:
    faults = (Fault(Trouble.EMPTY_LIST, from_s=60, until_s=9000),)
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


def test_an_answer_that_is_no_answer_is_not_taken_for_a_refusal(make: MakeRig) -> None:
    html = "invalid character '<' looking for beginning of value"
    faults = (Fault(Trouble.LOST_ANSWER, 0.5, text=html), Fault(Trouble.LIST_LAG, seconds=60))
    rig = make(last=15, cap=4, switches=Switches(faults=faults))
    assert_all_succeeded(rig)
    assert_promises_kept(rig, cap=4)
    assert not rig.lines("REFUSED")
    assert len(rig.lines("SUBMIT")) == 15


def test_another_type_of_workload_waits_until_the_first_has_ended(make: MakeRig) -> None:
    rig = make(last=2, cap=2)
    with rig.ledger() as ledger:
        ledger.begin_type("workspace")
        runner = rig.runner(ledger, Wish(start=True, wait=True))
        runner.tick()
        with pytest.raises(BatchError, match="2 jobs of this batch run as workspaces"):
            ledger.begin_type("training")
        while not runner.tick().done:
            rig.clock.sleep(30)
        ledger.begin_type("training")


def test_a_job_that_was_stopped_is_told_of(make: MakeRig) -> None:
    rig = make(last=4, cap=2, settings=Settings(delays=replace(QUICK, running=(600, 600))))
    rig.standin.plot([Plot(100, Deed.SUSPEND, "gwas-2"), Plot(3000, Deed.RESUME, "gwas-2")])
    assert_all_succeeded(rig)
    assert rig.lines("TROUBLE") == [
        "gwas-2: it is Stopped and keeps its slot; resume or delete it."
    ]


def test_where_every_job_is_refused_no_more_are_tried(make: MakeRig) -> None:
    faults = (Fault(Trouble.NO_PERMISSION, verbs=("submit",)),)
    rig = make(last=12, cap=6, switches=Switches(faults=faults))
    with pytest.raises(Rejected, match="3 jobs in a row were refused; no more are submitted"):
        rig.run()
    assert len(rig.standin.truth().calls_of("submit")) == 3
    assert rig.lines("REFUSED")[0].startswith("gwas-2: Run:ai: no rights for this")
    rig.standin.switch(Switches())
    assert rig.run(rig.wish()).counts[State.SUCCEEDED] == 12


def test_one_log_that_cannot_be_read_holds_up_nobody(make: MakeRig) -> None:
    odd = "failed to stream container logs: container is terminated"
    faults = (Fault(Trouble.REFUSED, verbs=("logs",), text=odd),)
    settings = Settings(delays=QUICK, outcomes={"gwas-3": (2,)})
    rig = make(last=10, cap=3, settings=settings, switches=Switches(faults=faults))
    snapshot = rig.run()
    assert snapshot.counts[State.SUCCEEDED] == 9
    assert len(rig.lines("TROUBLE")) == 1
    assert rig.lines("TROUBLE")[0].startswith("gwas-3: ")
    assert not rig.lines("OK")
