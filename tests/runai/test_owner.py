"""A colleague who has the same prefix in the same project, and two batches of one's own."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from tests.e2e.shell import Shell, toml
from tests.e2e.terminal import on_terminal
from tests.runai.test_command import FAST, QUICK, Lab

from runbatch.testing.runai import Switches
from runbatch.testing.runai.truth import Truth

PREFIX = "eberrigan-gapit-gwas"
THEIRS = f"{PREFIX}-3"
FEW = {"START_TRAIT": "2", "END_TRAIT": "3"}


@pytest.fixture(params=[True, False], ids=["variables listed", "variables not listed"])
def lab(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Lab]:
    """A project in which a colleague's trait 3 runs for long, and his trait 4 fails."""
    long = replace(QUICK, durations_s={THEIRS: 1e6}, outcomes={f"{PREFIX}-4": 1})
    made = Lab(tmp_path, long, Switches(list_environment=request.param))
    for key in ("3", "4"):
        marks = (f"RUNBATCH_PREFIX={PREFIX}", f"RUNBATCH_KEY={key}", "RUNBATCH_BATCH=theirs")
        words = [word for mark in marks for word in ("-e", mark)]
        name = f"{PREFIX}-{key}"
        made.standin.call(
            "workspace", "submit", name, "-p", "talmo-lab", "-i", "x:1", *words, owner="other"
        )
    yield made
    truth: Truth = made.standin.truth()
    assert not truth.calls_of("delete"), "nothing of anyone else's is deleted"


def test_a_colleagues_running_workload_outlives_delete_all(lab: Lab) -> None:
    for words in (("submit", "--yes"), ("delete", "--all", "--yes"), ("delete", "--all", "--yes")):
        lab.run(*words, *FAST[: 2 if words[0] == "delete" else 4], START_TRAIT="3", END_TRAIT="3")
    assert list(lab.standin.truth().live(lab.is_ours))[:1] == [THEIRS]


def test_a_colleagues_failure_is_not_this_batchs(lab: Lab) -> None:
    lab.standin.advance(600)
    done = lab.run("submit", "--yes", "--wait", *FAST, START_TRAIT="4", END_TRAIT="5")
    assert "[ADOPT]" not in done.err
    assert "[FAIL]" not in done.err
    assert "[DONE] eberrigan-gapit-gwas-5 succeeded" in done.err
    assert f"[REFUSED] {PREFIX}-4: The name is taken by a workload of colleague@" in done.err
    audited = lab.run("audit", START_TRAIT="4", END_TRAIT="5")
    assert "Every promise was kept." in audited.out
