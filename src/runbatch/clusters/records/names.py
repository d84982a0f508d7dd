"""The one lock under which the names of recorded workloads are taken and freed."""

import fcntl
import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from runbatch.clusters.records.folder import open_own
from runbatch.core.errors import Busy
from runbatch.folders import take_private

LIMIT_S = 30
_LOOK_AGAIN_S = 0.02


class NamesLock:
    """The file `names.lock` in the folder of the records; nobody is waited for above `limit_s`."""

    def __init__(self, root: Path, limit_s: float = LIMIT_S) -> None:
        self._path = root / "names.lock"
        self._limit_s = limit_s
        self._threads = threading.Lock()  # of one process: they do not wait by asking again

    @contextmanager
    def held(self, limit_s: float = LIMIT_S) -> Iterator[None]:
        """Hold the lock, to take a name or to free one; raise Busy if it is not free in time."""
        # A lock that another user can hold is none: the folder is ours alone.
        take_private(Path(os.path.realpath(self._path.parent)))
        with self._threads, open_own(self._path, "ab") as file:
            self._lock(file, fcntl.LOCK_EX, min(limit_s, self._limit_s))
            yield

    def let_go_by(self) -> None:
        """Return once nobody is at it who was before: names taken until now are on disk.

        Raises Busy if somebody stays at it.
        """
        if self._path.exists():
            with open_own(self._path, "rb") as file:
                self._lock(file, fcntl.LOCK_SH, self._limit_s)

    def _lock(self, file: IO[bytes], how: int, limit_s: float) -> None:
        deadline = time.monotonic() + limit_s
        while not _is_locked(file, how):
            if time.monotonic() > deadline:
                held = f"another process has held {self._path} for {max(limit_s, 0):.0f} s"
                raise Busy(f"{held}.")
            time.sleep(_LOOK_AGAIN_S)


def _is_locked(file: IO[bytes], how: int) -> bool:
    try:
        fcntl.flock(file, how | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
