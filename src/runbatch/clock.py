"""Time as a parameter: what the loop asks instead of the machine's clock."""

import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Protocol

_SLICE_S = 0.1


class Clock(Protocol):
    """Tells the time and lets it pass."""

    def now(self) -> datetime:
        """Return the time, aware and in UTC."""

    def sleep(self, seconds: float) -> None:
        """Return after so many seconds, or sooner if somebody wants the loop to stop."""


class SystemClock:
    """The machine's clock; its sleep ends soon after `stopped` says so, set by a signal perhaps."""

    def __init__(self, stopped: Callable[[], bool] = lambda: False) -> None:
        self._stopped = stopped

    def now(self) -> datetime:
        """Return the machine's time."""
        return datetime.now(UTC)

    def sleep(self, seconds: float) -> None:
        """Sleep in slices, so as to notice that one should stop."""
        started = time.monotonic()
        while not self._stopped() and (left := seconds - (time.monotonic() - started)) > 0:
            time.sleep(min(left, _SLICE_S))
