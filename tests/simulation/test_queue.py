"""A cluster whose names are not unique: a submit that was given up may take effect after all."""

import random
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from tests.simulation.world import Crash, World, make_batch

from runbatch.core.audit import Audit, audit_of
from runbatch.core.errors import Unreachable
from runbatch.core.job import State
from runbatch.core.promises import Promise
from runbatch.core.stage import Stage
from runbatch.core.wish import Wish
from runbatch.ledger.record import read_record
from runbatch.testing import QueueCluster

LOST = Unreachable("the connection was lost.")
# More listings than a call that was not answered is waited for.
TOO_LATE = 6


@dataclass
class QueueWorld(World):
    """The same world over a batch queue; `ran_twice` are the keys of which two ran at once."""

    queue: QueueCluster = field(default_factory=QueueCluster)
    ran_twice: set[str] = field(default_factory=set)
    moves: bool = True

    def __post_init__(self) -> None:
        super().__post_init__()
        self.cluster = self.queue  # type: ignore[assignment]  # a cluster of another kind

    def move(self) -> None:
        for entry in self.queue.alive if self.moves else ():
            if entry.stage is Stage.RUNNING:
                codes = self.exit_codes.get(entry.name, [])
                self.queue.end(entry, codes.pop(0) if codes else 0, b"the log")
            else:
                entry.stage = Stage.RUNNING
        running = Counter(each.name for each in self.queue.alive if each.stage is Stage.RUNNING)
        self.ran_twice |= {name for name, count in running.items() if count > 1}

    def there(self) -> frozenset[str]:
        return frozenset()


@pytest.fixture
def world(tmp_path: Path) -> QueueWorld:
    return QueueWorld(tmp_path, make_batch(last=3, cap=2))


def audited(world: QueueWorld) -> Audit:
    record = read_record(world.folder)
    return audit_of(record.entries, record.remembered)


def play_until_doubled(world: QueueWorld) -> None:
    """The first submit takes effect long after it was given up, and called again."""
    world.moves = False
    world.queue.fault, world.queue.late = LOST, TOO_LATE
    world.run(Wish(start=True, wait=True), most_ticks=10 * TOO_LATE)


def test_of_two_live_workloads_the_younger_that_has_not_started_is_removed(
    world: QueueWorld,
) -> None:
    play_until_doubled(world)
    assert [each.name for each in world.queue.entries] == ["gwas-2", "gwas-1"]
    assert "gwas-1: deleted, since its job has another workload; its log is saved" in world.lines(
        "DELETE"
    )
    world.moves = True
    assert world.submit().counts[State.SUCCEEDED] == 3
    assert not world.ran_twice
    audit = audited(world)
    assert audit.held
    assert audit.peak.in_flight == 3
    assert ["took effect after all" in remark.text for remark in audit.above] == [True]


def test_two_that_run_at_once_are_told_and_are_a_promise_that_was_broken(
    world: QueueWorld,
) -> None:
    world.queue.first_stage = Stage.RUNNING
    play_until_doubled(world)
    assert [each.name for each in world.queue.alive] == ["gwas-2", "gwas-1", "gwas-1"]
    assert any("lists 2 live workloads of this job" in line for line in world.lines("TROUBLE"))
    broken = {each.promise for each in audited(world).checked if each.breaches}
    assert broken == {Promise.ONCE}


@pytest.mark.parametrize("seed", range(60))
def test_answers_lost_and_processes_killed_lose_and_double_nothing(
    tmp_path: Path, seed: int
) -> None:
    """What takes effect within the grace, or never, is no double; the cap holds at each moment."""
    dice = random.Random(seed)
    world = QueueWorld(tmp_path, make_batch(last=5, cap=2))
    world.exit_codes = {f"gwas-{key}": [2] * dice.randrange(3) for key in range(1, 6)}
    for _ in range(8):
        if dice.random() < 0.7:
            world.queue.fault, world.queue.late = LOST, dice.choice((0, 1, None))
        wish = Wish(start=True, retry=True, wait=True)
        with suppress(Crash):
            world.run(wish, dies_at=dice.randrange(1, 60))
    world.queue.fault = None
    shown = world.run(Wish(start=True, retry=True, wait=True))
    assert shown.counts[State.SUCCEEDED] == 5
    assert world.queue.most_alive <= 2
    assert not world.ran_twice
    ends = Counter(each.name for each in world.queue.entries if each.stage is Stage.SUCCEEDED)
    assert set(ends.values()) == {1}
    assert audited(world).held
