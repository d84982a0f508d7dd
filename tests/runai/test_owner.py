"""A colleague who has the same prefix in the same project; and a ledger of one's own that is lost.

The installed command, with the program `runai` on PATH.
"""

from dataclasses import replace
from pathlib import Path

import pytest
from tests.e2e.shell import wait_until
from tests.e2e.terminal import on_terminal
from tests.runai.test_command import FAST, QUICK, Lab
from tests.runai_standin import CallMade, Phase, Switches

PREFIX = "eberrigan-gapit-gwas"
RUNS, FAILED = f"{PREFIX}-3", f"{PREFIX}-4"
LISTED = pytest.mark.parametrize("listed", [True, False], ids=["marks listed", "marks not listed"])


def make_lab(folder: Path, listed: bool) -> Lab:
    """A project in which a colleague's job 3 runs on and on, and his job 4 has failed."""
    settings = replace(QUICK, durations_s={RUNS: 1e6, FAILED: 0.1}, outcomes={FAILED: (1,)})
    lab = Lab(folder, settings, Switches(list_environment=listed))
    for name in (RUNS, FAILED):
        told = {"PREFIX": PREFIX, "KEY": name.rpartition("-")[2], "BATCH": "his"}
        words = [
            word for each, value in told.items() for word in ("-e", f"RUNBATCH_{each}={value}")
        ]
        base = ("workspace", "submit", name, "-p", "talmo-lab", "-i", "x:1", "--backoff-limit", "0")
        lab.standin.call(*base, *words, owner="other")
    wait_until(lambda: lab.standin.truth().live(lab.is_ours).get(FAILED) is Phase.FAILED)
    return lab


def deletions(lab: Lab) -> list[CallMade]:
    return lab.standin.truth().calls_of("delete")


def range_of(first: int, last: int) -> dict[str, str]:
    return {"START_TRAIT": str(first), "END_TRAIT": str(last)}


@LISTED
def test_delete_all_leaves_a_colleagues_running_workload(tmp_path: Path, listed: bool) -> None:
    lab = make_lab(tmp_path, listed)
    only = range_of(3, 3)
    lab.run("submit", "--yes", *FAST, **only)
    command = ("delete", "--all", "--yes", *FAST[:2])
    with lab.shell.start(*command, env={"PATH": lab.path, **only}) as process:
        wait_until(lambda: process.poll() is not None or bool(deletions(lab)))
        process.kill()
    assert not deletions(lab)
    assert lab.read("delete", "--all", "--foreign", "--yes", **only).code == 0
    assert not deletions(lab), "nobody said that it is this batch's"


@LISTED
def test_submit_never_takes_a_colleagues_failure_for_its_own(tmp_path: Path, listed: bool) -> None:
    lab = make_lab(tmp_path, listed)
    few = range_of(4, 5)
    done = lab.run("submit", "--yes", "--wait", *FAST, **few)
    assert not {"[ADOPT]", "[FAIL]"} & set(done.err.split()), done.err
    assert f"[DONE] {PREFIX}-5 succeeded" in done.err
    refused = f"[REFUSED] {FAILED}: The name is taken by a workload of colleague@example.org"
    assert refused in done.err
    asks = lab.read("submit", "--dry-run", **few)
    assert "would ask: the name is taken by a workload of colleague@example.org" in asks.out
    retried = lab.run("retry", "--yes", *FAST, **few)
    assert f"  {FAILED}: a workload of colleague@example.org (Failed): another" in retried.err
    assert '"runbatch submit" asks whether they are this batch' in retried.err
    truth = lab.standin.truth()
    assert (truth.created(FAILED), truth.calls_of("delete")) == (1, [])
    assert "Every promise was kept." in lab.read("audit", **few).out


def test_a_colleagues_workload_is_adopted_when_a_person_types_yes_and_deleted_with_foreign(
    tmp_path: Path,
) -> None:
    lab = make_lab(tmp_path, listed=True)
    few = range_of(4, 4)
    with on_terminal(lab.shell, "submit", columns=150, env={"PATH": lab.path, **few}) as terminal:
        terminal.type(b"y\n")
        assert terminal.wait() == 3
        seen = terminal.raw.decode()
    assert f"{FAILED}: a workload of colleague@example.org (Failed): another person" in seen
    assert "Are they this batch's all the same?" in seen
    left = lab.read("delete", "--yes", **few)
    assert "not submitted by this ledger, but colleague@example.org did; see --foreign" in left.out
    assert not deletions(lab)
    gone = lab.read("delete", "--yes", "--foreign", **few)
    assert "1 workload deleted" in gone.out
    assert "Every promise was kept." in lab.read("audit", **few).out


def test_yes_adopts_ones_own_after_the_ledger_was_lost_and_no_colleagues(tmp_path: Path) -> None:
    lab = make_lab(tmp_path, listed=True)
    lab.run("submit", "--yes", "--wait", *FAST, **range_of(5, 6))
    lab.shell.state.rename(tmp_path / "lost")
    again = lab.run("submit", "--yes", "--wait", *FAST, **range_of(3, 6))
    assert f"{PREFIX}-5: a workload of someone@example.org (Completed): another ledger" in again.err
    assert "adopted 2" in again.out
    assert again.err.count("[REFUSED]") == 2
    truth = lab.standin.truth()
    assert [truth.created(f"{PREFIX}-{key}") for key in range(3, 7)] == [1, 1, 1, 1]
