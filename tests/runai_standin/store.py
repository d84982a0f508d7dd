"""Where a cluster is kept: in a folder, one SQLite file used by one process at a time.

Every call of the program is a process of its own, and several may run at once: a lock file makes
them take turns, and a transaction makes each of them happen wholly or not at all, also when the
process is killed in between.
"""

import fcntl
import json
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import asdict, dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Protocol

from .cluster import Change, Cluster, Deed, Plot, Tally
from .settings import settings_from_plain, settings_to_plain
from .switches import switches_from_plain, switches_to_plain
from .workload import Phase, Workload, copied, from_plain, to_plain

_SCHEMA = """
CREATE TABLE kept (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE workload (
    uid TEXT PRIMARY KEY, gone_s REAL, body TEXT NOT NULL) WITHOUT ROWID;
CREATE INDEX workload_gone ON workload (gone_s);
CREATE TABLE change (
    seq INTEGER PRIMARY KEY, at_s REAL, uid TEXT, name TEXT, project TEXT, owner TEXT, phase TEXT);
CREATE TABLE call (
    seq INTEGER PRIMARY KEY, at_s REAL, verb TEXT, name TEXT, argv TEXT,
    exit_code INTEGER, effect TEXT);
"""


@dataclass(frozen=True, slots=True)
class CallMade:
    """One call: when, which words, how it ended and what it did.

    `exit_code` is None when the call never answered: its client was killed, or killed it.
    `effect` is empty for calls that only read, `none` for calls that were to change something
    and did not.
    """

    number: int
    at_s: float
    verb: str
    name: str
    argv: tuple[str, ...]
    exit_code: int | None
    effect: str


class Store(Protocol):
    """A cluster and its truth, one's own until the `opened` block ends."""

    def load(self) -> Cluster:
        """Return the cluster as it was saved, not advanced to now."""

    def now_s(self, cluster: Cluster) -> float:
        """Return the cluster's time."""

    def move(self, seconds: float) -> None:
        """Move the clock on by some seconds of the cluster's time."""

    def save(self, cluster: Cluster) -> None:
        """Keep what changed since the cluster was loaded."""

    def save_settings(self, cluster: Cluster) -> None:
        """Keep the settings and switches, which calls never change."""

    def gone_since(self, moment_s: float) -> list[Workload]:
        """Return the workloads that are gone, but were there after a moment."""

    def begin_call(self, at_s: float, verb: str, name: str, argv: list[str]) -> int:
        """Add a call to the truth, its end unknown yet, and return its number from 1."""

    def end_call(self, number: int, exit_code: int | None, effect: str) -> None:
        """Complete a call in the truth."""

    def changes(self) -> tuple[Change, ...]:
        """Return all phase changes, the first one first."""

    def calls(self) -> tuple[CallMade, ...]:
        """Return all calls, the first one first."""

    def workloads(self) -> list[Workload]:
        """Return all workloads that there ever were."""


Opened = Callable[[], AbstractContextManager[Store]]


@lru_cache(maxsize=1 << 14)
def _parsed(body: str) -> Workload:
    """Return the workload that was saved so, to be copied: from one call to the next few change."""
    return from_plain(json.loads(body))


