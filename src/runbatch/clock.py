"""Time as a parameter: what the loop asks instead of the machine's clock."""

import threading
import time
from datetime import UTC, datetime
from typing import Protocol


class Clock(Protocol):
    """Tells the time and lets it pass."""

    def now(self) -> datetime:
        """Return the time, aware and in UTC."""

    def sleep(self, seconds: float) -> None:
        """Return after so many seconds, or sooner if somebody wants the loop to stop."""


class SystemClock:
    """The machine's clock; its sleep ends at once when `stop` is set, by a signal for example."""

    def __init__(self, stop: threading.Event | None = None) -> None:
        self.stop = stop or threading.Event()

    def now(self) -> datetime:
        """Return the machine's time."""
        return datetime.now(UTC)

    def sleep(self, seconds: float) -> None:
        """Sleep, but no longer than until `stop` is set."""
        started = time.monotonic()
        # In slices: a lock's wait has an upper limit, and a suspended laptop must not oversleep.
        while (left := seconds - (time.monotonic() - started)) > 0:
            if self.stop.wait(min(left, 1)):
                return
