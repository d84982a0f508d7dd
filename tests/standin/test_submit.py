"""Submitting: what the server checks, and what it prints."""

import pytest
from tests.runai_standin import Settings, Switches

from .conftest import Make, listed, submit

MALFORMED = (
    "The workload name must consist of lower case alphanumeric characters or '-', and start "
    "with an alphabetic character."
)


@pytest.mark.parametrize(
    ("noun", "kind"), [("workspace", "workspace"), ("training standard", "training")]
)
def test_success_prints_a_hint_without_project_or_uid(make: Make, noun: str, kind: str) -> None:
    answer = submit(make(), "gwas-1", noun=noun)
    assert answer.exit_code == 0
    assert answer.stdout == (
        f"Creating {kind} gwas-1...\n"
        f"To track the workload's status, run 'runai {noun} describe gwas-1'\n"
    )


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a" * 64, "The length of a workload name must not exceed 63 characters"),
        ("Gwas", MALFORMED),
        ("1gwas", MALFORMED),
        ("gwas_1", MALFORMED),
        ("gwas-", MALFORMED),
        ("gwas.1", MALFORMED),
    ],
)
def test_bad_names_are_refused(make: Make, name: str, text: str) -> None:
    standin = make()
    answer = submit(standin, name)
    assert (answer.exit_code, answer.stderr) == (1, f"Error: {text}\n")
    assert listed(standin) == []


def test_the_longest_name_is_taken(make: Make) -> None:
    assert submit(make(), "a" * 63).exit_code == 0


def test_a_site_may_take_shorter_names_only(make: Make) -> None:
    assert submit(make(Settings(name_limit=50)), "a" * 51).exit_code == 1


@pytest.mark.parametrize(
    ("noun", "text"),
    [
        ("workspace", "Workspace named 'gwas-1' already exists in the project"),
        ("training", "Training named 'gwas-1' already exists in the project"),
    ],
)
def test_a_name_can_be_taken_once(make: Make, noun: str, text: str) -> None:
    standin = make()
    submit(standin, "gwas-1")
    answer = submit(standin, "gwas-1", noun=noun)
    assert (answer.exit_code, answer.stderr) == (1, f"Error: {text}\n")
    assert standin.truth().created("gwas-1") == 1


def test_kinds_may_have_names_of_their_own(make: Make) -> None:
    standin = make(switches=Switches(shared_names=False))
    submit(standin, "gwas-1")
    assert submit(standin, "gwas-1", noun="training").exit_code == 0
    assert submit(standin, "gwas-1").exit_code == 1
    assert standin.truth().overlapping() == {"gwas-1"}


def test_a_value_has_a_largest_length(make: Make) -> None:
    standin = make()
    answer = submit(standin, "gwas-1", "-e", f"LONG={'x' * 10_001}")
    assert answer.exit_code == 1
    assert "value for Value must have at most 10000 characters" in answer.stderr
    assert submit(standin, "gwas-1", "-e", f"LONG={'x' * 10_000}").exit_code == 0


@pytest.mark.parametrize(
    "text",
    [
        "path=/lab/a,b,mount=/data",
        "path=/lab/a,mount=/data,mode=rw",
        "path=/lab/a",
        "path=lab,mount=/data",
        "path=/a,mount=/data,mount-propagation=Both",
    ],
)
def test_host_paths_that_cannot_be_read_are_refused(make: Make, text: str) -> None:
    standin = make()
    assert submit(standin, "gwas-1", "--host-path", text).exit_code == 1
    assert listed(standin) == []


def test_host_paths_are_read_only_unless_said_otherwise(make: Make) -> None:
    standin = make()
    first = "path=/lab/in,mount=/data,mount-propagation=HostToContainer"
    second = "path=/lab/out,mount=/outputs,mount-propagation=HostToContainer,readwrite"
    submit(standin, "gwas-1", "--host-path", first, "--host-path", second)
    (workload,) = standin.truth().workloads
    taken = [(p.path, p.mount, p.propagation, p.writable) for p in workload.request.host_paths]
    assert taken == [
        ("/lab/in", "/data", "HostToContainer", False),
        ("/lab/out", "/outputs", "HostToContainer", True),
    ]


def test_an_image_a_project_and_pairs_are_needed(make: Make) -> None:
    standin = make(Settings(default_project=None))
    without_image = standin.call("workspace", "submit", "gwas-1", "-p", "talmo-lab")
    assert without_image.stderr == 'Error: required flag(s) "image" not set\n'
    assert standin.call("workspace", "submit", "gwas-1", "-i", "x:1").exit_code == 1
    assert submit(standin, "gwas-1", "--label", "run").exit_code == 1
    unknown = standin.call("workspace", "list", "-p", "no-such-lab")
    assert unknown.stderr == "Error: project 'no-such-lab' was not found\n"
    assert standin.truth().changes == ()


def test_a_prefix_makes_a_name(make: Make) -> None:
    standin = make()
    for _ in range(2):
        standin.call("workspace", "submit", "--name-prefix", "gwas", "-i", "x:1")
    names = [row["name"] for row in listed(standin)]
    assert len(set(names)) == 2
    assert all(name.startswith("gwas-") for name in names)


def test_only_trainings_are_preemptible_unasked(make: Make) -> None:
    standin = make()
    submit(standin, "a")
    submit(standin, "b", "--preemptible")
    submit(standin, "c", noun="training")
    submit(standin, "d", "--preemptibility", "non-preemptible", noun="training")
    workloads = standin.truth().workloads
    assert [w.request.preemptible for w in workloads] == [False, True, True, False]
