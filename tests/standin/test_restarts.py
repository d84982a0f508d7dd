"""What is tried again: pods that are replaced or restarted, and how often."""

from dataclasses import replace

import pytest
from tests.runai_standin import Deed, Phase, Plot, Settings, Switches, WorkspaceEnd

from .conftest import A_DAY_S, Make, phases_by_name, submit


@pytest.mark.parametrize(("flags", "pods"), [(("--backoff-limit", "3"), 4), ((), 1)])
def test_failed_pods_are_replaced_up_to_the_backoff_limit(
    make: Make, flags: tuple[str, ...], pods: int
) -> None:
    standin = make(Settings(outcomes={"gwas-1": (3,)}))
    submit(standin, "gwas-1", *flags)
    standin.advance(A_DAY_S)
    truth = standin.truth()
    assert truth.exit_codes("gwas-1") == [3] * pods
    assert truth.phases("gwas-1")[-1] is Phase.FAILED
    (workload,) = truth.workloads
    assert len({pod.name for pod in workload.pods}) == pods
    assert len({pod.node for pod in workload.pods}) == 1


def test_without_a_backoff_limit_the_server_tries_seven_times(make: Make) -> None:
    standin = make(Settings(outcomes={"gwas-1": (3,)}))
    standin.call("training", "submit", "gwas-1", "-i", "lab/image:1")
    standin.advance(A_DAY_S)
    assert standin.truth().exit_codes("gwas-1") == [3] * 7


def test_a_site_may_not_honour_the_backoff_limit(make: Make) -> None:
    standin = make(Settings(outcomes={"gwas-1": (3,)}), Switches(backoff_honoured=False))
    submit(standin, "gwas-1")
    standin.advance(A_DAY_S)
    assert standin.truth().exit_codes("gwas-1") == [3] * 7


def test_on_failure_restarts_in_the_same_pod(make: Make) -> None:
    standin = make(Settings(outcomes={"gwas-1": (3, 0)}))
    submit(standin, "gwas-1", "--restart-policy", "OnFailure", "--backoff-limit", "2")
    standin.advance(A_DAY_S)
    (workload,) = standin.truth().workloads
    assert [pod.restarts for pod in workload.pods] == [1]
    assert workload.phase is Phase.COMPLETED


def test_on_failure_restarts_up_to_the_backoff_limit(make: Make) -> None:
    standin = make(Settings(outcomes={"gwas-1": (3,)}))
    submit(standin, "gwas-1", "--restart-policy", "OnFailure", "--backoff-limit", "2")
    standin.advance(A_DAY_S)
    (workload,) = standin.truth().workloads
    assert [pod.restarts for pod in workload.pods] == [2]
    assert workload.phase is Phase.FAILED


@pytest.mark.parametrize(
    ("ending", "flags", "phase", "restarts"),
    [
        (WorkspaceEnd.COMPLETES, (), "Completed", 0),
        (WorkspaceEnd.NEVER, (), "Running", 0),
        (WorkspaceEnd.RESTARTS, (), "Running", 3),
        (WorkspaceEnd.RESTARTS, ("--restart-policy", "Never"), "Completed", 0),
        (WorkspaceEnd.COMPLETES, ("--restart-policy", "Always"), "Running", 3),
    ],
)
def test_a_workspace_ends_as_its_switch_says(
    make: Make, ending: WorkspaceEnd, flags: tuple[str, ...], phase: str, restarts: int
) -> None:
    standin = make(Settings(durations_s={"gwas-1": 100}), Switches(workspace_end=ending))
    submit(standin, "gwas-1", *flags)
    standin.advance(A_DAY_S)
    assert phases_by_name(standin) == {"gwas-1": phase}
    (workload,) = standin.truth().workloads
    assert workload.pods[0].restarts >= restarts


def test_a_retry_goes_back_to_its_node(make: Make) -> None:
    standin = make(Settings(nodes=2, outcomes={"gwas-1": (3, 0)}, durations_s={"gwas-1": 500}))
    submit(standin, "gwas-1", "--backoff-limit", "1")
    standin.advance(100)
    (node,) = standin.truth().nodes("gwas-1")
    durations = {"gwas-1": 500.0, "gwas-2": 5000.0, "gwas-3": 5000.0}
    pinned = {"gwas-2": node, "gwas-3": node}
    standin.change(replace(standin.settings, pinned=pinned, durations_s=durations))
    submit(standin, "gwas-2")
    submit(standin, "gwas-3")
    standin.advance(1500)
    assert standin.truth().nodes("gwas-1") == [node, node]


def test_an_evicted_workload_runs_its_whole_time_again(make: Make) -> None:
    standin = make(Settings(durations_s={"gwas-1": 1000}))
    submit(standin, "gwas-1")
    standin.plot([Plot(500, Deed.PREEMPT, "gwas-1")])
    standin.advance(A_DAY_S)
    (started_s, _, _), (ended_s, _, phase) = standin.truth().history("gwas-1")[-2:]
    assert phase is Phase.COMPLETED
    assert ended_s - started_s == pytest.approx(1000)


def test_suspend_and_resume_start_from_scratch_in_a_new_pod(make: Make) -> None:
    standin = make()
    submit(standin, "gwas-1")
    standin.advance(100)
    assert standin.call("workspace", "suspend", "gwas-1").exit_code == 0
    standin.advance(A_DAY_S)
    assert phases_by_name(standin) == {"gwas-1": "Stopped"}
    assert standin.call("workspace", "resume", "gwas-1").exit_code == 0
    standin.advance(A_DAY_S)
    truth = standin.truth()
    assert truth.phases("gwas-1")[4:] == [
        Phase.STOPPING,
        Phase.STOPPED,
        Phase.RESUMING,
        Phase.PENDING,
        Phase.INITIALIZING,
        Phase.RUNNING,
        Phase.COMPLETED,
    ]
    assert truth.exit_codes("gwas-1") == [None, 0]
    for verb in ("suspend", "resume"):
        assert standin.call("workspace", verb, "gwas-1").exit_code == 1
