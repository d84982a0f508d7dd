"""Ctrl-C and SIGTERM: a flag, so that the loop stops between two actions."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

_SIGNALS = (signal.SIGINT, signal.SIGTERM)


class StopFlag:
    """Set by the first signal; remembers which one it was."""

    def __init__(self) -> None:
        self.event = threading.Event()
        self.number: int | None = None

    def __call__(self, number: int, _frame: FrameType | None) -> None:
        """Take the signal; a second one ends the program at once, which is as safe."""
        self.number = number
        self.event.set()
        signal.signal(number, signal.SIG_DFL)


@contextmanager
def stopping_on_signals() -> Iterator[StopFlag]:
    """Catch the signals that ask to stop, and give them back afterwards."""
    flag = StopFlag()
    before = {number: signal.signal(number, flag) for number in _SIGNALS}
    try:
        yield flag
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
