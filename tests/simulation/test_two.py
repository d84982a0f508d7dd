"""Two processes on one batch, one of them stopped in the middle of a call: they share one cap."""

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import replace
from typing import Any, cast

from tests.simulation.world import POLL_S, MakeWorld, World

from runbatch.core.job import State
from runbatch.core.wish import Wish
from runbatch.runner import Ears, Pace, Runner
from runbatch.testing import FakeCluster


class Delayed:
    """Passes every call on, but for a submit first lets a test do what it likes."""

    def __init__(self, inner: FakeCluster, meanwhile: Callable[[], None]) -> None:
        self._inner = inner
        self._meanwhile = meanwhile

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)

    def submit(self, *words: Any) -> str:
        self._meanwhile()
        return self._inner.submit(*words)


def runner_of(world: World, stack: ExitStack, keys: tuple[str, ...], cluster: object) -> Runner:
    batch = replace(world.batch, keys=keys)
    return Runner(
        batch,
        cast(FakeCluster, cluster),
        stack.enter_context(world.ledger()),
        Wish(start=True),
        world.clock,
        Pace(POLL_S, 0),
        ears=Ears(event=world.said.append),
    )


def test_a_process_stopped_before_its_call_starts_nothing_that_another_gave_up(
    make_world: MakeWorld,
) -> None:
    # The first, with Ctrl-Z perhaps, is stopped between the ledger and the cluster. The second has
    # a narrowed batch: it takes the first for dead after the grace time, and gives its slot back.
    world = make_world(last=2, cap=1)
    with ExitStack() as stack:
        second = runner_of(world, stack, ("2",), world.cluster)

        def meanwhile() -> None:
            while "gwas-2" not in world.cluster.live:
                second.tick()
                world.clock.sleep(POLL_S)

        first = runner_of(world, stack, ("1",), Delayed(world.cluster, meanwhile))
        first.tick()
        assert world.cluster.most_active == 1
        assert "the call to submit gwas-1 was held up" in world.lines("TROUBLE")[0]
        # Nothing is lost: the job is started when there is a slot.
        for _ in range(10):
            world.clock.sleep(POLL_S)
            first.tick()
    assert {job.state for job in world.view().jobs.values()} == {State.SUCCEEDED}
    assert world.cluster.most_active == 1