class FileStore:
    """An open cluster folder, locked until its `opened` block ends."""

    def __init__(self, database: sqlite3.Connection) -> None:
        self.database = database

    def load(self) -> Cluster:
        """Return the cluster as it was saved, not advanced to now."""
        cluster = Cluster(
            settings_from_plain(self._kept("settings")),
            switches_from_plain(self._kept("switches")),
            _tally_from_plain(self._kept("tally")),
        )
        rows = self.database.execute("SELECT body FROM workload WHERE gone_s IS NULL")
        live = sorted((copied(_parsed(body)) for (body,) in rows), key=lambda w: w.ordinal)
        cluster.adopt(live)
        return cluster

    def now_s(self, cluster: Cluster) -> float:
        """Return the cluster's time: saved seconds, plus real ones times the factor."""
        clock = self._kept("clock")
        real_s = (time.time() - clock["made_at"]) * cluster.settings.time_factor
        running_s: float = clock["moved_s"] + real_s
        return max(cluster.now_s, round(running_s, 3))

    def move(self, seconds: float) -> None:
        """Move the clock on by some seconds of the cluster's time."""
        clock = self._kept("clock")
        self.keep("clock", {**clock, "moved_s": round(clock["moved_s"] + seconds, 3)})

    def save(self, cluster: Cluster) -> None:
        """Write down what changed since the cluster was loaded."""
        bodies = [
            (w.uid, w.gone_s, json.dumps(to_plain(w), separators=(",", ":")))
            for w in cluster.dirty.values()
        ]
        self.database.executemany("INSERT OR REPLACE INTO workload VALUES (?, ?, ?)", bodies)
        self.database.executemany(
            "INSERT INTO change VALUES (NULL, ?, ?, ?, ?, ?, ?)",
            [(c.at_s, c.uid, c.name, c.project, c.owner, c.phase.value) for c in cluster.changes],
        )
        self.keep("tally", _tally_to_plain(cluster.tally))
        cluster.dirty, cluster.changes = {}, []

    def save_settings(self, cluster: Cluster) -> None:
        """Write down the settings and switches, which calls never change."""
        self.keep("settings", settings_to_plain(cluster.settings))
        self.keep("switches", switches_to_plain(cluster.switches))

    def gone_since(self, moment_s: float) -> list[Workload]:
        """Return the workloads that are gone, but were there after a moment."""
        rows = self.database.execute("SELECT body FROM workload WHERE gone_s > ?", (moment_s,))
        return sorted((copied(_parsed(body)) for (body,) in rows), key=lambda w: w.ordinal)

    def begin_call(self, at_s: float, verb: str, name: str, argv: list[str]) -> int:
        """Add a call to the truth, its end unknown yet, and return its number from 1."""
        cursor = self.database.execute(
            "INSERT INTO call VALUES (NULL, ?, ?, ?, ?, NULL, '')",
            (at_s, verb, name, json.dumps(argv)),
        )
        return int(cursor.lastrowid or 0)

    def end_call(self, number: int, exit_code: int | None, effect: str) -> None:
        """Complete a call in the truth."""
        self.database.execute(
            "UPDATE call SET exit_code = ?, effect = ? WHERE seq = ?", (exit_code, effect, number)
        )

    def changes(self) -> tuple[Change, ...]:
        """Return all phase changes, the first one first."""
        rows = self.database.execute(
            "SELECT at_s, uid, name, project, owner, phase FROM change ORDER BY seq"
        )
        return tuple(
            Change(at_s, uid, name, project, owner, Phase(phase))
            for at_s, uid, name, project, owner, phase in rows
        )

    def calls(self) -> tuple[CallMade, ...]:
        """Return all calls, the first one first."""
        rows = self.database.execute(
            "SELECT seq, at_s, verb, name, argv, exit_code, effect FROM call ORDER BY seq"
        )
        return tuple(
            CallMade(number, at_s, verb, name, tuple(json.loads(argv)), exit_code, effect)
            for number, at_s, verb, name, argv, exit_code, effect in rows
        )

    def workloads(self) -> list[Workload]:
        """Return all workloads that there ever were."""
        bodies = self.database.execute("SELECT body FROM workload")
        return [from_plain(json.loads(body)) for (body,) in bodies]

    def keep(self, name: str, value: Any) -> None:
        """Keep a value under a name."""
        row = (name, json.dumps(value, separators=(",", ":")))
        self.database.execute("INSERT OR REPLACE INTO kept VALUES (?, ?)", row)

    def _kept(self, name: str) -> Any:
        row = self.database.execute("SELECT value FROM kept WHERE name = ?", (name,)).fetchone()
        return json.loads(row[0])


@contextmanager
def opened(folder: Path) -> Iterator[FileStore]:
    """Lock a cluster folder, open it, and commit at the end unless something is raised."""
    with (folder / "lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        database = _connected(folder)
        try:
            # The file need not survive a power cut, only the death of a process.
            database.execute("PRAGMA synchronous = OFF")
            database.execute("PRAGMA journal_mode = PERSIST")
            database.execute("BEGIN IMMEDIATE")
            yield FileStore(database)
            database.execute("COMMIT")
        finally:
            database.close()


def _tally_to_plain(tally: Tally) -> dict[str, Any]:
    """Return a tally as values that JSON can hold; `asdict` would copy each of its entries."""
    plain = {name: getattr(tally, name) for name in Tally.__slots__}
    return {**plain, "plots": [asdict(plot) for plot in tally.plots]}


def _tally_from_plain(plain: dict[str, Any]) -> Tally:
    plots = [Plot(**{**plot, "deed": Deed(plot["deed"])}) for plot in plain["plots"]]
    return Tally(**{**plain, "plots": plots})


def _connected(folder: Path) -> sqlite3.Connection:
    """Open the file without patience: taking turns is the lock's business, not SQLite's."""
    return sqlite3.connect(folder / "cluster.sqlite", timeout=0, isolation_level=None)


def found(folder: Path, cluster: Cluster) -> None:
    """Make a cluster folder out of a new cluster, whose time starts now."""
    folder.mkdir(parents=True, exist_ok=True)
    database = _connected(folder)
    database.executescript(_SCHEMA)
    database.close()
    with opened(folder) as store:
        store.keep("clock", {"made_at": time.time(), "moved_s": 0.0})
        store.save_settings(cluster)
        store.save(cluster)
