"""A cluster that is kept in memory alone: for a test's own process, a hundred times as fast."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from .cluster import Change, Cluster
from .store import CallMade
from .workload import Workload


class MemoryStore:
    """The cluster itself; nothing is ever written, so a killed process would lose it all."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self._moved_s = 0.0
        self._changes: list[Change] = []
        self._calls: list[CallMade] = []
        self._all: dict[str, Workload] = {}
        self.save(cluster)

    @contextmanager
    def opened(self) -> Iterator["MemoryStore"]:
        """Hand out the store; there is nobody to take turns with."""
        yield self

    def load(self) -> Cluster:
        """Return the cluster."""
        return self._cluster

    def now_s(self, cluster: Cluster) -> float:
        """Return the cluster's time, which stands still until it is moved."""
        return max(cluster.now_s, self._moved_s)

    def move(self, seconds: float) -> None:
        """Move the clock on."""
        self._moved_s += seconds

    def save(self, cluster: Cluster) -> None:
        """Keep what changed."""
        self._all |= cluster.dirty
        self._changes += cluster.changes
        cluster.dirty, cluster.changes = {}, []

    def save_settings(self, cluster: Cluster) -> None:
        """Do nothing: the cluster itself holds them."""

    def gone_since(self, moment_s: float) -> list[Workload]:
        """Return the workloads that are gone, but were there after a moment."""
        every = self._all.values()
        gone = [each for each in every if each.gone_s is not None and each.gone_s > moment_s]
        return sorted(gone, key=lambda each: each.ordinal)

    def begin_call(self, at_s: float, verb: str, name: str, argv: list[str]) -> int:
        """Add a call to the truth, its end unknown yet, and return its number from 1."""
        number = len(self._calls) + 1
        self._calls.append(CallMade(number, at_s, verb, name, tuple(argv), None, ""))
        return number

    def end_call(self, number: int, exit_code: int | None, effect: str) -> None:
        """Complete a call in the truth."""
        begun = self._calls[number - 1]
        self._calls[number - 1] = replace(begun, exit_code=exit_code, effect=effect)

    def changes_after(self, count: int) -> list[Change]:
        """Return the phase changes but for so many that are known already."""
        return self._changes[count:]

    def changes(self) -> tuple[Change, ...]:
        """Return all phase changes, the first one first."""
        return tuple(self._changes)

    def calls(self) -> tuple[CallMade, ...]:
        """Return all calls, the first one first."""
        return tuple(self._calls)

    def workload(self, uid: str) -> Workload:
        """Return a workload that there is or was."""
        return self._all[uid]

    def workloads(self) -> list[Workload]:
        """Return all workloads that there ever were."""
        return list(self._all.values())
