"""What every cluster adapter must do, as tests to inherit.

class TestMine(ClusterContract):
    @pytest.fixture
    def rig(self) -> Iterator[Rig]: ...
"""

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Protocol

import pytest

from runbatch.clusters.base import Cluster, Deadline
from runbatch.core.attempt import Evidence, Observation
from runbatch.core.batch import Run
from runbatch.core.errors import Busy, ClusterError, NameTaken, NoLog
from runbatch.core.reference import Ref
from runbatch.core.stage import Stage
from runbatch.core.workload import Workload

PREFIX = "contract"
_MOST_LOOKS = 2000


class Rig(Protocol):
    """What the contract needs of an adapter's own tests."""

    def cluster(self) -> Cluster:
        """Return a client of one and the same cluster; a new one at each call."""

    def workload(
        self, name: str, *, exit_code: int = 0, output: str = "", endless: bool = False
    ) -> Workload:
        """Return a workload that prints this and ends so, or runs until it is deleted."""

    def let_time_pass(self) -> None:
        """Let the cluster get on with it, for a moment."""


def make_workload(name: str, command: tuple[str, ...], folder: Path) -> Workload:
    """Return a plain workload that runs this command."""
    return Workload(
        name=name,
        number=1,
        run=Run(command=command, image="example.org/image:1"),
        env={"RUNBATCH_KEY": name.removeprefix(f"{PREFIX}-"), "RUNBATCH_ATTEMPT": "1"},
        folder=folder,
    )


class ClusterContract:
    """Inherit it, and give a fixture `rig`."""

    def test_a_submitted_workload_is_listed_until_its_end_and_after(self, rig: Rig) -> None:
        """It appears under its name, and has succeeded when its exit code is 0."""
        uid = rig.cluster().submit(rig.workload("contract-1"))
        seen = until(rig, "contract-1", ended)
        assert seen.stage is Stage.SUCCEEDED
        assert uid in (None, seen.uid)
        assert observe(rig, "contract-1") == seen

    def test_an_exit_code_that_is_not_zero_is_a_failure(self, rig: Rig) -> None:
        """It has failed; the evidence tells its exit code, or that none is known."""
        rig.cluster().submit(rig.workload("contract-1", exit_code=3))
        seen = until(rig, "contract-1", ended)
        assert seen.stage is Stage.FAILED
        assert evidence_of(rig.cluster(), "contract-1", seen.uid).exit_code in (3, None)

    def test_what_it_printed_can_be_read(self, rig: Rig) -> None:
        """Its log holds its output while it runs."""
        rig.cluster().submit(rig.workload("contract-1", output="hello there", endless=True))
        until(rig, "contract-1", running)
        for _ in range(_MOST_LOOKS):
            log = b"".join(rig.cluster().log(ref_of(rig, "contract-1")))
            if log:
                break
            rig.let_time_pass()
        assert b"hello there" in log

    def test_a_call_that_was_held_up_too_long_starts_nothing(self, rig: Rig) -> None:
        """After the grace its slot may be another job's; the name stays free."""
        cluster = rig.cluster()
        with pytest.raises(Busy):
            cluster.submit(rig.workload("contract-1"), Deadline(lambda: cluster.patience.grace_s))
        rig.let_time_pass()
        assert observe(rig, "contract-1") is None
        rig.cluster().submit(rig.workload("contract-1"))
        until(rig, "contract-1", ended)

    def test_a_second_workload_of_a_name_is_refused_or_another_one(self, rig: Rig) -> None:
        """Either way the first is left alone: NameTaken where names are unique, else two ids."""
        rig.cluster().submit(rig.workload("contract-1", endless=True))
        first = until(rig, "contract-1", running)
        try:
            rig.cluster().submit(rig.workload("contract-1"))
        except NameTaken:
            assert rig.cluster().patience.names_unique
            assert listed(rig, "contract-1") == [first]
        else:
            assert not rig.cluster().patience.names_unique
            assert first in (both := listed(rig, "contract-1"))
            assert len({each.uid for each in both}) == len(both) > 1

    def test_a_unique_name_is_taken_until_the_ended_workload_is_deleted(self, rig: Rig) -> None:
        """After the deletion what takes the name is another workload."""
        rig.cluster().submit(rig.workload("contract-1", exit_code=2))
        first = until(rig, "contract-1", ended)
        if rig.cluster().patience.names_unique:
            with pytest.raises(NameTaken):
                rig.cluster().submit(rig.workload("contract-1"))
        rig.cluster().remove(Ref("contract-1", first.uid))
        until_gone(rig, "contract-1")
        rig.cluster().submit(rig.workload("contract-1"))
        assert until(rig, "contract-1", ended).uid != first.uid

    def test_a_running_workload_can_be_deleted(self, rig: Rig) -> None:
        """It goes; deleting it once more is no error, and tells that it is gone."""
        rig.cluster().submit(rig.workload("contract-1", endless=True))
        seen = until(rig, "contract-1", running)
        if rig.cluster().remove(Ref("contract-1", seen.uid)):
            assert observe(rig, "contract-1") is None
        until_gone(rig, "contract-1")
        assert rig.cluster().remove(Ref("contract-1", seen.uid))

    def test_another_workload_of_the_name_is_never_deleted(self, rig: Rig) -> None:
        """A deletion names a uid, and touches no other."""
        rig.cluster().submit(rig.workload("contract-1", endless=True))
        seen = until(rig, "contract-1", running)
        rig.cluster().remove(Ref("contract-1", "00000000-0000-4000-8000-000000000000"))
        rig.let_time_pass()
        assert observe(rig, "contract-1") == seen

    def test_what_was_never_there_has_no_evidence_and_no_log(self, rig: Rig) -> None:
        """Nothing is an answer; of the log the cluster may also say that there is none."""
        unknown = ("contract-9", "00000000-0000-4000-8000-000000000000")
        assert evidence_of(rig.cluster(), *unknown).exit_code is None
        with suppress(NoLog):
            assert b"".join(rig.cluster().log(Ref(*unknown))) == b""

    def test_only_the_prefix_is_listed(self, rig: Rig) -> None:
        """Names that merely contain or extend the prefix are left out.

        A listing that shows something proves the absence of the rest.
        """
        for name in ("contract-1", "xcontract-1", "contracts-1"):
            rig.cluster().submit(rig.workload(name, endless=True))
        until(rig, "contract-1", running)
        listing = rig.cluster().list(PREFIX)
        assert [each.name for each in listing.observations] == ["contract-1"]
        assert listing.proves_absence


