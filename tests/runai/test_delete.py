"""`delete` and the guard on Run:ai, by the stand-in's truth."""

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from tests.incident import InProcess
from tests.runai.rig import QUICK, Rig, forbidden, make_rig
from tests.runai_standin import Fault, Others, Settings, Switches, Trouble
from tests.unit.core.values import called, failed, reserved_after

from runbatch.clusters.runai.cluster import RunaiCluster
from runbatch.clusters.shell.program import Reply
from runbatch.core.attempt import Verdict
from runbatch.core.errors import ClusterError
from runbatch.core.job import State, View
from runbatch.core.reference import Ref
from runbatch.core.wish import Wish
from runbatch.views.removal import removal_of, removal_text

GONE = Reply(1, "", "Error: workload not found")
ALONE = Settings(delays=QUICK, others=Others(running=0, per_hour=0))


def delete(rig: Rig, *, every: bool = False) -> None:
    """Do what `runbatch delete` does."""
    with rig.ledger() as ledger:
        turns = removal_of(rig.batch, ledger.view(), every=every).turns
    rig.run(Wish(delete=turns, cut_off=every))


@pytest.mark.parametrize("generation", ["2.18", "2.25", "3.0"])
def test_what_has_ended_goes_and_nothing_of_anyone_elses(tmp_path: Path, generation: str) -> None:
    rig = make_rig(tmp_path, settings=Settings(delays=QUICK, generation=generation), last=6)
    rig.run()
    theirs = rig.standin.truth().live(lambda name: not rig.is_ours(name))
    delete(rig)
    truth = rig.standin.truth()
    assert truth.live(rig.is_ours) == {}
    assert truth.live(lambda name: not rig.is_ours(name)) == theirs
    assert len(truth.calls_of("delete")) == 6
    assert {path.name for path in (tmp_path / "ledger" / "logs").glob("*.log")} == {
        f"{key}.1.log" for key in rig.batch.keys
    }
    snapshot = rig.run()
    assert snapshot.counts[State.SUCCEEDED] == 6
    assert len(rig.standin.truth().calls_of("submit")) == 6


@pytest.mark.parametrize("settings", [ALONE, Settings(delays=QUICK)], ids=["alone", "shared"])
def test_a_batch_is_cut_off_and_can_begin_anew(tmp_path: Path, settings: Settings) -> None:
    """Also where no other workload is left: then the list is empty, which proves nothing."""
    rig = make_rig(tmp_path, settings=settings, last=8, cap=3)
    rig.run(most_ticks=12)
    running = set(rig.standin.truth().live(rig.is_ours))
    assert running
    delete(rig, every=True)
    assert rig.standin.truth().live(rig.is_ours) == {}
    with rig.ledger() as ledger:
        view = ledger.view()
    assert view.in_flight == frozenset()
    assert rig.standin.truth().max_active(rig.is_ours) <= 3
    cut_off = [job.key for job in view.jobs.values() if job.last and job.last.outcome is not None]
    assert {f"gwas-{key}" for key in cut_off} == running

    snapshot = rig.run(rig.wish())
    assert snapshot.counts[State.SUCCEEDED] == 8
    assert rig.most_active() <= 3


def test_a_deletion_whose_answer_is_lost_is_one(tmp_path: Path) -> None:
    rig = make_rig(tmp_path, settings=ALONE, last=3, cap=3)
    rig.run(most_ticks=8)
    lost = Fault(Trouble.LOST_ANSWER, verbs=("delete",))
    rig.standin.switch(Switches(faults=(lost,)))
    delete(rig, every=True)
    with rig.ledger() as ledger:
        assert ledger.view().in_flight == frozenset()
    assert rig.standin.truth().live(rig.is_ours) == {}


def test_an_empty_list_alone_frees_no_slot_of_what_is_still_there(tmp_path: Path) -> None:
    """The deletion takes no effect, and lists are empty for minutes: the workloads go on."""
    endless = replace(ALONE, durations_s={f"gwas-{key}": 1e6 for key in range(2, 5)})
    rig = make_rig(tmp_path, settings=endless, last=3, cap=3)
    rig.run(most_ticks=8)
    faults = (Fault(Trouble.NO_EFFECT, verbs=("delete",)), Fault(Trouble.EMPTY_LIST))
    rig.standin.switch(Switches(faults=faults))
    with rig.ledger() as ledger:
        going = removal_of(rig.batch, ledger.view(), every=True).going
    assert len(going) == 3
    rig.run(Wish(delete=frozenset(each.turn for each in going), cut_off=True), most_ticks=15)
    assert len(rig.standin.truth().live(rig.is_ours)) == 3
    with rig.ledger() as ledger:
        assert len(ledger.view().in_flight) == 3


