"""Listing: which rows, which page, which shape."""

import json

import pytest
from tests.runai_standin import JsonShape, Others, Settings, StandIn, Switches

from .conftest import Make, listed, submit

# Run:ai facts, 7
REQUIRED = """
    id name type phase phaseUpdatedAt k8sPhase k8sPhaseUpdatedAt conditions createdAt
    updatedAt deletedAt clusterId tenantId projectId projectName departmentId departmentName
    namespace runningPods source priority priorityClassName category"""


def crowd(make: Make, generation: str, switches: Switches | None = None) -> StandIn:
    """Return a cluster with 120 workspaces."""
    standin = make(Settings(generation=generation), switches)
    for key in range(120):
        submit(standin, f"gwas-{key}")
    return standin


def test_rows_have_the_fields_of_the_rest_interface_and_no_labels(make: Make) -> None:
    standin = make(Settings(durations_s={"gwas-1": 100}))
    submit(standin, "gwas-1", "-e", "TRAIT_INDEX=1", "--label", "a=b")
    standin.advance(1000)
    (row,) = listed(standin)
    assert set(REQUIRED.split()) <= set(row)
    assert "labels" not in row
    assert not any("exit" in key.lower() for key in row)
    assert row["environmentVariables"] == {"TRAIT_INDEX": "1"}
    assert (row["type"], row["phase"], row["projectName"]) == (
        "Workspace",
        "Completed",
        "talmo-lab",
    )
    assert row["createdAt"] == "2026-01-05T09:00:00Z"
    assert row["completedAt"] > row["createdAt"]


def test_the_environment_may_be_missing(make: Make) -> None:
    standin = make(switches=Switches(list_environment=False))
    submit(standin, "gwas-1", "-e", "A=1")
    assert "environmentVariables" not in listed(standin)[0]


@pytest.mark.parametrize(
    ("flags", "count"),
    [
        ((), 50),
        (("--limit", "500"), 120),
        (("--limit", "20", "--offset", "110"), 10),
        (("--offset", "50"), 50),
        (("--offset", "130"), 0),
    ],
)
def test_old_programs_list_50_rows(make: Make, flags: tuple[str, ...], count: int) -> None:
    assert len(listed(crowd(make, "2.18"), *flags)) == count


@pytest.mark.parametrize(
    ("flags", "count"),
    [
        ((), 120),
        (("--page-size", "10"), 120),
        (("--no-pagination",), 100),
        (("--no-pagination", "--page-size", "10"), 10),
        (("--no-pagination", "--next-token", "100"), 20),
        (("--max-items", "7"), 7),
    ],
)
def test_newer_programs_list_all_unless_told_otherwise(
    make: Make, flags: tuple[str, ...], count: int
) -> None:
    assert len(listed(crowd(make, "2.25"), *flags)) == count


def test_the_next_token_leads_through_all_pages(make: Make) -> None:
    standin = crowd(make, "2.25")
    names: list[str] = []
    token: int | None = 0
    while token is not None:
        flags = ("--json", "--no-pagination", "--page-size", "50", "--next-token", str(token))
        page = json.loads(standin.call("workspace", "list", *flags).stdout)
        names += [row["name"] for row in page["workloads"]]
        token = page.get("next")
    assert names == [f"gwas-{key}" for key in range(120)]
    table = standin.call("workspace", "list", "--no-pagination").stdout
    assert table.endswith("\nNext token: 100\n")


@pytest.mark.parametrize(
    ("generation", "flags"), [("2.18", ("--limit", "501")), ("2.25", ("--page-size", "501"))]
)
def test_pages_have_a_largest_size(make: Make, generation: str, flags: tuple[str, ...]) -> None:
    assert make(Settings(generation=generation)).call("workspace", "list", *flags).exit_code == 1


@pytest.mark.parametrize("generation", ["2.18", "2.25"])
@pytest.mark.parametrize("shape", [None, *JsonShape])
def test_json_comes_in_each_shape(make: Make, generation: str, shape: JsonShape | None) -> None:
    standin = make(Settings(generation=generation), Switches(json_shape=shape))
    submit(standin, "gwas-1")
    found = json.loads(standin.call("workspace", "list", "--json").stdout)
    is_bare = shape is JsonShape.BARE or (shape is None and generation == "2.18")
    rows = found if is_bare else found[shape.value if shape else "workloads"]
    assert [row["name"] for row in rows] == ["gwas-1"]


def test_the_answer_of_the_interface_comes_raw_in_one_shape(make: Make) -> None:
    standin = make(switches=Switches(json_shape=JsonShape.BARE))
    assert json.loads(standin.call("workspace", "list", "--raw").stdout) == {"workloads": []}


def test_kinds_projects_and_phases_are_told_apart(make: Make) -> None:
    standin = make(Settings(others=Others(elsewhere=4)))
    submit(standin, "gwas-1")
    submit(standin, "gwas-2", noun="training")
    standin.advance(100)
    submit(standin, "gwas-3")
    assert [row["name"] for row in listed(standin)] == ["gwas-1", "gwas-3"]
    assert [row["name"] for row in listed(standin, noun="workload")] == [
        "gwas-1",
        "gwas-2",
        "gwas-3",
    ]
    assert [row["name"] for row in listed(standin, "--status", "Running")] == ["gwas-1"]
    only = listed(standin, "--type", "training", noun="workload")
    assert [row["name"] for row in only] == ["gwas-2"]
    assert len(listed(standin, "-A", noun="workload")) == 7


def test_the_order_may_be_newest_first(make: Make) -> None:
    standin = crowd(make, "2.18", Switches(newest_first=True))
    assert listed(standin)[0]["name"] == "gwas-119"


def test_deleted_workloads_can_be_listed_for_14_days(make: Make) -> None:
    standin = make()
    submit(standin, "gwas-1")
    standin.call("workspace", "delete", "gwas-1")
    standin.advance(100)
    assert listed(standin) == []
    (row,) = listed(standin, "--deleted")
    assert (row["name"], row["deletedAt"] is None) == ("gwas-1", False)
    standin.advance(15 * 86_400)
    assert listed(standin, "--deleted") == []


@pytest.mark.parametrize(
    ("generation", "head"),
    [
        (
            "2.18",
            "Workload Type Status Project Preemptible Running/Requested Pods GPU Allocation",
        ),
        ("2.25", "Workload Type Status Project Running/Req.Pods GPU Alloc."),
    ],
)
def test_the_status_is_the_third_column_and_rows_start_with_a_blank(
    make: Make, generation: str, head: str
) -> None:
    standin = make(Settings(generation=generation))
    submit(standin, "gwas-1")
    standin.advance(100)
    first, rule, row = standin.call("workspace", "list").stdout.splitlines()
    assert first.split() == head.split()
    assert set(rule) == {"\u2500"}
    assert row.startswith(" gwas-1 ")
    assert row.split()[2] == "Running"
    assert standin.call("workspace", "list", "--no-headers").stdout.split() == row.split()


def test_yaml_shows_the_same_rows(make: Make) -> None:
    standin = make()
    submit(standin, "gwas-1")
    text = standin.call("workspace", "list", "--yaml").stdout
    assert text.startswith("workloads:\n  -\n    id: ")
    assert '    name: "gwas-1"\n' in text
    assert "    conditions: []\n" in text
    assert "    deletedAt: null\n" in text
    assert "    environmentVariables: {}\n" in text
    assert standin.call("training", "list", "--no-headers").stdout == ""
