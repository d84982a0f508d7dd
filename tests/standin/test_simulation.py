"""The cluster itself: phases, places, mounts, other people, deeds."""

from dataclasses import replace

import pytest
from tests.runai_standin import (
    Deed,
    Delays,
    Fault,
    Others,
    Phase,
    Plot,
    Settings,
    Switches,
    Trouble,
)

from .conftest import A_DAY_S, MOUNTS, Make, listed, phases_by_name, submit

WHOLE_LIFE = [Phase.CREATING, Phase.PENDING, Phase.INITIALIZING, Phase.RUNNING]


@pytest.mark.parametrize(
    ("codes", "end"), [((0,), Phase.COMPLETED), ((1,), Phase.FAILED), ((137,), Phase.FAILED)]
)
def test_a_workload_goes_through_its_phases(make: Make, codes: tuple[int, ...], end: Phase) -> None:
    standin = make(Settings(outcomes={"gwas-1": codes}))
    submit(standin, "gwas-1")
    standin.advance(A_DAY_S)
    truth = standin.truth()
    assert truth.phases("gwas-1") == [*WHOLE_LIFE, end]
    assert truth.exit_codes("gwas-1") == list(codes)
    moments = [at_s for at_s, _, _ in truth.history("gwas-1")]
    assert moments == sorted(set(moments))


def test_outcomes_are_used_up_one_by_one_over_several_workloads_of_a_name(make: Make) -> None:
    standin = make(Settings(outcomes={"gwas-1": (2, 2, 0)}))
    ends = []
    for _ in range(4):
        submit(standin, "gwas-1")
        standin.advance(A_DAY_S)
        ends.append(standin.truth().live()["gwas-1"])
        standin.call("workspace", "delete", "gwas-1")
        standin.advance(60)
    assert ends == [Phase.FAILED, Phase.FAILED, Phase.COMPLETED, Phase.COMPLETED]
    assert standin.truth().created("gwas-1") == 4


def test_many_small_steps_end_like_one_large_step(make: Make) -> None:
    settings = Settings(
        seed=5,
        nodes=2,
        slots=3,
        mount_table=4,
        outcome_rates={2: 0.3},
        others=Others(running=2, per_hour=20.0),
    )
    coarse, fine = make(settings), make(settings)
    for standin in (coarse, fine):
        for key in range(8):
            submit(standin, f"gwas-{key}", *MOUNTS, "--backoff-limit", "1")
    coarse.advance(4000)
    for _ in range(400):
        fine.advance(10)
    assert coarse.truth().changes == fine.truth().changes
    assert len(coarse.truth().changes) > 40


def test_another_seed_behaves_otherwise(make: Make) -> None:
    first, second = make(Settings(seed=1)), make(Settings(seed=2))
    for standin in (first, second):
        submit(standin, "gwas-1")
        standin.advance(A_DAY_S)
    assert first.truth().changes != second.truth().changes


def test_other_people_keep_their_number_running(make: Make) -> None:
    standin = make(Settings(others=Others(running=33, elsewhere=2)))
    for _ in range(10):
        standin.advance(3000)
        live = standin.truth().live(lambda name: not name.startswith("gwas"))
        assert sum(phase is Phase.RUNNING for phase in live.values()) == 35
    assert len(standin.truth().names(lambda _name: True)) > 100


def test_arrivals_queue_and_leave(make: Make) -> None:
    standin = make(Settings(others=Others(per_hour=30.0, kept_s=60.0, duration_s=(60, 120))))
    standin.advance(7200)
    truth = standin.truth()
    assert 30 <= len(truth.names(lambda _name: True)) <= 90
    assert len(truth.live(lambda _name: True)) < 20


def test_places_are_limited_and_given_in_order(make: Make) -> None:
    standin = make(Settings(nodes=1, slots=2, durations_s={f"gwas-{n}": 1000 for n in range(4)}))
    for key in range(4):
        submit(standin, f"gwas-{key}")
        standin.advance(10)
    standin.advance(300)
    assert list(phases_by_name(standin).values()) == ["Running", "Running", "Pending", "Pending"]
    standin.advance(800)
    assert list(phases_by_name(standin).values()) == ["Completed", "Completed"] + ["Running"] * 2


