"""What programs print, however much of it: real programs, small ones, called as `runai`."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from tests.runai.rig import path_with

from runbatch.clusters.runai import cluster, program
from runbatch.clusters.runai.cluster import RunaiCluster
from runbatch.core.errors import Unreachable
from runbatch.core.reference import Ref
from runbatch.core.tail import note

ROW = '{"name": "gwas-37", "id": "u", "phase": "Running"}'
VERSION = '[ "$1" = version ] && echo 2.25.1 && exit\n'
# Eight logs as large as that, read side by side as `retry` does, and what that took at most.
GATHER = """
import resource
from dataclasses import replace
from datetime import UTC, datetime
from runbatch.clusters.runai.cluster import RunaiCluster
from runbatch.core.attempt import Attempt
from runbatch.evidence import gather

def peak_bytes():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024

now, before = datetime.now(UTC), peak_bytes()
one = Attempt(key="0", number=1, reserved_at=now, seen_at=now, uid="u")
failed = [replace(one, key=str(key)) for key in range(8)]
found = list(gather(failed, "gwas", RunaiCluster("lab", "workspace")))
assert [each.error for each in found] == [None] * 8, found[0].error
assert min(len(each.log) for each in found) >= 1_000_000
print(peak_bytes() - before)
"""


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return where the program is to be written that is found first."""
    monkeypatch.setenv("PATH", path_with(tmp_path))
    return tmp_path / "runai"


def write(path: Path, script: str) -> None:
    path.write_text(f"#!/bin/sh\n{VERSION}{script}\n")
    path.chmod(0o755)


def test_a_list_of_more_than_200_mb_is_read_from_its_beginning(path: Path) -> None:
    blanks = "head -c 210000000 /dev/zero | tr '\\0' ' '"
    write(path, f"printf '[%s,' '{ROW}'; {blanks}; printf '%s]' '{ROW.replace('37', '38')}'")
    listing = RunaiCluster("lab", "workspace").list("gwas")
    assert [each.name for each in listing.observations] == ["gwas-37", "gwas-38"]


def test_more_than_can_be_read_is_an_error_and_never_cut(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(program, "MOST_OUTPUT_BYTES", 1000)
    write(path, f"printf '{' ' * 1000}[]'")
    with pytest.raises(
        Unreachable, match='"runai workspace list -p" printed more than 1000 bytes, which'
    ):
        RunaiCluster("lab", "workspace").list("gwas")


def test_eight_logs_of_180_mb_take_no_more_than_200_mb_of_memory(path: Path) -> None:
    write(path, "case $2 in logs) exec truncate -s 180M /dev/stdout;; *) echo '{}';; esac")
    words = [sys.executable, "-c", GATHER]
    done = subprocess.run(words, env=os.environ, capture_output=True, text=True, check=True)
    assert int(done.stdout) < 200_000_000


def test_what_a_program_complains_of_on_stdout_is_heard_where_its_log_was_asked_for(
    path: Path,
) -> None:
    write(path, "echo 'Error: the token has expired.'; exit 1")
    with pytest.raises(Exception, match="the login has expired"):
        list(RunaiCluster("lab", "workspace").log(Ref("gwas-37", "u")))


# The whole log breaks off behind more than a complaint may have; its end can be had.
BREAKS_OFF = """
case "$*" in
  *--tail*) echo 'the end';;
  *) head -c 100000 /dev/zero; {how};;
esac
"""


@pytest.mark.parametrize(
    "how",
    [
        pytest.param("echo 'Error: unexpected EOF' >&2; exit 1", id="it broke off"),
        pytest.param("sleep 60", id="it takes too long"),
    ],
)
def test_where_the_whole_log_cannot_be_had_its_end_is_and_says_so(
    how: str, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cluster, "WHOLE_LOG_LIMIT_S", 1)
    write(path, BREAKS_OFF.format(how=how))
    log = b"".join(RunaiCluster("lab", "workspace").log(Ref("gwas-37", "u")))
    assert log == note(20_000) + b"the end\n"


def test_a_log_that_never_began_is_not_asked_for_by_its_end(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cluster, "WHOLE_LOG_LIMIT_S", 1)
    write(path, "case \"$*\" in *--tail*) echo 'the end';; *) sleep 60;; esac")
    with pytest.raises(Unreachable, match="no answer within 1 s"):
        list(RunaiCluster("lab", "workspace").log(Ref("gwas-37", "u")))
