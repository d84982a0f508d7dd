"""From what a cluster tells of failed attempts to their verdicts."""

from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from runbatch.core.attempt import Attempt, Evidence
from runbatch.core.batch import Batch, Mount, Run
from runbatch.core.errors import ClusterError, NoLog, Unreachable
from runbatch.core.reference import Ref
from runbatch.evidence import END_BYTES, Findings, gather
from runbatch.testing import FakeCluster
from runbatch.testing.cluster import FakeWorkload, Fault

NOW = datetime(2026, 1, 5, 9, 30, tzinfo=UTC)
MARKER = "INFRASTRUCTURE MOUNT FAILURE: /data is not a mount point"
OLD_LOG = f"[ERROR] no model\n  [ERROR]  {MARKER}\n".encode()
RUN = Run(command=("true",), mounts=(Mount("/hpi/data", "/data"),))
BATCH = Batch(prefix="gwas", keys=("37",), run=RUN)
GUARDED = replace(BATCH, run=replace(RUN, guard=True))


def attempt(key: str = "37") -> Attempt:
    uid = f"uid-{key}"
    return Attempt(key=key, number=1, reserved_at=NOW, uid=uid, seen_at=NOW, ended_at=NOW)


CASES = [
    pytest.param(2, b"", "mount failure (exit code 2)", id="exit code 2 and no log"),
    pytest.param(2, OLD_LOG, "mount failure (exit code 2)", id="exit code 2, an old log"),
    pytest.param(
        1,
        OLD_LOG,
        f"configuration error (exit code 1; it outranks the log line {MARKER!r})",
        id="exit code 1 wins over a marker, and that is said",
    ),
    pytest.param(137, b"", "out of memory (exit code 137)", id="137"),
    pytest.param(3, b"", "failed (exit code 3)", id="any other code"),
    pytest.param(None, OLD_LOG, f"mount failure (log: {MARKER})", id="only a log"),
    pytest.param(None, b"", "undetermined (no exit code, no marker in the log)", id="an empty log"),
    pytest.param(
        None,
        b"\x1b[31m[ERROR]\x1b[0m " + MARKER.encode() + b"\x1b[0m\r\n",
        f"mount failure (log: {MARKER})",
        id="colours, as the containers of the first user print them",
    ),
    pytest.param(
        None,
        b"\x1b]0;x\x07 \xff\xfe " + MARKER.encode(),
        f"mount failure (log: \x1b]0;x\x07 \ufffd\ufffd {MARKER})",
        id="escape sequences and bytes that are no text",
    ),
    pytest.param(
        None,
        b"x" * 30_000_000 + b"\n" + MARKER.encode(),
        f"mount failure (log: {MARKER})",
        id="the end of a very long log",
    ),
]


@pytest.mark.parametrize(("exit_code", "log", "verdict"), CASES)
def test_the_verdict_and_what_decided_it(exit_code: int | None, log: bytes, verdict: str) -> None:
    found = Findings(attempt(), Evidence(exit_code=exit_code), log)
    assert str(found.judged(BATCH).outcome) == verdict


def test_an_exit_2_is_no_mount_failure_where_the_batch_has_no_mount() -> None:
    found = Findings(attempt(), Evidence(exit_code=2))
    bare = found.judged(replace(BATCH, run=Run(command=("true",))))
    assert str(bare.outcome) == "failed (exit code 2; no mount of it was missing)"
    held = Findings(attempt(), Evidence(exit_code=2, mounts_held=True))
    assert str(held.judged(BATCH).outcome) == "failed (exit code 2; no mount of it was missing)"
    said = replace(held, log=OLD_LOG).judged(BATCH)
    assert str(said.outcome) == "mount failure (exit code 2)"


def test_many_are_asked_for_and_one_that_cannot_be_told_of_spoils_no_other() -> None:
    cluster = FakeCluster()
    for key in ("1", "2", "3"):
        workload = FakeWorkload(f"gwas-{key}", f"uid-{key}", 1, exit_code=2, log=b"x" * 25_000_000)
        cluster.live[workload.name] = workload
    cluster.faults.append(Fault("ends", Unreachable("no answer")))
    found = list(gather([attempt(key) for key in "123"], "gwas", cluster))
    assert [each.attempt.key for each in found] == ["1", "2", "3"]
    assert sum(each.error is not None for each in found) == 1
    assert {len(each.log or b"") for each in found if each.error is None} == {END_BYTES}


def test_a_bulk_call_that_fails_leaves_the_logs_and_is_each_ones_error() -> None:
    class Silent(FakeCluster):
        def ends(self, refs: Collection[Ref]) -> Mapping[Ref, Evidence | ClusterError]:
            raise Unreachable(f"no answer on {len(refs)}")

    workloads = (FakeWorkload(f"gwas-{key}", f"uid-{key}", 1, log=b"said") for key in "12")
    cluster = Silent(live={each.name: each for each in workloads})
    found = list(gather([attempt(key) for key in "12"], "gwas", cluster))
    assert [(each.log, str(each.error)) for each in found] == [(b"said", "no answer on 2")] * 2


@pytest.mark.parametrize(
    ("evidence", "verdict"),
    [
        (Evidence(memory_event="Killing: OOMKilled"), "out of memory (event: Killing: OOMKilled)"),
        (
            Evidence(events=("FailedMount: timed out",)),
            "undetermined (no exit code, no marker in the log; last event: FailedMount: timed out)",
        ),
    ],
)
def test_events_speak_last_and_none_of_them_is_retried(evidence: Evidence, verdict: str) -> None:
    found = Findings(attempt(), evidence)
    assert str(found.judged(BATCH).outcome) == verdict


def test_what_the_cluster_tells_is_kept_where_its_log_cannot_be_had() -> None:
    cluster = FakeCluster(live={"gwas-37": FakeWorkload("gwas-37", "uid-37", 1, exit_code=1)})
    cluster.faults = [Fault("log", Unreachable("no answer"))]
    (found,) = gather([attempt()], "gwas", cluster)
    assert found.error is not None
    assert str(found.judged(BATCH).outcome) == "configuration error (exit code 1)"


def test_the_logs_last_line_tells_the_exit_code_that_the_cluster_does_not() -> None:
    log = OLD_LOG + b"\nrunbatch: exit code 1\n"
    said = "exit code 1, says the log's last line"
    found = Findings(attempt(), Evidence(), log).judged(BATCH)
    assert str(found.outcome) == f"configuration error ({said})"
    assert found.evidence == Evidence(logged_code=1)


def test_with_the_guard_its_exit_code_decides_alone() -> None:
    found = Findings(attempt(), Evidence(), OLD_LOG).judged(GUARDED)
    assert str(found.outcome) == "undetermined (no exit code, no marker in the log)"
    found = Findings(attempt(), Evidence(), OLD_LOG + b"runbatch: exit code 2\n").judged(GUARDED)
    assert str(found.outcome) == "mount failure (exit code 2, says the log's last line)"
    assert found.evidence == Evidence(logged_code=2, marker=MARKER)
    found = Findings(attempt(), Evidence(exit_code=2), OLD_LOG).judged(GUARDED)
    assert found.evidence == Evidence(exit_code=2, marker=MARKER)


def test_of_what_is_not_listed_nothing_is_asked_since_its_name_may_be_another_s() -> None:
    cluster = FakeCluster(live={"gwas-37": FakeWorkload("gwas-37", "other", 1, exit_code=2)})
    (found,) = gather([replace(attempt(), missed=1)], "gwas", cluster)
    assert (found.log, found.evidence, type(found.error)) == (None, Evidence(), NoLog)
    assert not cluster.calls
