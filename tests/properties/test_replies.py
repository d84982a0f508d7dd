"""Whatever the programs `runai` and `kubectl` print: an answer that can be kept, or a clear error.

The real adapter is asked for its five calls; only the programs behind it are not there.
"""

import json
import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.properties.damage import damaged, damaged_json
from tests.unit.core.values import at, attempts_of, batch

from runbatch.clusters.runai.cluster import PATIENCE, RunaiCluster
from runbatch.clusters.shell.program import Execute, Reply
from runbatch.core.attempt import Listing
from runbatch.core.batch import Run
from runbatch.core.errors import ClusterError
from runbatch.core.reference import Ref
from runbatch.core.snapshot import snapshot_of
from runbatch.core.workload import Workload
from runbatch.evidence import gather
from runbatch.ledger.store import Ledger
from runbatch.views.json import snapshot_json
from runbatch.views.summary import summary
from runbatch.views.text import printable

BATCH = batch("37", "38")
ROW = {
    "name": "gwas-37",
    "id": "uid-37",
    "phase": "Failed",
    "phaseReason": "OverQuota",
    "projectName": "p",
    "type": "Workspace",
    "createdAt": "2026-01-05T09:00:00Z",
    "completedAt": "2026-01-05T09:29:00+01:00",
    "deletedAt": "0001-01-01T00:00:00Z",
    "environmentVariables": [{"name": "RUNBATCH_ATTEMPT", "value": "1"}],
}
OTHER = {"metadata": {"name": "gwas-38", "uid": "uid-38"}, "status": {"phase": "Running"}}
LISTS = [
    [ROW, OTHER, ROW],
    {"workloads": [ROW, OTHER], "next": "token"},
    {"items": [ROW]},
    {"data": []},
]
DESCRIPTION = {
    "name": "gwas-37",
    "id": "uid-37",
    "pods": [{"name": "pod", "nodeName": "gpu-node5"}],
    "events": [{"reason": "FailedMount", "message": "OOMKilled"}, {"reason": "Killing"}],
}
POD = {
    "metadata": {"name": "pod"},
    "spec": {
        "containers": [
            {
                "env": [
                    {"name": "RUNBATCH_PREFIX", "value": "gwas"},
                    {"name": "RUNBATCH_KEY", "value": "37"},
                ]
            }
        ]
    },
    "status": {
        "containerStatuses": [{"state": {"terminated": {"exitCode": 2, "reason": "Error"}}}]
    },
}
COMPLAINTS = [
    "Error: Authentication failed. the token has expired",
    "Error: Workspace named 'gwas-37' already exists in the project",
    "Error: unknown flag: --json\nUsage:\n  runai",
    "Error: project 'p' was not found",
    "",
]
VERSIONS = ["Version: 2.25.27\n", "2.18.49", "runai version v3.0.4-rc1"]
WORKLOAD = Workload(
    name="gwas-37",
    number=1,
    run=Run(command=("job",), image="image:1"),
    env={},
    folder=PurePosixPath("/"),
)


def mostly(good: st.SearchStrategy[str], bad: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.one_of(good, good, good, good, bad)


@st.composite
def replies(draw: st.DrawFn) -> dict[str, Reply]:
    """What the programs print when they are asked for each of these."""
    texts = {
        "version": mostly(st.sampled_from(VERSIONS), damaged(VERSIONS[0])),
        "list": st.sampled_from(LISTS).flatmap(damaged_json),
        "describe": damaged_json(DESCRIPTION),
        "logs": damaged("[ERROR] /data is not a mount point\n"),
        "get": damaged_json({"items": [POD]}),
        "submit": st.just("Creating workspace gwas-37..."),
        "delete": st.just(""),
    }
    found = {}
    for verb, text in texts.items():
        is_fault = draw(st.integers(0, 9)) == 9
        complaint = draw(st.sampled_from(COMPLAINTS).flatmap(damaged)) if is_fault else ""
        out = "" if is_fault else draw(text)
        # A reply's text was decoded from bytes: no half character is in it.
        found[verb] = Reply(int(is_fault), as_decoded(out), as_decoded(complaint))
    return found


def as_decoded(text: str) -> str:
    return text.encode("utf-8", "replace").decode()


def programs(replies: dict[str, Reply]) -> Execute:
    """The program `runai`, or `kubectl`, which prints these; whatever is typed can be typed."""

    def execute(words: Sequence[str], limit_s: float) -> Reply:
        for word in words:
            assert b"\0" not in os.fsencode(word)
        if words[0] == "config":
            return Reply(0, "lab\n", "")
        return replies[next(word for word in words if word in replies)]

    return execute


def answer(call: Callable[[], Any]) -> Any:
    """What the call returns; None if it raises an error made for people."""
    try:
        return call()
    except ClusterError as error:
        said = str(error)
    assert printable(said).strip()
    assert said.encode()
    return None


@pytest.fixture(scope="module")
def ledger() -> Iterator[Ledger]:
    with TemporaryDirectory() as folder:
        ledger = Ledger(Path(folder))
        ledger._connection.execute("PRAGMA synchronous = OFF")
        yield ledger
        ledger.close()


@given(replies=replies(), kind=st.sampled_from(["workspace", "training"]))
def test_any_reply_is_an_answer_that_can_be_kept_or_a_clear_error(
    ledger: Ledger, replies: dict[str, Reply], kind: str
) -> None:
    execute = programs(replies)
    cluster = RunaiCluster("p", kind, execute=execute, kubectl=execute)
    answer(lambda: cluster.submit(WORKLOAD))
    listing = answer(lambda: cluster.list("gwas"))
    if listing is not None:
        check_can_be_kept(ledger, cluster, listing)


def check_can_be_kept(ledger: Ledger, cluster: RunaiCluster, listing: Listing) -> None:
    """The listing and the evidence on what it shows are stored, found again and shown."""
    ledger._connection.execute("DELETE FROM attempts")
    agreed = frozenset(each.uid for each in listing.observations)
    learned = ledger.record(listing, frozenset(), BATCH, at(0), PATIENCE, agreed)
    for found in gather(attempts_of(learned.view), "gwas", cluster):
        ledger.judged(found.judged(BATCH), at(0))
        answer(partial(cluster.remove, Ref("gwas-37", found.attempt.uid or "")))
    again = ledger.record(listing, frozenset(), BATCH, at(1), PATIENCE, agreed)
    assert [change for change in again.changes if change.before is None] == []
    known = ledger.view()
    assert known == replace(again.view, taken={})
    uids = [attempt.uid for attempt in attempts_of(known)]
    assert len(set(uids)) == len(uids)
    for attempt in attempts_of(known):
        assert attempt.ended_at is None or attempt.ended_at <= at(0)
        code = attempt.evidence.exit_code if attempt.evidence else None
        assert code is None or type(code) is int
    taken = snapshot_of(BATCH, known, at(0))
    json.dumps(snapshot_json(taken))
    summary(taken).encode()
