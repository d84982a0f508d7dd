"""Many deletions: they are asked for side by side, and written down together."""

import os
import sqlite3
import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from tests.simulation.world import MakeWorld, World

from runbatch.core.reference import Ref
from runbatch.core.stage import Stage
from runbatch.core.wish import Wish

LIMIT_S = 20


def ended(world: World) -> Wish:
    """Run the batch to its end; return the wish to delete all of it."""
    world.submit(most_ticks=10_000)
    return every(world)


def running(world: World) -> Wish:
    """Start the batch; return the wish to delete all of it."""
    with world.ledger() as ledger:
        runner = world.runner(ledger, world.wish())
        runner.tick()
        runner.tick()
    return every(world)


def every(world: World) -> Wish:
    turns = frozenset(each.turn for each in world.view().attempts)
    return Wish(delete=turns, cut_off=True)


def deleting(world: World, meanwhile: Callable[[str], object], monkeypatch: Any) -> None:
    """Have something done within each deletion, by the workload's name."""
    remove = world.cluster.remove

    def slowly(ref: Ref) -> bool:
        meanwhile(ref.name)
        return remove(ref)

    monkeypatch.setattr(world.cluster, "remove", slowly)


def test_all_are_asked_to_go_before_any_of_them_is_waited_for(
    make_world: MakeWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On `local` a deletion returns when the processes are gone, and these are gone together."""
    world = make_world(last=12, cap=12)
    world.cluster.patience = replace(world.cluster.patience, leaves_at_once=True)
    wish = running(world)
    together = threading.Barrier(12)
    deleting(world, lambda _: together.wait(LIMIT_S), monkeypatch)
    world.run(wish)
    assert world.cluster.live == {}
    assert world.cluster.count("remove") == 12


def test_a_cluster_that_is_far_away_is_asked_for_some_at_a_time(
    make_world: MakeWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = make_world(last=12, cap=12)
    wish = ended(world)
    world.cluster.calls_at_once = 4
    together = threading.Barrier(4)
    most, now = 0, Counter[str]()
    guard = threading.Lock()

    def meet(_: str) -> None:
        nonlocal most
        with guard:
            now["at it"] += 1
            most = max(most, now["at it"])
        together.wait(LIMIT_S)
        with guard:
            now["at it"] -= 1

    deleting(world, meet, monkeypatch)
    world.run(wish)
    assert world.cluster.live == {}
    assert most == 4


def test_one_that_is_stuck_holds_up_none_of_the_others(
    make_world: MakeWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is let go only once all others are told to be gone."""
    world = make_world(last=6, cap=6)
    world.cluster.patience = replace(world.cluster.patience, leaves_at_once=True)
    wish = running(world)
    others_are_gone = threading.Event()

    def hear(line: str) -> None:
        if len(world.lines("DELETE")) == 5:
            others_are_gone.set()

    def wait(name: str) -> None:
        if name == "gwas-1":
            assert others_are_gone.wait(LIMIT_S)

    deleting(world, wait, monkeypatch)
    monkeypatch.setattr(world, "said", Heard(world.said, hear))
    world.run(wish)
    assert world.cluster.live == {}
    assert len(world.lines("DELETE")) == 6


def test_one_that_is_stuck_holds_up_no_later_group(
    make_world: MakeWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is let go only once all others, which are written down after it, are told to be gone."""
    world = make_world(last=12, cap=12)
    wish = ended(world)
    world.cluster.calls_at_once = 3
    others_are_gone = threading.Event()

    def hear(line: str) -> None:
        if len(world.lines("DELETE")) == 11:
            others_are_gone.set()

    def stick(name: str) -> None:
        if name == "gwas-1":
            assert others_are_gone.wait(LIMIT_S)

    deleting(world, stick, monkeypatch)
    monkeypatch.setattr(world, "said", Heard(world.said, hear))
    world.run(wish)
    assert world.cluster.live == {}


class Heard(list[Any]):
    """What was said; and whoever listens is told of it."""

    def __init__(self, said: list[Any], hear: Callable[[Any], object]) -> None:
        super().__init__(said)
        self._hear = hear

    def append(self, event: Any) -> None:
        super().append(event)
        self._hear(event)


def test_what_runs_and_may_not_listen_is_asked_to_go_last(make_world: MakeWorld) -> None:
    world = make_world(last=6, cap=6)
    with world.ledger() as ledger:
        world.runner(ledger, world.wish()).tick()
    for name, workload in world.cluster.live.items():
        workload.stage = Stage.RUNNING
        if name != "gwas-1":
            world.cluster.end(name)
    with world.ledger() as ledger:
        world.runner(ledger, Wish()).tick()
    world.run(every(world))
    asked = [name for verb, name in world.cluster.calls if verb == "remove"]
    assert asked == ["gwas-2", "gwas-3", "gwas-4", "gwas-5", "gwas-6", "gwas-1"]


def test_so_many_deletions_are_a_few_transactions(
    make_world: MakeWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each costs its two files, to the disk; of transactions there are a few for all together."""
    world = make_world(last=400, cap=400)
    world.cluster.patience = replace(world.cluster.patience, leaves_at_once=True)
    wish = ended(world)
    written = Counter[str]()
    connect: Callable[..., sqlite3.Connection] = sqlite3.connect
    fsync = os.fsync

    def counting(*words: Any, **named: Any) -> sqlite3.Connection:
        connection = connect(*words, **named)
        connection.set_trace_callback(lambda line: written.update([line.partition(" ")[0]]))
        return connection

    def count(file: int) -> None:
        written["fsync"] += 1
        fsync(file)

    monkeypatch.setattr(sqlite3, "connect", counting)
    monkeypatch.setattr(os, "fsync", count)
    world.run(wish)
    assert world.cluster.live == {}
    assert written["COMMIT"] <= 25
    assert written["fsync"] == 2 * 400