def test_with_the_guard_each_exit_code_is_known(tmp_path: Path) -> None:
    """Run:ai tells none: a wrong configuration would be undetermined."""
    codes: dict[str, tuple[int, ...]] = {
        "gwas-2": (1,), "gwas-3": (2, 0), "gwas-4": (3,), "gwas-5": (137,),
    }  # fmt: skip
    rig = make_rig(tmp_path, settings=replace(ALONE, outcomes=codes), last=5)
    rig.batch = replace(rig.batch, run=replace(rig.batch.run, guard=True))
    found = {job.key: job.last for job in rig.run().jobs}
    verdicts = {key: last.outcome.verdict for key, last in found.items() if last and last.outcome}
    assert verdicts == {
        "2": Verdict.CONFIGURATION_ERROR,
        "3": Verdict.MOUNT_FAILURE,
        "4": Verdict.FAILED,
        "5": Verdict.UNDETERMINED,
        "6": Verdict.SUCCEEDED,
    }
    last = found["2"]
    assert last is not None
    assert str(last.outcome) == "configuration error (exit code 1, says the log's last line)"
    rig.run(Wish(retry=True))
    truth = rig.standin.truth()
    assert [truth.created(f"gwas-{key}") for key in range(2, 7)] == [1, 2, 1, 1, 1]


NO_LOG = Fault(Trouble.REFUSED, verbs=("logs",), text="Error: nobody knows why")


def test_what_has_no_log_that_can_be_had_is_spared_and_told_once(tmp_path: Path) -> None:
    rig = make_rig(tmp_path, settings=ALONE, last=2)
    rig.run()
    rig.standin.switch(Switches(faults=(NO_LOG,)))
    delete(rig)
    assert len(rig.standin.truth().live(rig.is_ours)) == 2
    assert not rig.standin.truth().calls_of("delete")
    told = rig.lines("TROUBLE")
    assert len(told) == 2
    assert all("nobody knows why" in line and "not deleted yet" in line for line in told)


IDLE = Fault(Trouble.IDLE_DELETE)


def test_what_is_deleted_in_words_only_is_asked_for_by_its_name_and_then_left(
    tmp_path: Path,
) -> None:
    rig = make_rig(tmp_path, settings=ALONE, last=1)
    rig.run()
    rig.standin.switch(Switches(faults=(IDLE,)))
    began_at = rig.clock.now()
    delete(rig)
    assert rig.clock.now() - began_at < timedelta(minutes=15)
    by_id, by_name = (call.argv for call in rig.standin.truth().calls_of("delete"))
    assert "gwas-2" not in by_id
    assert list(by_name) == ["workspace", "delete", "gwas-2", "-p", "talmo-lab"]
    assert len(rig.lines("TROUBLE")) == 1
    assert rig.standin.truth().live(rig.is_ours)
    rig.standin.switch(Switches())
    delete(rig)
    assert not rig.standin.truth().live(rig.is_ours)


def test_where_only_the_name_is_of_use_the_workload_goes(tmp_path: Path) -> None:
    rig = make_rig(tmp_path, settings=ALONE, last=2)
    rig.run()
    rig.standin.switch(Switches(faults=(replace(IDLE, nth=(1, 2)),)))
    delete(rig)
    assert not rig.standin.truth().live(rig.is_ours)
    calls = [call.argv for call in rig.standin.truth().calls_of("delete")]
    assert ["gwas-2" in argv or "gwas-3" in argv for argv in calls] == [False, False, True, True]
    assert not rig.lines("TROUBLE")


