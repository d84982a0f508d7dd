"""Time as a parameter: what the loop asks instead of the machine's clock."""

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Protocol

_SLICE_S = 0.1


class Clock(Protocol):
    """Tells the time and lets it pass."""

    def now(self) -> datetime:
        """Return the time, aware and in UTC."""

    def sleep(self, seconds: float) -> None:
        """Return after so many seconds, or sooner if somebody wants the loop to stop."""


def _wall() -> datetime:
    return datetime.now(UTC)


def _since_boot_s() -> float:
    """Return the seconds since the machine started, those in which it was suspended included."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)


class SystemClock:
    """The machine's clock, read once and counted on from there.

    To set the machine's clock does not change it: a patience of minutes would be over at once, and
    a job be taken for gone. Its sleep ends soon after `stopped` says so, set by a signal perhaps.
    """

    def __init__(
        self,
        stopped: Callable[[], bool] = lambda: False,
        *,
        wall: Callable[[], datetime] = _wall,
        elapsed_s: Callable[[], float] = _since_boot_s,
    ) -> None:
        self._stopped = stopped
        self._elapsed_s = elapsed_s
        self._began = wall() - timedelta(seconds=elapsed_s())

    def now(self) -> datetime:
        """Return the time the machine showed at first, and what has passed since."""
        return self._began + timedelta(seconds=self._elapsed_s())

    def sleep(self, seconds: float) -> None:
        """Sleep in slices, so as to notice that one should stop."""
        started = time.monotonic()
        while not self._stopped() and (left := seconds - (time.monotonic() - started)) > 0:
            time.sleep(min(left, _SLICE_S))
