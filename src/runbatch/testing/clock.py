"""A clock that tests turn."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

EPOCH = datetime(2026, 1, 5, 9, 30, tzinfo=UTC)


class FakeClock:
    """Time passes only when somebody sleeps, and then at once.

    `on_sleep` is called after each sleep with the seconds slept: a simulated world moves there.
    """

    def __init__(
        self, start: datetime = EPOCH, on_sleep: Callable[[float], None] = lambda _: None
    ) -> None:
        self._now = start
        self._on_sleep = on_sleep

    def now(self) -> datetime:
        """Return the time."""
        return self._now

    def sleep(self, seconds: float) -> None:
        """Let so much time pass."""
        self._now += timedelta(seconds=seconds)
        self._on_sleep(seconds)
