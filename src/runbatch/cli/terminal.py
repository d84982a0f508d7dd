"""A terminal that may take no output for hours: Ctrl-S, a scrolled screen, a sleeping laptop."""

import io
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import IO, TextIO, cast

from rich.console import Console

from runbatch.cli.output import is_terminal, stderr_console


class _Dropping(io.TextIOBase):
    """Text to a terminal that is never waited for: what it does not take at once is dropped.

    Only whole writes are dropped, so that no escape sequence is cut in two: the rest of one that
    was begun comes first.
    """

    def __init__(self, descriptor: int, encoding: str) -> None:
        self._descriptor = descriptor
        self._encoding = encoding
        self._rest = b""

    @property
    def encoding(self) -> str:  # type: ignore[override]
        """Return the terminal's."""
        return self._encoding

    def isatty(self) -> bool:
        """Return True: it is a terminal."""
        return True

    def write(self, text: str, /) -> int:
        """Write the text, or drop it; raise OSError where the terminal is gone."""
        self._write_rest()
        if not self._rest:
            self._rest = text.encode(self._encoding, "backslashreplace")
            self._write_rest()
        return len(text)

    def _write_rest(self) -> None:
        with suppress(BlockingIOError):
            while self._rest:
                self._rest = self._rest[os.write(self._descriptor, self._rest) :]


@contextmanager
def progress_console() -> Iterator[Console]:
    """Give the console for progress: stderr, which holds nothing up where it is a terminal."""
    descriptor = _opened_again(sys.stderr) if is_terminal(sys.stderr) else None
    if descriptor is None:
        yield stderr_console()
        return
    try:
        yield stderr_console(cast(IO[str], _Dropping(descriptor, sys.stderr.encoding)))
    finally:
        os.close(descriptor)


def _opened_again(stream: TextIO) -> int | None:
    """Return the same terminal, opened anew; None if it may not be: another user's, after `su`.

    What is set of an open file is set for all who share it, and the shell shares stderr.
    """
    try:
        name = os.ttyname(stream.fileno())
        return os.open(name, os.O_WRONLY | os.O_NONBLOCK | os.O_NOCTTY)
    except OSError:
        return None
