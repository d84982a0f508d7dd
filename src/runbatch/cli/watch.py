"""A picture on the terminal that is kept up to date, and the terminal as it was after it."""

import os
import select
import sys
import termios
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TextIO

from rich.live import Live

from runbatch.cli.output import is_terminal, stdout_console
from runbatch.cli.signals import holding_signals, letting_signals_in
from runbatch.clock import SystemClock
from runbatch.core.errors import BatchError
from runbatch.views.status import Picture, Status

_LFLAG = 3  # where tcgetattr has the flags of echo and whole lines
_CONTROL_CHARACTERS = 6
_DISABLED = b"\0"


def watch_on_terminal(
    first: Callable[[], Status], look: Callable[[], Status], interval_s: float
) -> None:
    """Show what `look` finds, every so many seconds, until the person presses q.

    `first` is shown at once. It is drawn on the terminal's other screen: what was there before is
    there again afterwards, also after a signal, which ends the program. Raises BatchError where
    there is no terminal.
    """
    # The terminal itself tells its size, also once it has changed.
    for name in ("COLUMNS", "LINES"):
        os.environ.pop(name, None)
    console = stdout_console()
    if not console.is_terminal or console.is_dumb_terminal:
        raise BatchError(
            "--watch", "there is no terminal to draw on; run status, or status --json."
        )
    picture = Picture(first(), SystemClock().now, interval_s)
    screen = Live(picture, console=console, screen=True)
    with holding_signals(), _quiet(sys.stdin), screen, letting_signals_in():
        picture.status = look()
        while not _is_q_pressed(sys.stdin, interval_s):
            picture.status = look()


@contextmanager
def _quiet(keyboard: TextIO) -> Iterator[None]:
    """Take keys one by one, without showing them; nor can the terminal be left with Ctrl-Z."""
    if not is_terminal(keyboard):
        yield
        return
    before = termios.tcgetattr(keyboard)
    quiet = termios.tcgetattr(keyboard)
    quiet[_LFLAG] &= ~(termios.ECHO | termios.ICANON)
    quiet[_CONTROL_CHARACTERS][termios.VSUSP] = _DISABLED
    termios.tcsetattr(keyboard, termios.TCSADRAIN, quiet)
    try:
        yield
    finally:
        # Keys that were pressed meanwhile are not meant for whoever reads next.
        termios.tcsetattr(keyboard, termios.TCSAFLUSH, before)


def _is_q_pressed(keyboard: TextIO, within_s: float) -> bool:
    """Return True as soon as q is pressed, False when the time is over."""
    if not is_terminal(keyboard):
        SystemClock().sleep(within_s)
        return False
    deadline = time.monotonic() + within_s
    while (left_s := deadline - time.monotonic()) > 0:
        if select.select([keyboard], [], [], left_s)[0] and os.read(keyboard.fileno(), 1) in b"qQ":
            return True
    return False
