"""The `runai` program as a function: words in, text out, within a time limit, and no shell."""

import os
import shutil
import signal
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, Protocol

from runbatch.core.errors import Unreachable

# Often not on the PATH of a shell that is no login shell (Run:ai reference, 6).
USUAL_PLACE = Path(".runai", "bin", "runai")
MOST_OUTPUT_BYTES = 200_000_000
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


def execute(words: Sequence[str], limit_s: float) -> Reply:
    """Call the user's `runai`."""
    found = shutil.which("runai") or shutil.which(Path.home() / USUAL_PLACE)
    if found is None:
        problem = 'the program "runai" is not there. Install it, or put its folder on PATH.'
        raise Unreachable(f"Run:ai: {problem}")
    return _call(str(found), words, limit_s)


def execute_kubectl(words: Sequence[str], limit_s: float) -> Reply:
    """Call the user's `kubectl`; who has none does without, and is told nothing of it."""
    found = shutil.which("kubectl")
    if found is None:
        return Reply(NOT_FOUND, "", "")
    return _call(found, words, limit_s)


def _call(program: str, words: Sequence[str], limit_s: float) -> Reply:
    """Call a program in a session of its own: a Ctrl-C is for us, not for the call."""
    with TemporaryFile() as out, TemporaryFile() as err:
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
            raise Unreachable(f"Run:ai: {program} cannot be run: {error.strerror}.") from error
        try:
            code = process.wait(limit_s)
        except subprocess.TimeoutExpired as error:
            call = " ".join([Path(program).name, *words[:3]])
            problem = f'"{call}" gave no answer within {limit_s:g} s.'
            raise Unreachable(f"Run:ai: {problem}") from error
        finally:
            _end(process)
        return Reply(code, _text(out), _text(err))


def _end(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _text(file: IO[bytes]) -> str:
    size = file.seek(0, os.SEEK_END)
    file.seek(max(0, size - MOST_OUTPUT_BYTES))
    return file.read().decode("utf-8", "replace")
