"""A program as a function: words in, text out, within a time limit, and no shell."""

import os
import signal
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, Protocol

from runbatch.core.errors import Unreachable

COMPLAINT_BYTES = 1 << 16
NOT_FOUND = 127  # as a shell has it


@dataclass(frozen=True, slots=True)
class Reply:
    """How a call ended and what it printed, bytes that are no text replaced."""

    code: int
    out: str
    err: str


class Execute(Protocol):
    """Calls the program; raises Unreachable when it cannot be called or does not end in time."""

    def __call__(self, words: Sequence[str], limit_s: float) -> Reply:
        """Return how the call ended."""


def call(program: str, words: Sequence[str], limit_s: float, most_bytes: int) -> Reply:
    """Call the program and return all that it printed; raise Unreachable if that is too much."""
    with TemporaryFile() as out:
        reply = call_into(out, program, words, limit_s)
        if out.seek(0, os.SEEK_END) > most_bytes:
            # Never cut: what is left of a list without its beginning may look like an empty one.
            much = f"more than {most_bytes} bytes, which is too much to read"
            raise Unreachable(f"{_shown(program, words)} printed {much}.")
        return replace(reply, out=end_of(out, most_bytes))


def call_into(out: IO[bytes], program: str, words: Sequence[str], limit_s: float) -> Reply:
    """Call the program; what it prints goes to the file, and the reply holds nothing of it.

    It runs in a session of its own: a Ctrl-C is for us, not for the call.
    """
    with TemporaryFile() as err:
        # Files and not pipes: what a killed call leaves behind cannot hold us up.
        try:
            process = subprocess.Popen(
                [program, *words],
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=err,
                start_new_session=True,
            )
        except OSError as error:  # half written by an update of its own, for example
            raise Unreachable(f"{program} cannot be run: {error.strerror}.") from error
        try:
            code = process.wait(limit_s)
        except subprocess.TimeoutExpired as error:
            problem = f"{_shown(program, words)} gave no answer within {limit_s:g} s."
            raise Unreachable(problem) from error
        finally:
            _end(process)
        return Reply(code, "", end_of(err, COMPLAINT_BYTES))


def _shown(program: str, words: Sequence[str]) -> str:
    call = " ".join([Path(program).name, *words[:3]])
    return f'"{call}"'


def _end(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def end_of(file: IO[bytes], most_bytes: int) -> str:
    """Return the end of the file, so much of it, as text."""
    size = file.seek(0, os.SEEK_END)
    file.seek(max(0, size - most_bytes))
    return file.read().decode("utf-8", "replace")
