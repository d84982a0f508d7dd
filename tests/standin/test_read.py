"""Describe, logs, delete, and the commands about the account."""

import json

import pytest
from tests.runai_standin import Settings, StandIn

from .conftest import MOUNTS, Make, listed, phases_by_name, submit


def failed(make: Make, generation: str = "2.25") -> StandIn:
    """Return a cluster with one workload that failed with code 3, after two pods."""
    standin = make(Settings(generation=generation, outcomes={"gwas-1": (3,)}))
    submit(standin, "gwas-1", "--backoff-limit", "1", "--label", "a=b", "--", "/run")
    standin.advance(86_400)
    return standin


def test_describe_tells_pods_nodes_and_events_but_no_exit_code(make: Make) -> None:
    standin = failed(make)
    text = standin.call("workspace", "describe", "gwas-1", "-o", "json").stdout
    found = json.loads(text)
    nodes = standin.truth().nodes("gwas-1")
    assert [pod["nodeName"] for pod in found["pods"]] == nodes
    assert [pod["k8sPhase"] for pod in found["pods"]] == ["Error", "Error"]
    reasons = [event["reason"] for event in found["events"]]
    assert reasons == ["Bound", "Bound", "BackoffLimitExceeded"]
    assert found["events"][0]["message"] == f"Pod bound successfully to node {nodes[0]}"
    assert found["events"][-1]["message"] == "RunaiJob has reached the specified backoff limit"
    assert found["labels"] == {"a": "b"}
    assert "exit" not in text.lower()


def test_describe_can_leave_out_sections(make: Make) -> None:
    standin = failed(make)
    words = ("workspace", "describe", "gwas-1", "-o", "json")
    limits = ("--pod-limit", "1", "--event-limit=1", "--sortEvents", "desc")
    found = json.loads(standin.call(*words, *limits).stdout)
    assert (len(found["pods"]), len(found["events"])) == (1, 1)
    found = json.loads(standin.call(*words, "--pods=false", "--events=false").stdout)
    assert (found["pods"], found["events"]) == ([], [])


def test_the_table_form_has_a_line_for_the_phase_and_misleading_heads(make: Make) -> None:
    standin = failed(make)
    text = standin.call("workspace", "describe", "gwas-1").stdout
    assert "\nPhase: Failed\n" in text
    assert "Completed At" in text
    assert "Pod bound successfully to node gpu-node" in text
    submit(standin, "gwas-2")
    assert "Command:" not in standin.call("workspace", "describe", "gwas-2").stdout
    assert 'phase: "Failed"' in standin.call("workspace", "describe", "gwas-1", "-o=yaml").stdout
    assert standin.call("workspace", "describe", "gwas-1", "-o", "xml").exit_code == 1


@pytest.mark.parametrize(("generation", "exit_code"), [("2.18", 1), ("2.25", 0)])
def test_old_programs_need_the_type_to_describe_a_workload(
    make: Make, generation: str, exit_code: int
) -> None:
    standin = failed(make, generation)
    answer = standin.call("workload", "describe", "gwas-1")
    assert answer.exit_code == exit_code
    if exit_code:
        assert answer.stderr == 'Error: required flag(s) "type" not set\n'
        assert standin.call("workload", "describe", "gwas-1", "--type", "workspace").exit_code == 0


def test_a_workload_can_be_named_by_its_uid(make: Make) -> None:
    standin = make()
    submit(standin, "gwas-1")
    uid = listed(standin)[0]["id"]
    assert standin.call("workspace", "describe", "--uuid", uid).exit_code == 0
    standin.call("workspace", "delete", "-u", uid)
    assert phases_by_name(standin) == {"gwas-1": "Deleting"}
    for words in (("--uuid", "0"), ("gwas-2",), ()):
        assert standin.call("workspace", "describe", *words).exit_code == 1


def test_logs_come_when_the_container_has_started(make: Make) -> None:
    standin = make(Settings(durations_s={"gwas-1": 1000}))
    texts = []
    submit(standin, "gwas-1", "-e", "TRAIT_INDEX=37")
    for seconds in (0, 9, 100, 1000):
        standin.advance(seconds)
        answer = standin.call("workspace", "logs", "gwas-1")
        texts.append(answer.stderr or answer.stdout)
    no_pod, not_ready, running, ended = texts
    start = "Error: failed to print logs. workload is not ready to stream: "
    assert no_pod == f"{start}pod not found\n"
    assert not_ready == f"{start}pod is not ready\n"
    assert "[INFO] TRAIT_INDEX=37\n" in running
    assert "finished" not in running
    assert ended.endswith("[INFO] Analysis finished\n")