def ended(observation: Observation) -> bool:
    """Whether it has ended."""
    return observation.stage.ended


def running(observation: Observation) -> bool:
    """Whether it runs."""
    return observation.stage is Stage.RUNNING


def listed(rig: Rig, name: str) -> list[Observation]:
    """Return the workloads of this name as a new client lists them."""
    shown = rig.cluster().list(PREFIX).observations
    return [each for each in shown if each.name == name]


def observe(rig: Rig, name: str) -> Observation | None:
    """Return the first of them, if there is one."""
    return next(iter(listed(rig, name)), None)


def ref_of(rig: Rig, name: str) -> Ref:
    """Return what names a workload that is there."""
    seen = observe(rig, name)
    assert seen is not None, f"{name} is not there"
    return Ref(name, seen.uid)


def evidence_of(cluster: Cluster, name: str, uid: str) -> Evidence:
    """Return what is known of the end of one workload; raise the error there was instead."""
    ref = Ref(name, uid)
    found = cluster.ends([ref])[ref]
    if isinstance(found, ClusterError):
        raise found
    return found


def until(rig: Rig, name: str, condition: Callable[[Observation], bool]) -> Observation:
    """Return the workload once the condition holds; the test fails if it never does."""
    for _ in range(_MOST_LOOKS):
        seen = observe(rig, name)
        if seen is not None and condition(seen):
            return seen
        rig.let_time_pass()
    raise AssertionError(f"{name} never came to that; last seen: {seen}")


def until_gone(rig: Rig, name: str) -> None:
    """Return once the workload is no longer listed."""
    for _ in range(_MOST_LOOKS):
        if observe(rig, name) is None:
            return
        rig.let_time_pass()
    raise AssertionError(f"{name} never went")