def test_who_waits_longest_runs_first(make: Make) -> None:
    names = [f"gwas-{key}" for key in range(5)]
    standin = make(Settings(nodes=1, slots=1, durations_s=dict.fromkeys(names, 1000.0)))
    for name in names:
        submit(standin, name)
        standin.advance(10)
    standin.advance(A_DAY_S)
    truth = standin.truth()
    ran = [change.name for change in truth.changes if change.phase is Phase.RUNNING]
    assert ran == names


@pytest.mark.parametrize(("verb", "left"), [("suspend", {"gwas-2": "Stopped"}), ("delete", {})])
def test_what_no_longer_waits_is_not_placed(make: Make, verb: str, left: dict[str, str]) -> None:
    delays = Delays(stopping=(500, 500), deleting=(500, 500))
    settings = Settings(nodes=1, slots=1, delays=delays, durations_s={"gwas-1": 300})
    standin = make(settings)
    for key in (1, 2):
        submit(standin, f"gwas-{key}")
        standin.advance(30)
    assert standin.call("workspace", verb, "gwas-2").exit_code == 0
    standin.advance(A_DAY_S)
    assert phases_by_name(standin) == {"gwas-1": "Completed", **left}
    assert standin.truth().nodes("gwas-2") == []


def test_a_start_without_mounts_takes_no_entries(make: Make) -> None:
    standin = make(Settings(nodes=1, mount_table=2))
    for name, mounts in (("a", 1), ("b", 2), ("c", 1)):
        submit(standin, name, *MOUNTS * mounts)
        standin.advance(10)
    standin.advance(200)
    assert phases_by_name(standin) == {"a": "Running", "b": "Failed", "c": "Running"}


def test_a_start_without_mounts_uses_up_no_outcome(make: Make) -> None:
    fault = Fault(Trouble.FULL_NODE, until_s=1000)
    standin = make(Settings(outcomes={"gwas-1": (3, 0)}), Switches(faults=(fault,)))
    for codes in ([2], [2, 3], [2, 3, 0]):
        submit(standin, "gwas-1", *MOUNTS)
        standin.advance(A_DAY_S)
        assert standin.truth().exit_codes("gwas-1") == codes
        standin.call("workspace", "delete", "gwas-1")
        standin.advance(60)


def test_faults_are_for_the_batch_only(make: Make) -> None:
    faults = (Fault(Trouble.STUCK_PENDING), Fault(Trouble.ODD_PHASE, text="Odd"))
    others = Others(running=3, per_hour=60.0, duration_s=(100, 200))
    standin = make(Settings(others=others), Switches(faults=faults))
    submit(standin, "gwas-1")
    standin.advance(3600)
    rows = listed(standin, noun="workload")
    assert {row["name"] for row in rows if row["phase"] == "Odd"} == {"gwas-1"}
    assert sum(row["phase"] == "Completed" for row in rows) > 30
    assert standin.truth().live()["gwas-1"] is Phase.PENDING


def test_a_full_mount_table_fails_a_start_with_code_2(make: Make) -> None:
    standin = make(Settings(nodes=1, mount_table=2))
    for key in range(3):
        submit(standin, f"gwas-{key}", *MOUNTS)
    submit(standin, "gwas-3")
    standin.advance(200)
    phases = phases_by_name(standin)
    assert sorted(phases.values()) == ["Failed", "Running", "Running", "Running"]
    (failed,) = [name for name, phase in phases.items() if phase == "Failed"]
    assert standin.truth().exit_codes(failed) == [2]
    log = standin.call("workspace", "logs", failed).stdout
    assert "INFRASTRUCTURE MOUNT FAILURE: /data is not a mount point" in log
    assert "Infrastructure failure detected (exit code 2) - retryable" in log
    assert phases["gwas-3"] == "Running", "what mounts nothing does not care"


def test_mounts_are_free_again_when_a_workload_has_ended(make: Make) -> None:
    standin = make(Settings(nodes=1, mount_table=1))
    submit(standin, "gwas-1", *MOUNTS)
    standin.advance(A_DAY_S)
    submit(standin, "gwas-2", *MOUNTS)
    standin.advance(A_DAY_S)
    assert set(phases_by_name(standin).values()) == {"Completed"}


def test_other_people_take_mounts_too(make: Make) -> None:
    standin = make(Settings(nodes=2, mount_table=5, others=Others(running=10)))
    submit(standin, "gwas-1", *MOUNTS)
    submit(standin, "gwas-2")
    standin.advance(200)
    phases = phases_by_name(standin)
    assert (phases["gwas-1"], phases["gwas-2"]) == ("Failed", "Running")


