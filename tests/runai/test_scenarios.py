"""A batch on a shared project where things go wrong: judged by the stand-in's own record."""

from dataclasses import replace

import pytest
from tests.runai.conftest import MakeRig, assert_all_succeeded, assert_promises_kept
from tests.runai.rig import QUICK, Rig
from tests.runai_standin import Deed, Fault, Phase, Plot, Settings, Switches, Trouble

from runbatch.core.errors import BatchError, Rejected, Unauthorized
from runbatch.core.job import State
from runbatch.core.wish import Wish


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
            [
                replace(
                    each.request,
                    submit_command="",
                    restart_policy="",
                    environment=tuple(filter(is_no_mark, each.request.environment)),
                )
                for each in workloads
            ]
        )
        assert {each.request.backoff_limit for each in workloads} == {0}
        assert {each.request.auto_deletion_s for each in workloads} == {30 * 86_400.0}
        assert Phase.COMPLETED in rig.standin.truth().live().values()
    assert found[0] == found[1] == found[2]


def is_no_mark(pair: tuple[str, str]) -> bool:
    """Whether a variable is not the ledger's own mark: each has another."""
    return pair[0] != "RUNBATCH_BATCH"


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
        ledger.begin_type("workload", "workspace")
        runner = rig.runner(ledger, Wish(start=True, wait=True))
        runner.tick()
        with pytest.raises(BatchError, match="2 jobs of this batch run as workspaces"):
            ledger.begin_type("workload", "training")
        while not runner.tick().done:
            rig.clock.sleep(30)
        ledger.begin_type("workload", "training")


def test_a_job_that_was_stopped_is_told_of(make: MakeRig) -> None:
    rig = make(last=4, cap=2, settings=Settings(delays=replace(QUICK, running=(600, 600))))
    rig.standin.plot([Plot(100, Deed.SUSPEND, "gwas-2"), Plot(3000, Deed.RESUME, "gwas-2")])
    assert_all_succeeded(rig)
    assert rig.lines("TROUBLE") == [
        "gwas-2: it is stopped and keeps its slot; resume or delete it."
    ]


def test_where_every_job_is_refused_no_more_are_tried(make: MakeRig) -> None:
    faults = (Fault(Trouble.NO_PERMISSION, verbs=("submit",)),)
    rig = make(last=12, cap=6, switches=Switches(faults=faults))
    with pytest.raises(Rejected, match="3 submits in a row were refused; no more are submitted"):
        rig.run()
    assert len(rig.standin.truth().calls_of("submit")) == 3
    assert rig.lines("TROUBLE")[0].startswith("gwas-2: Run:ai: no rights for this")
    assert rig.lines("REFUSED") == []
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
