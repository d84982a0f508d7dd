"""One workload on disk: a folder with its description, its lock, its log and its end.

workloads/<name>/workload.json   what was asked for, its uid, when
                 alive.lock      locked as long as any process of the workload lives
                 log             what it printed
                 mounts.missing  empty: a mount was missing, so the command was not run
                 exit.json       how it ended, written whole by the wrapper
"""

import fcntl
import json
import os
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from types import NoneType
from typing import IO, Any, cast

from runbatch.clusters.records.wrapper import MOUNTS_MISSING, write_whole
from runbatch.core.attempt import UNKNOWN_ORIGIN, Origin
from runbatch.core.stage import Stage
from runbatch.core.workload import origin_of
from runbatch.folders import take_private


def this_boot() -> Mapping[str, str]:
    """Return which machine this is, and since which of its starts; no id where none is told."""
    told = {"machine": os.uname().nodename}
    with suppress(OSError):
        told["id"] = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    return told


def open_own(path: Path, mode: str) -> IO[bytes]:
    """Open a file of ours, made for us alone; raise OSError if a link was put in its place."""

    def opener(name: str, flags: int) -> int:
        return os.open(name, flags | os.O_NOFOLLOW, 0o600)

    return cast("IO[bytes]", open(path, mode, opener=opener))


@dataclass(frozen=True, slots=True)
class Description:
    """Which workload it is, and of which attempt."""

    name: str
    uid: str
    number: int
    origin: Origin = UNKNOWN_ORIGIN
    boot: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class End:
    """How a workload ended, as its wrapper recorded it."""

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

    @property
    def lock(self) -> Path:
        """Return the file that is locked as long as any of its processes lives."""
        return self.path / "alive.lock"

    def describe(self) -> Description | None:
        """Return which workload it is, or None when the folder is no longer there."""
        if self.path.is_symlink():
            raise ValueError("it is a link, which is not followed")
        found = self._json("workload.json", name=str, uid=str, attempt=int)
        if not found:
            return None
        origin = origin_of(found.get("origin") or {})
        boot = found.get("boot") or {}
        return Description(found["name"], found["uid"], found["attempt"], origin, boot)

    def end(self) -> End | None:
        """Return how it ended, if its wrapper lived to record it."""
        found = self._json("exit.json", exit_code=int, signal=(str, NoneType), ended_at=str)
        if found is None:
            return None
        ended_at = datetime.fromisoformat(found["ended_at"]).astimezone(UTC)
        return End(found["exit_code"], found["signal"], ended_at)

    def lacked_a_mount(self) -> bool:
        """Whether a mount was missing when it was to begin."""
        return (self.path / MOUNTS_MISSING).exists()

    def is_alive(self) -> bool:
        """Whether any of its processes is left, or somebody is just starting it."""
        try:
            with open_own(self.lock, "rb") as file:
                fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        except (FileNotFoundError, NotADirectoryError):
            return False
        return False

    def stage(self) -> Stage | None:
        """Return its stage; None if nobody holds its lock, and no end was recorded."""
        if self.is_alive():
            return Stage.RUNNING
        # Asked in this order: a wrapper records the end first and lets go of the lock after it.
        end = self.end()
        if end is None:
            return None
        return Stage.SUCCEEDED if end.exit_code == 0 else Stage.FAILED

    def create(self, description: Mapping[str, Any]) -> int:
        """Make the folder, write the description, and return its locked file: it is being started.

        The caller hands the file on to the wrapper and closes its own.
        """
        take_private(self.path)
        write_whole(self.path / "workload.json", json.dumps(description))
        flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW
        lock = os.open(self.lock, flags, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX)
        except OSError:
            os.close(lock)
            raise
        return lock

    def _json(self, file: str, **fields: type | tuple[type, ...]) -> Mapping[str, Any] | None:
        """Return the file's fields, each of which is there and of this type."""
        try:
            with open_own(self.path / file, "rb") as opened:
                content = opened.read()
            if not content.strip(b"\0"):
                return None  # as a power loss leaves it: nothing of it came to the disk
            found: Any = json.loads(content.decode("utf-8"))
        except (FileNotFoundError, NotADirectoryError):
            return None
        except ValueError as error:
            raise ValueError(f"{file} is damaged: {error}") from error
        told = found if isinstance(found, dict) else {}
        wrong = [name for name, kind in fields.items() if not isinstance(told.get(name, ...), kind)]
        if wrong:
            raise ValueError(f"{file} does not tell its {wrong[0]}")
        return told
