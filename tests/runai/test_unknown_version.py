"""A program whose `version` says nothing that is known: what is safe goes on, a submit does not."""

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from tests.incident import InProcess
from tests.runai.conftest import MakeRig
from tests.runai.rig import PACE, Rig
from tests.runai.rig import QUICK as QUICK_DELAYS
from tests.runai.test_command import FAST, QUICK, Lab
from tests.runai_standin import Others, Settings, Switches

from runbatch.clusters.runai.cluster import RunaiCluster
from runbatch.clusters.shell.program import Reply
from runbatch.core.errors import Unreachable
from runbatch.core.job import State
from runbatch.core.wish import Wish
from runbatch.core.workload import workload_of
from runbatch.runner import Ears, Runner

PRINTED = "names no version that runbatch knows. It printed: built from main."
WRAPPER = """#!/bin/sh
[ "$1" = version ] && echo built from main && exit
exec '{real}' "$@"
"""


class Nameless:
    """The stand-in's program, but for what `version` prints."""

    def __init__(self, rig: Rig, version: str = "built from main") -> None:
        self.version = version
        self.lists: list[Sequence[str]] = []
        self._call = InProcess(rig.standin)

    def __call__(self, words: Sequence[str], limit_s: float) -> Reply:
        if list(words) == ["version"]:
            return Reply(0, self.version, "")
        if "list" in words:
            self.lists.append(words)
        return self._call(words, limit_s)

    def cluster(self) -> RunaiCluster:
        return RunaiCluster(
            "talmo-lab", "workspace", execute=self, kubectl=lambda *_: Reply(127, "", "")
        )


@pytest.mark.parametrize(
    ("generation", "flags", "lists"),
    [("2.18", False, 3), ("2.25", False, 2), ("2.25", True, 3)],
    ids=["old", "new", "new, with the old flags"],
)
def test_a_list_is_whole_whatever_the_program_is(
    make: MakeRig, generation: str, flags: bool, lists: int
) -> None:
    settings = Settings(delays=QUICK_DELAYS, generation=generation, others=Others(running=1200))
    rig = make(last=3, settings=settings, switches=Switches(paging_flags=flags))
    rig.run(Wish(start=True))
    program = Nameless(rig)
    listing = program.cluster().list("gwas")
    assert len(listing.observations) == 3
    assert listing.proves_absence
    assert listing.no_submit is not None
    assert PRINTED in listing.no_submit
    assert len(program.lists) == lists


def test_a_submit_without_a_version_does_not_call_the_program(make: MakeRig) -> None:
    rig = make()
    with pytest.raises(Unreachable, match="built from main"):
        Nameless(rig).cluster().submit(workload_of(rig.batch, "2", 1))
    assert not rig.standin.truth().calls_of("submit")


def test_a_batch_under_way_goes_on_without_a_submit_and_then_with_one(make: MakeRig) -> None:
    rig = make(last=4, cap=2, settings=Settings(delays=QUICK_DELAYS, outcomes={"gwas-2": (2, 0)}))
    rig.run(most_ticks=8)  # two are submitted, and run
    assert len(rig.standin.truth().calls_of("submit")) == 2
    program = Nameless(rig)
    after = run(rig, program, Wish(start=True, wait=True), 60)
    assert after == {State.WAITING: 2, State.SUCCEEDED: 1, State.FAILED: 1}
    assert [PRINTED in line for line in rig.lines("TROUBLE")] == [True]

    # To make room for a name that then nobody can take would be of no use.
    after = run(rig, program, Wish(retry=True), 60)
    assert after == {State.WAITING: 2, State.SUCCEEDED: 1, State.FAILED: 1}
    truth = rig.standin.truth()
    assert len(truth.calls_of("submit")) == 2
    assert not truth.calls_of("delete")

    program.version = "2.25.1"
    assert run(rig, program, Wish(retry=True), 600)[State.FAILED] == 0
    assert run(rig, program, Wish(start=True, wait=True), 600) == {State.SUCCEEDED: 4}
    assert rig.most_active() <= 2


def test_what_has_ended_is_deleted(make: MakeRig) -> None:
    rig = make(last=3)
    ended = rig.run()
    turns = frozenset(job.attempts[-1].turn for job in ended.jobs)
    run(rig, Nameless(rig), Wish(delete=turns), 600)
    assert not rig.standin.truth().live(rig.is_ours)


def run(rig: Rig, program: Nameless, wish: Wish, most_ticks: int) -> Counter[State]:
    """Run one invocation with this program, stopped after so many looks; return the counts."""
    left = iter(range(most_ticks))
    with rig.ledger() as ledger:
        runner = Runner(
            rig.batch,
            program.cluster(),
            ledger,
            wish,
            rig.clock,
            PACE,
            ears=Ears(event=rig.said.append),
            stopped=lambda: next(left, None) is None,
        )
        return +Counter(runner.run("test").counts)


def test_only_a_submit_says_that_it_cannot_be(tmp_path: Path) -> None:
    lab = Lab(tmp_path, replace(QUICK, outcomes={"eberrigan-gapit-gwas-3": (2,)}))
    assert lab.run("submit", "--yes", "--wait", *FAST).code == 3
    truth = lab.standin.truth()
    real = tmp_path / "real"
    (tmp_path / "bin" / "runai").rename(real)
    wrapper = lab.shell.write(WRAPPER.format(real=real), "bin/runai")
    wrapper.chmod(0o755)
    for words in (
        ("status",),
        ("report",),
        ("logs", "3"),
        ("audit",),
        ("retry", "--dry-run"),
        ("delete", "--dry-run"),
    ):
        done = lab.read(*words)
        assert done.code == 0, (words, done.err)
    status = " ".join(lab.read("status").out.split())
    assert f'answers, but nothing can be submitted: Run:ai: "runai version" {PRINTED}' in status
    assert PRINTED in json.loads(lab.read("status", "--json").out)["why"]["cluster"]["no_submit"]
    for words in (("check",), ("submit", "--yes"), ("retry", "--yes")):
        done = lab.read(*words)
        assert done.code == 1, (words, done.err)
        assert PRINTED in done.err
        assert "Known are 2.18 to 3.0. Nothing can be submitted." in done.err
    after = lab.standin.truth()
    assert len(after.calls_of("submit")) == len(truth.calls_of("submit"))
    assert not after.calls_of("delete")
