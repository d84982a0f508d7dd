"""Ctrl-C and SIGTERM: a flag, so that the loop stops between two actions; or an end, at once."""

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from types import FrameType

DIED_BY_SIGNAL = 128
_SIGNALS = (signal.SIGINT, signal.SIGTERM)


class StopFlag:
    """Set by the first signal; remembers which one it was.

    A plain attribute: a handler may run while the main thread is anywhere, within a lock too.
    """

    def __init__(self) -> None:
        self.number: int | None = None

    def __call__(self, number: int, _frame: FrameType | None) -> None:
        """Take the signal; a second one ends the program at once, which is as safe."""
        if self.number is not None:
            raise SystemExit(DIED_BY_SIGNAL + number)
        self.number = number
        with suppress(OSError):
            os.write(2, b"\n[STOP] Stopping after this step; once more ends it at once.\n")

    def is_set(self) -> bool:
        """Whether a signal has come."""
        return self.number is not None


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


@contextmanager
def holding_signals() -> Iterator[None]:
    """Let the signals that ask to stop wait, but for where they are let in: there they end it.

    So what the block sets up is put back, whenever they come.
    """
    before = {number: signal.signal(number, _end) for number in _SIGNALS}
    signal.pthread_sigmask(signal.SIG_BLOCK, _SIGNALS)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, _SIGNALS)


@contextmanager
def letting_signals_in() -> Iterator[None]:
    """Let the signals come that `holding_signals` holds back; one of them ends the program."""
    signal.pthread_sigmask(signal.SIG_UNBLOCK, _SIGNALS)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_BLOCK, _SIGNALS)


def _end(number: int, _frame: FrameType | None) -> None:
    raise SystemExit(DIED_BY_SIGNAL + number)
