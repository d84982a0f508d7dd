"""One local workload on disk: a folder with its description, its lock, its log and its end.

workloads/<name>/workload.json   what was asked for, its uid, when
                 alive.lock      locked as long as any process of the workload lives
                 log             what it printed
                 exit.json       how it ended, written whole by the wrapper
"""

import fcntl
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from types import NoneType
from typing import Any

from runbatch.clusters.local.wrapper import write_whole
from runbatch.core.attempt import UNKNOWN_ORIGIN, Origin, Phase
from runbatch.core.workload import origin_of


@dataclass(frozen=True, slots=True)
class Description:
    """Which workload it is, and of which attempt."""

    name: str
    uid: str
    number: int
    origin: Origin = UNKNOWN_ORIGIN


@dataclass(frozen=True, slots=True)
class End:
    """How a local workload ended, as its wrapper recorded it."""

    exit_code: int
    signal: str | None
    at: datetime


@dataclass(frozen=True, slots=True)
class WorkloadFolder:
    """The folder of one workload; what it says is true from any process, at any time.

    Each method raises OSError where it cannot be read, and ValueError where it is damaged.
    """

    path: Path

    @property
    def log(self) -> Path:
        """Return the file its output goes to."""
        return self.path / "log"

    def describe(self) -> Description | None:
        """Return which workload it is, or None when the folder is no longer there."""
        found = self._json("workload.json", name=str, uid=str, attempt=int)
        if not found:
            return None
        origin = origin_of(found.get("origin") or {})
        return Description(found["name"], found["uid"], found["attempt"], origin)

    def end(self) -> End | None:
        """Return how it ended, if its wrapper lived to record it."""
        found = self._json("exit.json", exit_code=int, signal=(str, NoneType), ended_at=str)
        if found is None:
            return None
        ended_at = datetime.fromisoformat(found["ended_at"]).astimezone(UTC)
        return End(found["exit_code"], found["signal"], ended_at)

    def is_alive(self) -> bool:
        """Whether any of its processes is left, or somebody is just starting it."""
        try:
            with (self.path / "alive.lock").open("rb") as file:
                fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        except (FileNotFoundError, NotADirectoryError):
            return False
        return False

    def phase(self) -> Phase | None:
        """Return its phase; None if nobody holds its lock, and no end was recorded."""
        if self.is_alive():
            return Phase.RUNNING
        # Asked in this order: a wrapper records the end first and lets go of the lock after it.
        end = self.end()
        if end is None:
            return None
        return Phase.COMPLETED if end.exit_code == 0 else Phase.FAILED

    def create(self, description: Mapping[str, Any]) -> int:
        """Make the folder, write the description, and return its locked file: it is being started.

        The caller hands the file on to the wrapper and closes its own.
        """
        self.path.mkdir(mode=0o700, parents=True)
        write_whole(self.path / "workload.json", json.dumps(description))
        lock = os.open(self.path / "alive.lock", os.O_RDWR | os.O_CREAT, 0o600)
        fcntl.flock(lock, fcntl.LOCK_EX)
        return lock

    def _json(self, file: str, **fields: type | tuple[type, ...]) -> Mapping[str, Any] | None:
        """Return the file's fields, each of which is there and of this type."""
        try:
            found: Any = json.loads((self.path / file).read_text("utf-8"))
        except (FileNotFoundError, NotADirectoryError):
            return None
        told = found if isinstance(found, dict) else {}
        wrong = [name for name, kind in fields.items() if not isinstance(told.get(name, ...), kind)]
        if wrong:
            raise ValueError(f"{file} does not tell its {wrong[0]}")
        return told
