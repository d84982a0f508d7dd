"""A cluster that lists nothing at all: how long that is doubted, and how the batch goes on."""

from datetime import timedelta

import pytest
from tests.simulation.world import POLL_S, MakeWorld, World

from runbatch.core.errors import Unreachable
from runbatch.core.job import State
from runbatch.core.stage import Stage
from runbatch.core.wish import Wish
from runbatch.testing.cluster import PATIENCE, FakeWorkload, Fault

DOUBT_S = PATIENCE.doubt_s
ASSUMED = (
    "The cluster has answered and listed nothing at all for 10 minutes: "
    "runbatch takes what was there for gone, and goes on."
)


def emptied(make_world: MakeWorld) -> World:
    """A world of 4 jobs of which 2 were running until somebody deleted them by hand."""
    world = make_world(last=4, cap=2)
    with world.ledger() as ledger:
        runner = world.runner(ledger, Wish(start=True))
        runner.tick()
        runner.tick()
    assert len(world.cluster.live) == 2
    world.cluster.live.clear()
    return world


def test_where_everything_was_deleted_by_hand_the_batch_goes_on(make_world: MakeWorld) -> None:
    world = emptied(make_world)
    began_at = world.clock.now()
    snapshot = world.submit()
    assert snapshot.counts[State.SUCCEEDED] == 2
    assert len(world.lines("GONE")) == 2
    assert world.lines("TROUBLE")[1:] == [ASSUMED]
    assert "OK" not in [event.kind.value for event in world.said]
    assert world.clock.now() - began_at >= timedelta(seconds=DOUBT_S)
    assert world.submit().counts[State.SUCCEEDED] == 4
    assert world.cluster.most_active == 2


def test_an_accepted_submit_that_is_never_listed_in_an_empty_project_holds_no_slot_for_ever(
    make_world: MakeWorld,
) -> None:
    world = make_world(last=2, cap=1)
    with world.ledger() as ledger:
        world.runner(ledger, Wish(start=True)).tick()
    world.cluster.live.clear()
    assert world.submit().counts[State.SUCCEEDED] == 1
    assert world.lines("GONE") == ["gwas-1 is no longer there; accepted, but never listed"]


@pytest.mark.parametrize("what", ["an error", "a break", "rows"])
def test_the_wait_begins_anew_after(make_world: MakeWorld, what: str) -> None:
    world = emptied(make_world)
    with world.ledger() as ledger:
        runner = world.runner(ledger, world.wish())

        def look_for(seconds: float) -> None:
            for _ in range(round(seconds / POLL_S)):
                world.clock.sleep(POLL_S)
                runner.tick()

        look_for(DOUBT_S - POLL_S)
        match what:
            case "an error":
                world.cluster.faults.append(Fault("list", Unreachable("no route")))
                look_for(POLL_S)
            case "a break":
                world.clock.sleep(3600)
            case _:
                others = FakeWorkload("mchen-1", "theirs", 1, Stage.SUCCEEDED)
                world.cluster.live[others.name] = others
                look_for(POLL_S)
                world.cluster.live.clear()
        look_for(DOUBT_S)
        assert len(ledger.view().in_flight) == 2
        assert world.cluster.count("submit") == 2
        look_for(3 * POLL_S)
        assert len(world.lines("GONE")) == 2


def test_each_process_waits_by_itself(make_world: MakeWorld) -> None:
    """One that comes back after a long break knows nothing of the hours between."""
    world = emptied(make_world)
    world.clock.sleep(7200)
    with world.ledger() as ledger:
        runner = world.runner(ledger, world.wish())
        for _ in range(round(DOUBT_S / POLL_S)):
            runner.tick()
            world.clock.sleep(POLL_S)
    assert len(world.view().in_flight) == 2
    assert world.cluster.count("submit") == 2