@pytest.mark.parametrize(("tail", "count"), [("2", 2), ("0", 0), ("-1", 7), ("100", 7)])
def test_tail_cuts_the_beginning_off(make: Make, tail: str, count: int) -> None:
    standin = make()
    submit(standin, "gwas-1")
    standin.advance(86_400)
    whole = standin.call("workspace", "logs", "gwas-1").stdout.splitlines()
    shown = standin.call("workspace", "logs", "gwas-1", "--tail", tail).stdout.splitlines()
    assert shown == whole[len(whole) - count :]


def test_each_pod_of_a_retried_workload_has_its_log(make: Make) -> None:
    standin = failed(make)
    pods = [pod.name for pod in standin.truth().workloads[0].pods]
    assert pods[0] == "gwas-1-0-0"
    for pod in pods:
        assert standin.call("workspace", "logs", "gwas-1", "--pod", pod).exit_code == 0
    previous = standin.call("workspace", "logs", "gwas-1", "--previous")
    assert previous.stderr == f"Error: previous terminated container {pods[1]} not found\n"
    assert standin.call("workspace", "logs", "gwas-1", "--pod", "x").exit_code == 1


@pytest.mark.parametrize(
    ("code", "line"),
    [
        (1, "[ERROR] Missing required files or directories"),
        (3, "Error in analysis: execution halted"),
        (137, "[INFO] step 5 of 5"),
    ],
)
def test_the_last_line_goes_with_the_exit_code(make: Make, code: int, line: str) -> None:
    standin = make(Settings(outcomes={"gwas-1": (code,)}))
    submit(standin, "gwas-1")
    standin.advance(86_400)
    assert standin.call("workspace", "logs", "gwas-1").stdout.splitlines()[-1] == line


def test_a_log_can_be_given_but_not_for_missing_mounts(make: Make) -> None:
    standin = make(Settings(logs={"gwas-1": "all mine\n"}))
    submit(standin, "gwas-1")
    standin.advance(86_400)
    assert standin.call("workspace", "logs", "gwas-1").stdout == "all mine\n"
    standin = make(Settings(logs={"gwas-1": "all mine\n"}, mount_table=0))
    submit(standin, "gwas-1", *MOUNTS)
    standin.advance(86_400)
    assert "MOUNT FAILURE" in standin.call("workspace", "logs", "gwas-1").stdout


def test_logs_of_what_is_not_there(make: Make) -> None:
    standin = make()
    answer = standin.call("workspace", "logs", "gwas-1")
    assert answer.stderr == "Error: could not locate desired workload\n"
    submit(standin, "gwas-1")
    standin.advance(100)
    standin.call("workspace", "suspend", "gwas-1")
    answer = standin.call("workspace", "logs", "--name", "gwas-1")
    assert answer.stderr == "Error: one of requested resource was not found: not found\n"


def test_many_are_deleted_with_a_yes_only(make: Make) -> None:
    standin = make()
    for name in ("a", "b", "c"):
        submit(standin, name)
    words = ("workload", "delete", "-p", "talmo-lab")
    without = standin.call(*words, "a", "b")
    assert without.stderr == "Error: could not open a new TTY: open /dev/tty\n"
    assert standin.call(*words, "a b", "-y").stderr == "Error: no workload was found\n"
    assert standin.call(*words, "a", "b", "-y").exit_code == 0
    standin.advance(100)
    assert set(phases_by_name(standin)) == {"c"}


def test_deleting_twice_is_harmless_and_what_is_gone_is_not_found(make: Make) -> None:
    standin = make()
    submit(standin, "gwas-1")
    assert standin.call("workspace", "delete", "gwas-1").exit_code == 0
    assert standin.call("workspace", "delete", "gwas-1").exit_code == 0
    standin.advance(100)
    answer = standin.call("workspace", "delete", "gwas-1")
    assert (answer.exit_code, answer.stderr) == (1, "Error: no workload was found\n")
    assert [phase.value for phase in standin.truth().phases("gwas-1")].count("Deleting") == 1


def test_a_workspace_is_not_found_as_a_training(make: Make) -> None:
    standin = make()
    submit(standin, "gwas-1")
    assert standin.call("training", "delete", "gwas-1").exit_code == 1
    assert phases_by_name(standin) == {"gwas-1": "Creating"}


@pytest.mark.parametrize("generation", ["2.18", "2.25", "3.0"])
def test_the_account_can_be_asked(make: Make, generation: str) -> None:
    standin = make(Settings(generation=generation))
    assert generation in standin.call("version").stdout
    assert len(standin.call("version", "--wide").stdout.splitlines()) > 1
    assert standin.call("whoami").exit_code == 0
    found = json.loads(standin.call("project", "list", "--json").stdout)
    assert [project["name"] for project in found["projects"]] == ["talmo-lab", "vision-lab"]
    assert " talmo-lab " in standin.call("project", "list").stdout
    config = json.loads(standin.call("config", "describe", "--json").stdout)
    assert config["cluster"]["project"]["name"] == "talmo-lab"
    assert standin.call("workspace", "submit", "--help").stdout.startswith("Usage:\n")
