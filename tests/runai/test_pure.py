"""The pure halves: a workload into words, text into observations, complaints into errors."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import PurePosixPath
from typing import Any

import pytest

from runbatch.clusters.kubectl.pods import PodEnd, ends_in
from runbatch.clusters.runai.arguments import (
    Version,
    delete_args,
    list_args,
    logs_args,
    parse_version,
    submit_args,
)
from runbatch.clusters.runai.description import evidence_of
from runbatch.clusters.runai.faults import fault_of, has_no_log, is_gone
from runbatch.clusters.runai.listing import observations, parse_page
from runbatch.core.attempt import Evidence, Observation
from runbatch.core.batch import Mount, Run
from runbatch.core.errors import (
    Busy,
    ClusterError,
    Denied,
    NameTaken,
    Rejected,
    Unauthorized,
    Unreachable,
)
from runbatch.core.identity import NOTHING
from runbatch.core.stage import Stage
from runbatch.core.workload import Workload

OLD, NEW = Version(2, 18), Version(2, 25)
WORKLOAD = Workload(
    name="gwas-37",
    number=1,
    run=Run(
        command=("/scripts/entrypoint.sh", "$(date)", "-x"),
        mounts=(
            Mount("/hpi/my lab", "/data"),
            Mount("/out", "/outputs", read_only=False, propagation="None"),
        ),
        image="ghcr.io/lab/pipeline:1.4",
        cpu=12,
        memory="32G",
    ),
    env={"TRAIT_INDEX": "37", "MODEL": "BLINK,FarmCPU", "ODD": "a=b c"},
    folder=PurePosixPath("/"),
)


@pytest.mark.parametrize(
    ("text", "version"),
    [
        ("Version: 2.25.27\n", NEW),
        ("2.18.49", OLD),
        ("runai version v3.0.4-rc1 (abc)", Version(3, 0)),
        ("A new version (v2.25.1) is available.\nVersion: 2.18.3\n", OLD),
        ("no idea", None),
        ("Version: 2.25.3\nBuild: 2025.03.14", NEW),
        ("CLI version: 2.25.27\nCluster version: 2.20.41", NEW),
        ("Version: 2.18.3\nWarning: A newer version 2.25.1 is available.", OLD),
        ("", None),
        ("runai-cli/2.21.3-saas.4 sdk/2.74.5 go/go1.23.7 darwin/arm64", Version(2, 21)),
        ("sdk/2.74.5 runai-cli/2.21.3-saas.4 go/go1.23.7", Version(2, 21)),
        ("2.25.28 (go1.24.2)", NEW),
        ("2.116.6", Version(2, 116)),
        ("Build: go1.24.2, sdk 2.74.5\nVersion: 2.25.1", NEW),
    ],
)
def test_a_version_is_read(text: str, version: Version | None) -> None:
    assert parse_version(text) == version


@pytest.mark.parametrize("version", [OLD, NEW], ids=["2.18", "2.25"])
def test_a_submit_says_exactly_what_is_meant(version: Version) -> None:
    restart = [] if version == OLD else ["--restart-policy", "Never"]
    assert submit_args(WORKLOAD, "talmo-lab", "workspace", version) == [
        *("workspace", "submit", "gwas-37", "-p", "talmo-lab", "-i", "ghcr.io/lab/pipeline:1.4"),
        *("-e", "TRAIT_INDEX=37", "-e", "MODEL=BLINK,FarmCPU", "-e", "ODD=a=b c"),
        *("--cpu-core-request", "12", "--cpu-memory-request", "32G"),
        *("--host-path", "path=/hpi/my lab,mount=/data,mount-propagation=HostToContainer"),
        *("--host-path", "path=/out,mount=/outputs,mount-propagation=None,readwrite"),
        *("--backoff-limit", "0", *restart, "--auto-deletion-time-after-completion", "720h"),
        *("--command", "--", "/scripts/entrypoint.sh", "$(date)", "-x"),
    ]


@pytest.mark.parametrize("version", [OLD, NEW], ids=["2.18", "2.25"])
def test_a_folder_to_run_in_is_told(version: Version) -> None:
    workload = replace(WORKLOAD, run=replace(WORKLOAD.run, working_dir="/data/work"))
    words = submit_args(workload, "p", "training", version)
    assert ("--working-dir", "/data/work") in list(pairwise(words[: words.index("--command")]))


def test_no_version_is_ever_told_the_name_that_changed_its_meaning() -> None:
    for version in (OLD, NEW, Version(3, 0)):
        for kind in ("workspace", "training"):
            words = submit_args(WORKLOAD, "p", kind, version)
            assert not [word for word in words if word.startswith("--environment")]


def test_trainings_are_called_by_their_whole_name() -> None:
    assert list_args("p", "training", NEW)[:3] == ["training", "standard", "list"]
    assert logs_args("x", "p", "training") == ["training", "standard", "logs", "x", "-p", "p"]
    assert delete_args("u", "p", "workspace") == ["workspace", "delete", "--uuid", "u", "-p", "p"]


def test_only_an_old_program_is_told_how_many_rows_to_show() -> None:
    assert "--limit" not in list_args("p", "workspace", Version(2, 22))
    assert list_args("p", "workspace", Version(2, 20), 500)[-4:] == [
        "--limit", "500", "--offset", "500",
    ]  # fmt: skip


ROW = {"name": "gwas-37", "id": "u", "phase": "Running", "projectName": "p", "type": "Workspace"}
TEXT = json.dumps([ROW, {**ROW, "conditions": [], "name": "gwas-38"}])


def seen(value: Any, kind: str = "workspace") -> list[Observation]:
    return observations(parse_page(json.dumps(value)).rows, "p", kind, "gwas-")


@pytest.mark.parametrize("under", ["workloads", "items", "data", None])
def test_every_likely_shape_is_read(under: str | None) -> None:
    value = [ROW] if under is None else {under: [ROW], "next": None}
    assert [each.name for each in seen(value)] == ["gwas-37"]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("A new version (v2.26.0) is available.\nUpdating now...\n", ""),
        ("Update complete. (2.24 --> 2.25) [done]\n", "\nbye"),
        ("[INFO] checking {updates}\n\n", ""),
        ("Downloading [    ] 0%\n", ""),
        ("\ufeff", ""),
    ],
)
@pytest.mark.parametrize("indent", [None, 2])
def test_chatter_around_the_list_is_passed_over(before: str, after: str, indent: int) -> None:
    text = before + json.dumps({"workloads": [ROW]}, indent=indent) + after
    assert len(parse_page(text).rows) == 1


@pytest.mark.parametrize("indent", [None, 2])
@pytest.mark.parametrize("under", ["workloads", None])
def test_a_list_that_is_cut_anywhere_is_no_list(under: str | None, indent: int | None) -> None:
    rows = [{**ROW, "conditions": [], "nested": {"items": []}}, ROW]
    whole = json.dumps({under: rows} if under else rows, indent=indent)
    for length in range(len(whole)):
        with pytest.raises(Unreachable):
            parse_page(whole[:length])


@pytest.mark.parametrize(
    "text",
    [
        "",
        "no workloads found",
        "{}",
        "null",
        "3",
        '{"workloads": 3}',
        '{"error": "x"}',
        "[1]",
        '{"workloads": [null]}',
        "[" * 100_000,
        pytest.param(f'[{{"name": "gwas-1", "x": {"9" * 5000}}}]', id="a number beyond limits"),
    ],
)
def test_what_is_no_list_is_an_error_and_never_an_empty_list(text: str) -> None:  # fmt: skip
    with pytest.raises(Unreachable):
        parse_page(text)


def test_rows_of_other_projects_types_and_batches_are_left_out() -> None:
    others = [
        {**ROW, "projectName": "q"},
        {**ROW, "type": "Training"},
        {**ROW, "name": "xgwas-37"},
        {**ROW, "name": "gwas"},
        {**ROW, "deletedAt": "2026-01-05T09:00:00Z"},
    ]
    assert seen(others) == []
    assert len(seen([{**ROW, "type": "Training."}], "training")) == 1
    assert len(seen([{"name": "gwas-1", "id": "u", "phase": "Running"}])) == 1


@pytest.mark.parametrize(
    "odd",
    [
        {"type": "InteractiveWorkload"},
        {"type": "runai-workspace"},
        {"projectName": {"name": "p"}},
        {"projectName": "P"},
        {"projectName": "4500123"},
        {"deletedAt": "0001-01-01T00:00:00Z"},
    ],
    ids=str,
)
def test_a_row_that_is_not_surely_somebody_else_s_is_ours(odd: dict[str, Any]) -> None:
    assert len(seen([{**ROW, **odd}])) == 1


def test_nothing_may_be_null_where_nothing_is_listed() -> None:
    assert seen({"workloads": None, "next": None}) == []
    assert len(seen({"workloads": None, "items": [ROW]})) == 1


def test_a_row_is_read_whole() -> None:
    row = {
        **ROW,
        "phase": "Failed",
        "completedAt": "2026-01-05T09:31:10Z",
        "environmentVariables": {"RUNBATCH_ATTEMPT": "3"},
        "phaseReason": "NonPreemptibleOverQuota",
    }
    assert seen([row]) == [
        Observation(
            name="gwas-37",
            uid="u",
            stage=Stage.FAILED,
            phase="Failed",
            number=3,
            ended_at=datetime(2026, 1, 5, 9, 31, 10, tzinfo=UTC),
            reason="NonPreemptibleOverQuota",
        )
    ]


@pytest.mark.parametrize(
    "row",
    [
        {"metadata": {"name": "gwas-37", "uid": "u"}, "status": {"phase": "Succeeded"}},
        {"workloadName": "gwas-37", "uuid": "u", "status": "Completed"},
        {"name": "gwas-37", "workloadId": "u", "actualPhase": "completed"},
    ],
)
def test_fields_go_by_more_than_one_name(row: dict[str, Any]) -> None:
    assert seen([row]) == [
        Observation(name="gwas-37", uid="u", stage=Stage.SUCCEEDED, phase="Completed")
    ]


def test_half_a_character_or_a_nul_is_not_taken_over() -> None:
    """The ledger can store neither, and no command line can say it."""
    (found,) = seen([{**ROW, "id": "u\ud800\0", "phaseReason": "\udfff"}])
    assert (found.uid, found.reason) == ("u??", "?")
    described = {"pods": [{"nodeName": "\ud800"}], "events": [{"reason": "\0", "message": "é"}]}
    assert evidence_of(json.dumps(described), "u") == Evidence(node="?", events=("?: é",))


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("2026-01-05T10:31:10+01:00", datetime(2026, 1, 5, 9, 31, 10, tzinfo=UTC)),
        ("2026-01-05T09:31:10", None),
        ("2026-02-30T09:31:10Z", None),
        ("0001-01-01T00:00:00Z", None),
        ("00010101T000000+1400", None),
        ("9999-12-31T23:59:59-14:00", None),
        (["2026"], None),
    ],
    ids=str,
)
def test_only_what_can_be_a_time_is_one(text: Any, at: datetime | None) -> None:
    (found,) = seen([{**ROW, "completedAt": text}])
    assert found.ended_at == at


@pytest.mark.parametrize("text", ["", "{", "[" * 100_000, f'{{"id": {"9" * 5000}}}', "[1]", "{}"])
def test_a_description_that_makes_no_sense_tells_nothing(text: str) -> None:
    assert evidence_of(text, "u") == Evidence()


MALFORMED = [
    pytest.param('{"a":' * 2_000 + "[" + "1," * 500_000, id="one that is cut, in a deep nest"),
    pytest.param('{"a":\n' * 2_000 + "[" + "1,\n" * 500_000, id="the same, on many lines"),
    pytest.param('{"a": "' + "{[" * 500_000, id="brackets in a text without an end"),
]


@pytest.mark.parametrize("text", MALFORMED)
def test_what_is_malformed_is_read_once_and_not_once_for_each_bracket(
    text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    starts: list[int] = []

    class Counting(json.JSONDecoder):
        def raw_decode(self, s: str, idx: int = 0) -> tuple[Any, int]:
            starts.append(idx)
            return super().raw_decode(s, idx)

    monkeypatch.setattr("json.JSONDecoder", Counting)
    assert evidence_of(text, "u") == Evidence()
    with pytest.raises(Unreachable):
        parse_page(text)
    assert 2 <= len(starts) <= 4


@pytest.mark.parametrize(
    "pod",
    [
        '{"spec": {"containers": 3}}',
        '{"spec": {"containers": ["x"]}}',
        '{"spec": {"containers": [{"env": {"x": 1}}]}}',
        '{"spec": {"containers": [{"env": ["x", {"name": []}]}]}}',
        '{"status": {"containerStatuses": true}}',
        '{"status": {"containerStatuses": [null]}}',
        '{"status": {"containerStatuses": [{"state": {"terminated": "x"}}]}}',
    ],
)
def test_a_pod_of_another_shape_is_passed_over(pod: str) -> None:
    assert list(ends_in([json.loads(pod)])) == []


@pytest.mark.parametrize("code", ["2", 2.0, True, None, [2]])
def test_an_exit_code_is_a_whole_number_or_not_known(code: Any) -> None:
    env = [{"name": "RUNBATCH_PREFIX", "value": "g"}, {"name": "RUNBATCH_KEY", "value": "1"}]
    ended = {"state": {"terminated": {"exitCode": code, "reason": "\ud800"}}}
    pod = {"spec": {"containers": [{"env": env}]}, "status": {"containerStatuses": [ended]}}
    assert list(ends_in([pod])) == [("g-1", PodEnd(None, "?"))]


def test_variables_may_be_a_list_and_a_workload_without_an_id_is_told_by_its_birth() -> None:
    row = {
        "name": "gwas-37",
        "createdAt": "2026-01-05T09:00:00Z",
        "environmentVariables": [{"name": "RUNBATCH_ATTEMPT", "value": "2"}, None],
    }
    (found,) = seen([row])
    assert (found.number, found.stage) == (2, Stage.UNKNOWN)
    assert found.uid == "created 2026-01-05T09:00:00Z"


@pytest.mark.parametrize("uid", ["", " ", None])
def test_an_empty_id_is_none(uid: str | None) -> None:
    (found,) = seen([{**ROW, "id": uid, "metadata": {"uid": " u "}}])
    assert found.uid == "u"
    (found,) = seen([{**ROW, "id": uid, "createdAt": ""}])
    assert found.uid == NOTHING


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("2026-01-05T09:00:07Z", datetime(2026, 1, 5, 9, 0, 7, tzinfo=UTC)),
        ("2026-01-05T09:00:07.999Z", datetime(2026, 1, 5, 9, 0, 7, tzinfo=UTC)),
        ("2026-01-05T10:00:07+01:00", datetime(2026, 1, 5, 9, 0, 7, tzinfo=UTC)),
        ("2026-01-05T09:00:07", datetime(2026, 1, 5, 9, 0, 7, tzinfo=UTC)),
        ("0001-01-01T00:00:00Z", None),
        ("yesterday", None),
        (None, None),
        (1767603607, None),
    ],
)
def test_the_time_of_creation_is_one_value_however_it_is_written(
    text: Any, at: datetime | None
) -> None:
    (found,) = seen([{**ROW, "createdAt": text}])
    assert found.created_at == at


def test_a_row_without_a_name_might_be_ours() -> None:
    with pytest.raises(Unreachable, match="no name"):
        seen([{"id": "u", "phase": "Running"}])


@pytest.mark.parametrize(
    ("text", "kind", "said"),
    [
        ("Error: Authentication failed. the token has expired", Unauthorized, "runai login"),
        ("Error: Authentication failed. please log in", Unauthorized, "not logged in"),
        ("Error: Workspace named 'gwas-37' already exists in the project", NameTaken,
         "the name is taken: Workspace named 'gwas-37'"),
        ("Error: Workspace named 'gwas-401' already exists in the project", NameTaken, "401"),
        ("Error: Workspace named 'forbidden-1' already exists in the project", NameTaken, "-1"),
        ("workload with name 'x' already exists in this project", NameTaken, "x"),
        ("Error: The workload request does not comply with the policy set by the administrator",
         Denied, "policy"),
        ("Error: 403 Forbidden: insufficient permissions", Denied, "no rights"),
        ("Error: project 'lab' was not found", Denied, "runai project list"),
        ("Error: unknown flag: --json", Rejected, "this version of runai"),
        ("Error: 503 Service Unavailable: Please try again in few minutes.", Busy, "busy"),
        ("Error: DNS lookup failed for 'x': server misbehaving", Unreachable, "VPN"),
        ("Error: The length of a workload name must not exceed 63 characters", Denied, "63"),
        ("Error: failed to create workload: invalid reference format", Denied, "reference"),
        ("Error: environment variable A: value for Value must have at most 10000 characters",
         Denied, "10000"),
        ('Error: invalid value "1e9Q" for cpu-memory-request', Denied, "1e9Q"),
        ('Error: invalid argument "x" for "--cpu-core-request" flag: parse error', Rejected, '"x"'),
        ('Error: invalid argument "x" for "-g, --gpu-devices-request" flag: strconv', Rejected,
         "strconv"),
        ('Error: required flag(s) "image" not set', Rejected, "image"),
        ("Error: unknown shorthand flag: 'z' in -z", Rejected, "'z'"),
        ("Error: something new", Unreachable, "something new"),
        ("Error: invalid character '<' looking for beginning of value", Unreachable, "'<'"),
        ("Error: invalid memory address or nil pointer dereference", Unreachable, "nil"),
        ("Error: the session is invalid, please login again", Unauthorized, "runai login"),
        ("Error: invalid_grant: Token is not active", Unauthorized, "runai login"),
        ("Error: failed to create workload:\n  403 Forbidden", Denied, "no rights"),
        ("ERROR token has expired\nRun 'runai login' to log in", Unauthorized, "expired"),
        ("Error: workspace gwas-3 not found in project talmo-lab", Unreachable, "gwas-3"),
        ("Error: node pool gpu not found in project lab", Unreachable, "node pool"),
        ("Error: project talmo-lab doesn't exist", Denied, "runai project list"),
        ("Error: blocked: forbidden by proxy", Unreachable, "proxy"),
        ("", Unreachable, "without a word"),
        ("Creating...\nWarning: x\nError: unknown flag: -z\nUsage:\n  runai", Rejected, "-z"),
    ],
)  # fmt: skip
def test_a_complaint_becomes_an_error_with_a_way_out(
    text: str, kind: type[ClusterError], said: str
) -> None:
    error = fault_of(text)
    assert type(error) is kind
    assert said in str(error)
    assert str(error).startswith("Run:ai: ")


def test_gone_and_no_log_are_answers() -> None:
    assert is_gone("Error: no workload was found")
    assert not is_gone("Error: insufficient permissions")
    assert has_no_log("Error: failed to print logs. workload is not ready to stream: pod not found")
    assert has_no_log("Error: unable to retrieve container logs for containerd://1")
    assert not has_no_log("Error: 403 Forbidden")
    assert not has_no_log("Error: control plane is not ready")
    assert not has_no_log("Error: project 'x' was not found")


@pytest.mark.parametrize("noun", ["workspaces", "trainings", "entries", "things"])
def test_rows_are_read_under_the_name_of_their_noun(noun: str) -> None:
    row = {"name": "gwas-2", "id": "u", "phase": "Running"}
    assert parse_page(json.dumps({noun: [row], "next": None})).rows == (row,)


@pytest.mark.parametrize("noun", ["workspaces", "trainings", "entries"])
def test_an_empty_list_under_a_known_noun_is_an_empty_list(noun: str) -> None:
    assert parse_page(json.dumps({noun: []})).rows == ()


@pytest.mark.parametrize(
    "answer",
    [
        {"warnings": [{"name": "quota"}]},
        {"things": []},
        {"things": [{"name": "gwas-2", "phase": "Running"}], "others": []},
        "",
    ],
    ids=["no workloads", "an unknown empty list", "two lists", "nothing"],
)
def test_what_may_be_something_else_is_no_listing(answer: object) -> None:
    text = json.dumps(answer) if answer else ""
    with pytest.raises(Unreachable):
        parse_page(text)


def test_a_row_may_keep_its_name_and_id_in_its_meta() -> None:
    row = {"meta": {"name": "gwas-2", "id": "u-1"}, "phase": "Running"}
    (seen,) = observations([row], "talmo-lab", "workspace", "gwas-")
    assert (seen.name, seen.uid, seen.stage) == ("gwas-2", "u-1", Stage.RUNNING)
