"""A terminal in memory: what a person would really see, and what is left of it afterwards."""

import os
import pty
import select
import signal
import struct
import subprocess
import termios
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from fcntl import ioctl
from typing import Any

import pyte
from tests.e2e.shell import RUNBATCH, Shell

PATIENCE_S = 60
# Each drawing begins by moving the cursor home, so what came before that is a whole one.
_HOME = b"\x1b[H"
# pyte draws both of a terminal's screens over each other: so tell which one is meant.
_OTHER_SCREEN = (b"\x1b[?1049h", b"\x1b[?1049l")


class Terminal:
    """A process on a pseudo-terminal, and what its screen shows: never half a drawing."""

    def __init__(self, process: subprocess.Popen[bytes], master: int, slave: int) -> None:
        self.process = process
        self.raw = b""
        self._begun = b""
        self._master = master
        self._slave = slave
        self._screen = pyte.Screen(80, 24)
        self._stream = pyte.ByteStream(self._screen)

    def resize(self, columns: int, rows: int) -> None:
        """Change the size, and tell the process as a terminal does."""
        ioctl(self._master, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        self._screen.resize(rows, columns)
        self.process.send_signal(signal.SIGWINCH)

    def modes(self) -> list[Any]:
        return termios.tcgetattr(self._slave)

    def type(self, keys: bytes) -> None:
        os.write(self._master, keys)

    def lines(self) -> list[str]:
        """Return the lines that the screen shows now."""
        return [line.rstrip() for line in self._screen.display]

    def text(self) -> str:
        return "\n".join(self.lines())

    def is_cursor_visible(self) -> bool:
        return not self._screen.cursor.hidden

    def is_on_other_screen(self) -> bool:
        entered, left = (self.raw.rfind(each) for each in _OTHER_SCREEN)
        return entered > left

    def wait_for(self, condition: Callable[[str], bool]) -> str:
        """Return what the screen shows once the condition holds; it fails if that takes long."""
        deadline = time.monotonic() + PATIENCE_S
        while not condition(self.text()):
            assert time.monotonic() < deadline, f"it never came to that:\n{self.text()}"
            self._read(0.05)
        return self.text()

    def wait_for_bytes(self, text: bytes) -> None:
        """Return once this was written, in whatever drawing; it fails if that takes long."""
        deadline = time.monotonic() + PATIENCE_S
        while text not in self.raw:
            assert time.monotonic() < deadline, f"it never wrote that: {self.raw!r}"
            self._read(0.05)

    def wait(self) -> int:
        """Return the exit code, everything having been read that was written."""
        deadline = time.monotonic() + PATIENCE_S
        while self.process.poll() is None:
            assert time.monotonic() < deadline, "it does not end"
            self._read(0.05)
        while self._read(0):
            pass
        self._stream.feed(self._begun)
        return self.process.returncode

    def _read(self, within_s: float) -> bool:
        if not select.select([self._master], [], [], within_s)[0]:
            return False
        chunk = os.read(self._master, 1 << 16)
        self.raw += chunk
        whole, home, begun = (self._begun + chunk).rpartition(_HOME)
        self._stream.feed(whole)
        self._begun = home + begun
        return True


@contextmanager
def on_terminal(
    shell: Shell,
    *words: str,
    columns: int = 80,
    rows: int = 24,
    env: Mapping[str, str] | None = None,
) -> Iterator[Terminal]:
    """Run the command on a terminal of this size; it is killed if it is still there at the end."""
    master, slave = pty.openpty()
    ioctl(master, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
    try:
        with subprocess.Popen(
            [RUNBATCH, *words],
            cwd=shell.folder,
            env=shell.environment({"TERM": "xterm-256color", **(env or {})}),
            stdin=slave,
            stdout=slave,
            stderr=slave,
            start_new_session=True,
            preexec_fn=lambda: ioctl(0, termios.TIOCSCTTY, 0),  # noqa: PLW1509  # one thread
        ) as process:
            terminal = Terminal(process, master, slave)
            terminal.resize(columns, rows)
            try:
                yield terminal
            finally:
                process.kill()
    finally:
        os.close(master)
        os.close(slave)
