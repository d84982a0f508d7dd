"""The real runner, planner and ledger over a fake cluster and a fake clock."""

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, cast

from runbatch.core.batch import Batch, Mount, Run
from runbatch.core.events import Event
from runbatch.core.failure import RetryPolicy
from runbatch.core.job import View
from runbatch.core.reconcile import learn
from runbatch.core.snapshot import Snapshot
from runbatch.core.stage import Stage
from runbatch.core.whose import Claims
from runbatch.core.wish import Wish, rerun, stale
from runbatch.ledger.store import Ledger
from runbatch.runner import Ears, Pace, Runner
from runbatch.testing import FakeClock, FakeCluster

POLL_S = 30
MOST_TICKS = 500


class Crash(BaseException):
    """The process is gone, from one step to the next."""


@dataclass
class Steps:
    """Counts the steps of a process, which dies at one of them: from then on it can do nothing."""

    left: float = math.inf

    def take(self) -> None:
        if self.left <= 0:
            raise Crash
        self.left -= 1


class Crashing:
    """Passes every call on; the process may die before and after each."""

    def __init__(self, inner: object, steps: Steps) -> None:
        self._inner = inner
        self._steps = steps

    def __getattr__(self, name: str) -> Any:
        value = getattr(self._inner, name)
        if not callable(value):
            return value

        def call(*words: Any, **named: Any) -> Any:
            self._steps.take()
            result = value(*words, **named)
            self._steps.take()
            return result

        return call


@dataclass
class World:
    """One batch on one fake cluster, where each job runs for two looks and then ends."""

    folder: Path
    batch: Batch
    cluster: FakeCluster = field(default_factory=FakeCluster)
    exit_codes: dict[str, list[int]] = field(default_factory=dict)
    said: list[Event] = field(default_factory=list)
    created: list[str] = field(default_factory=list)
    clock: FakeClock = field(init=False)

    def __post_init__(self) -> None:
        self.clock = FakeClock(on_sleep=lambda _: self.move())

    def move(self) -> None:
        """Let every workload go one phase further."""
        for workload in list(self.cluster.live.values()):
            if workload.stage is Stage.QUEUED:
                workload.stage = Stage.RUNNING
            elif workload.stage is Stage.RUNNING:
                codes = self.exit_codes.get(workload.name, [])
                self.cluster.end(workload.name, codes.pop(0) if codes else 0, b"the log")

    @contextmanager
    def ledger(self) -> Iterator[Ledger]:
        ledger = Ledger(self.folder)
        try:
            yield ledger
        finally:
            ledger.close()

    def view(self) -> View:
        with self.ledger() as ledger:
            return ledger.view()

    def wish(self, keys: frozenset[str] = frozenset()) -> Wish:
        before = self.view()
        listing = self.cluster.list(self.batch.prefix)
        now, patience = self.clock.now(), self.cluster.patience
        claims = Claims(agreed=self.there())
        learned = learn(self.batch, before, listing, before.called, now, patience, claims)
        named = rerun(learned.view, keys)
        return Wish(start=True, wait=True, stale=stale(before), rerun=named)

    def there(self) -> frozenset[str]:
        """The uids of what is there: a person says yes to all of it when a command begins."""
        return frozenset(each.uid for each in self.cluster.live.values())

    def submit(self, **more: Any) -> Snapshot:
        return self.run(self.wish(), **more)

    def run(
        self,
        wish: Wish,
        *,
        dies_at: int | None = None,
        most_ticks: int = MOST_TICKS,
        submit_interval_s: float = 0,
    ) -> Snapshot:
        """Run one invocation to its end; a test that would never end fails."""
        ticks = iter(range(most_ticks))
        wish = replace(wish, adopt=self.there())
        with self.ledger() as ledger:
            steps = Steps(math.inf if dies_at is None else dies_at)
            runner = Runner(
                self.batch,
                cast(FakeCluster, Crashing(self.cluster, steps)),  # passes every call on
                cast(Ledger, Crashing(ledger, steps)),
                wish,
                self.clock,
                Pace(POLL_S, submit_interval_s),
                ears=Ears(event=self.said.append),
                stopped=lambda: next(ticks, None) is None,
            )
            return runner.run("test")

    def runner(self, ledger: Ledger, wish: Wish, **more: Any) -> Runner:
        ears = Ears(event=self.said.append)
        wish = replace(wish, adopt=self.there())
        pace = Pace(POLL_S, 0)
        return Runner(self.batch, self.cluster, ledger, wish, self.clock, pace, ears=ears, **more)

    def lines(self, kind: str) -> list[str]:
        return [event.text for event in self.said if event.kind.value == kind]


def make_batch(last: int = 6, cap: int = 2, **retry: Any) -> Batch:
    return Batch(
        prefix="gwas",
        keys=tuple(str(key) for key in range(1, last + 1)),
        integer_keys=True,
        cap=cap,
        run=Run(command=("true",), mounts=(Mount("/hpi/data", "/data"),)),
        retry=RetryPolicy(**retry),
    )


MakeWorld = Callable[..., World]