def test_excluded_nodes_are_left_alone(make: Make) -> None:
    standin = make(Settings(nodes=2))
    for key in range(4):
        submit(standin, f"gwas-{key}", "--exclude-node", "gpu-node1")
    standin.advance(100)
    truth = standin.truth()
    assert {truth.nodes(f"gwas-{key}")[0] for key in range(4)} == {"gpu-node2"}


def test_one_node_can_have_a_smaller_table(make: Make) -> None:
    pinned = {"gwas-37": "gpu-node5", "gwas-38": "gpu-node6"}
    standin = make(Settings(mount_tables={"gpu-node5": 0}, pinned=pinned))
    submit(standin, "gwas-37", *MOUNTS)
    submit(standin, "gwas-38", *MOUNTS)
    standin.advance(A_DAY_S)
    assert phases_by_name(standin) == {"gwas-37": "Failed", "gwas-38": "Completed"}
    assert standin.truth().nodes("gwas-37") == ["gpu-node5"]


def test_starts_are_spread_unless_packed(make: Make) -> None:
    for packed, nodes in ((False, 4), (True, 1)):
        standin = make(Settings(nodes=4, packed=packed))
        for key in range(4):
            submit(standin, f"gwas-{key}")
        standin.advance(100)
        truth = standin.truth()
        assert len({truth.nodes(f"gwas-{key}")[0] for key in range(4)}) == nodes


def test_a_deletion_holds_the_name_until_it_is_done(make: Make) -> None:
    standin = make(Settings(delays=Delays(deleting=(30, 30))))
    submit(standin, "gwas-1")
    standin.advance(100)
    standin.call("workspace", "delete", "gwas-1")
    standin.advance(29)
    assert phases_by_name(standin) == {"gwas-1": "Deleting"}
    assert "already exists" in submit(standin, "gwas-1").stderr
    standin.advance(1)
    assert phases_by_name(standin) == {}
    assert submit(standin, "gwas-1").exit_code == 0
    truth = standin.truth()
    assert truth.created("gwas-1") == 2
    assert len({uid for _, uid, _ in truth.history("gwas-1")}) == 2


def test_ended_workloads_disappear_after_the_time_asked_for(make: Make) -> None:
    standin = make(Settings(durations_s={"gwas-1": 10, "gwas-2": 10}))
    submit(standin, "gwas-1", "--auto-deletion-time-after-completion", "1h")
    submit(standin, "gwas-2")
    standin.advance(3000)
    assert set(phases_by_name(standin)) == {"gwas-1", "gwas-2"}
    standin.advance(3600)
    assert set(phases_by_name(standin)) == {"gwas-2"}
    standin.advance(30 * A_DAY_S)
    assert phases_by_name(standin) == {}


@pytest.mark.parametrize(
    ("deed", "phases"),
    [
        (Deed.DELETE, [Phase.DELETING, Phase.GONE]),
        (Deed.ERASE, [Phase.GONE]),
        (Deed.SUSPEND, [Phase.STOPPING, Phase.STOPPED]),
        (Deed.PREEMPT, [Phase.PENDING, Phase.INITIALIZING, Phase.RUNNING]),
        (Deed.FINISH, [Phase.FAILED]),
    ],
)
def test_deeds_happen_at_their_second(make: Make, deed: Deed, phases: list[Phase]) -> None:
    standin = make(Settings(durations_s={"gwas-1": 5000}))
    submit(standin, "gwas-1")
    standin.plot([Plot(500, deed, "gwas-1", code=1)])
    standin.advance(1000)
    truth = standin.truth()
    assert truth.phases("gwas-1")[4:] == phases
    assert truth.history("gwas-1")[4][0] == 500


def test_deeds_that_do_not_fit_change_nothing(make: Make) -> None:
    standin = make()
    submit(standin, "gwas-1")
    for deed in (Deed.PREEMPT, Deed.FINISH, Deed.RESUME):
        standin.do(deed, "gwas-1")
        standin.do(deed, "nobody")
    assert standin.truth().phases("gwas-1") == [Phase.CREATING]


def test_settings_can_change_in_between(make: Make) -> None:
    standin = make()
    submit(standin, "gwas-1")
    standin.change(replace(standin.settings, outcomes={"gwas-1": (1,)}))
    standin.advance(A_DAY_S)
    assert phases_by_name(standin) == {"gwas-1": "Failed"}