def test_a_name_that_is_another_workloads_by_now_is_not_deleted(tmp_path: Path) -> None:
    rig = make_rig(tmp_path, settings=ALONE, last=1)
    rig.run()
    cluster = rig.cluster()
    (found,) = cluster.list("gwas").observations
    assert not cluster.remove(Ref(found.name, found.uid))
    rig.standin.advance(600)
    rig.standin.call("workspace", "submit", found.name, "-p", "talmo-lab", "-i", "x:1")
    assert not cluster.remove(Ref(found.name, found.uid)), "something bears the name: a list tells"
    assert rig.standin.truth().live(rig.is_ours)


def test_jobs_of_a_wider_batch_are_named_and_left(tmp_path: Path) -> None:
    rig = make_rig(tmp_path, settings=ALONE, last=4)
    rig.run()
    narrow = replace(rig.batch, keys=rig.batch.keys[:2])
    with rig.ledger() as ledger:
        removal = removal_of(narrow, ledger.view(), every=True)
    assert [each.key for each in removal.going] == ["2", "3"]
    assert [each.key for each in removal.others] == ["4", "5"]
    assert "would leave 2 workloads: of this prefix, but none of this file's jobs" in removal_text(
        removal
    )


def test_what_nobody_knows_to_be_there_is_not_counted_yet_meant(tmp_path: Path) -> None:
    """A submit without an answer, and a slot that was only reserved."""
    rig = make_rig(tmp_path, settings=ALONE, last=2)
    view = View.of([called("2"), failed("3", missed=3), reserved_after(failed("3"))])
    removal = removal_of(rig.batch, view, every=True)
    assert (removal.going, removal.doubtful) == ((), (called("2"),))
    assert removal.turns == {called("2").turn}
    assert removal_of(rig.batch, view, every=False).turns == frozenset()


def test_an_unknown_id_is_gone_only_if_nothing_bears_the_name() -> None:
    """A list may have shown another id than the workload's own, and the workload lives."""
    described, listed = Reply(0, "{}", ""), Reply(0, "[]", "")
    row = {"name": "gwas-2", "id": "u", "phase": "Running", "projectName": "talmo-lab"}

    def execute(words: Sequence[str], limit_s: float) -> Reply:
        if "list" in words:
            return listed
        if "version" in words:
            return Reply(0, "2.25.1", "")
        return described if "describe" in words else GONE

    cluster = RunaiCluster("talmo-lab", "workspace", execute=execute, kubectl=forbidden)
    assert not cluster.remove(Ref("gwas-2", "another-id"))
    described = GONE
    assert cluster.remove(Ref("gwas-2", "another-id"))
    listed = Reply(0, json.dumps([{**row, "type": "Workspace"}]), "")
    assert not cluster.remove(Ref("gwas-2", "another-id"))  # so `describe` was wrong
    described = Reply(1, "", "Error: 503 Service Unavailable")
    with pytest.raises(ClusterError, match="busy"):
        cluster.remove(Ref("gwas-2", "another-id"))


def without_ids(text: str) -> str:
    """Return a list as a program might print it that tells no ids (Run:ai facts, 7)."""
    value = json.loads(text[text.index("{") :])
    for row in value["workloads"]:
        del row["id"]
    return json.dumps(value)


def test_where_no_ids_are_listed_a_workload_is_deleted_by_its_name(tmp_path: Path) -> None:
    """After one more look: what has its name by then may be another."""
    rig = make_rig(tmp_path, settings=ALONE, last=2)
    rig.run()
    real = InProcess(rig.standin)
    calls: list[Sequence[str]] = []

    def execute(words: Sequence[str], limit_s: float) -> Reply:
        calls.append(words)
        reply = real(words, limit_s)
        is_list = "list" in words and "project" not in words
        return replace(reply, out=without_ids(reply.out)) if is_list else reply

    cluster = RunaiCluster("talmo-lab", "workspace", execute=execute, kubectl=forbidden)
    first, second = cluster.list("gwas").observations
    assert first.uid.startswith("created ")
    assert not cluster.remove(Ref(first.name, "created 2020-01-01T00:00:00Z"))
    assert not rig.standin.truth().calls_of("delete")
    assert not cluster.remove(Ref(first.name, first.uid))
    assert calls[-1] == ["workspace", "delete", first.name, "-p", "talmo-lab"]
    rig.standin.advance(600)
    assert set(rig.standin.truth().live(rig.is_ours)) == {second.name}
