"""Which log line is the marker of a mount failure, and which only looks like one."""

from dataclasses import replace

import pytest
from tests.unit.core.values import batch

from runbatch.core.batch import Mount
from runbatch.core.failure import RetryPolicy
from runbatch.core.marker import Markers

LINE = "INFRASTRUCTURE MOUNT FAILURE: /data is not a mount point"
SECOND = "[ERROR] Infrastructure failure detected (exit code 2) - retryable"
MOUNTS = (Mount("/hpi/data", "/data"), Mount("/hpi/out", "/outputs/"))


def markers(*texts: str, mounts: tuple[Mount, ...] = MOUNTS) -> Markers:
    plain = batch("37")
    retry = RetryPolicy(log_markers=texts) if texts else RetryPolicy()
    return Markers.of(replace(plain, run=replace(plain.run, mounts=mounts), retry=retry))


@pytest.mark.parametrize(
    ("log", "marker"),
    [
        pytest.param(f"start\n  {LINE} \nend\n", LINE, id="a line, without its margins"),
        pytest.param("/outputs is not a mount point", "/outputs is not a mount point", id="other"),
        pytest.param(f"a\r\n{LINE}\r\nb", LINE, id="Windows line ends"),
        pytest.param(f"\x1b[31m[ERROR]\x1b[0m  {LINE}", LINE, id="without its colours and its tag"),
        pytest.param(
            f"2026-01-05 09:30 ERROR {LINE}.", f"2026-01-05 09:30 ERROR {LINE}.", id="time"
        ),
        pytest.param(f"'/outputs/'{LINE[-21:]}", f"'/outputs/'{LINE[-21:]}", id="in quotes"),
        pytest.param(
            f"{LINE}\n/outputs is not a mount point", LINE, id="the first of two in a row"
        ),
        pytest.param(f"[ERROR] {LINE}\n{SECOND}", LINE, id="a second line, with the exit code"),
        pytest.param(f"{LINE}\nexit code 1\n{LINE}\n", LINE, id="the last word counts"),
        pytest.param(f"[ERROR] no model\n{LINE}", LINE, id="an error that the job got over"),
        pytest.param(f"{LINE}\n" + "[INFO] bye\n\n" * 19, LINE, id="the twentieth line"),
    ],
)
def test_the_marker_that_a_log_ends_with(log: str, marker: str) -> None:
    assert markers().found_in(log) == marker


@pytest.mark.parametrize(
    "log",
    [
        pytest.param("infrastructure mount failure", id="letter case matters"),
        pytest.param("INFRASTRUCTURE\nMOUNT FAILURE", id="not over two lines"),
        pytest.param("Missing required files or directories", id="another error"),
        pytest.param("", id="an empty log"),
        pytest.param("[WARN] /scratch is not a mount point, going on without it", id="a warning"),
        pytest.param(f"[WARN] {LINE}", id="a warning of an own mount"),
        pytest.param(f"09:30:01 - info - {LINE}", id="a level in small letters"),
        pytest.param("[ERROR] /scratch is not a mount point", id="no mount of the batch"),
        pytest.param("[ERROR] /data/raw is not a mount point", id="a folder below a mount"),
        pytest.param("[ERROR] /old/data is not a mount point", id="a path that ends like one"),
        pytest.param("[ERROR] /data is not a mount point, so a copy is used", id="it goes on"),
        pytest.param(f"[ERROR] {LINE}\n" + "[INFO] step\n" * 20, id="not at the end"),
        pytest.param(f"[ERROR] {LINE}\n[ERROR] no such model", id="a later error"),
        pytest.param(f"[ERROR] {LINE}\nfinished with exit code 1", id="a later exit code"),
        pytest.param(f"{LINE}\nTraceback (most recent call last):", id="a later traceback"),
        pytest.param(f"{LINE}\nValueError: no model", id="a later exception"),
        pytest.param(f"{LINE}\nError in analysis: execution halted", id="a later error of R"),
        pytest.param(f"{LINE}\nKilled", id="a later kill"),
    ],
)
def test_what_only_looks_like_a_marker(log: str) -> None:
    assert markers().found_in(log) is None


def test_a_batch_without_mounts_has_none_that_could_fail() -> None:
    assert markers(mounts=()).found_in(f"[ERROR] {LINE}") is None


def test_a_text_of_the_batch_s_own_needs_to_name_no_mount() -> None:
    line = "OSError: [Errno 116] Stale file handle: '/data/geno.hmp'"
    assert markers("Stale file handle").found_in(line) == line
    assert markers("Stale file handle").found_in(f"[WARN] {line}") is None


def test_a_mount_may_have_the_name_of_a_level() -> None:
    line = "/info is not a mount point"
    assert markers("is not a mount point", mounts=(Mount("/i", "/info"),)).found_in(line) == line


def test_a_policy_without_markers_finds_none() -> None:
    assert Markers((), ("/data",), (2,)).found_in(LINE) is None
