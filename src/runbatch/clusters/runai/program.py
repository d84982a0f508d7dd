"""The `runai` program as a function: words in, text out, within a time limit, and no shell."""

import os
import shutil
import signal
import subprocess
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, Protocol

from runbatch.core.errors import Unreachable

# Often not on the PATH of a shell that is no login shell (Run:ai reference, 6).
USUAL_PLACE = Path(".runai", "bin", "runai")
# 200 000 rows of a list are 250 MB; what prints more than this has gone mad.
MOST_OUTPUT_BYTES = 2_000_000_000
# A page of 500 pods is 10 MB, with very long variables too; what is larger is not read.
MOST_PODS_BYTES = 100_000_000
_COMPLAINT_BYTES = 1 << 16
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
    return _call(_runai(), words, limit_s, MOST_OUTPUT_BYTES)


def spool(execute_: Execute, words: Sequence[str], limit_s: float, out: IO[bytes]) -> Reply:
    """Call with what is printed going to `out`, since a log may be larger than memory.

    The reply holds the end of it only if the call failed: the complaint.
    """
    if execute_ is execute:
        reply = _wait_for(_runai(), words, limit_s, out)
    else:
        reply = execute_(words, limit_s)
        out.write(reply.out.encode())
    said = _text(out, _COMPLAINT_BYTES) if reply.code != 0 else ""
    out.seek(0)
    return replace(reply, out=said)


def has_begun(out: IO[bytes]) -> bool:
    """Whether more was printed than any complaint is long; leave the file as it is."""
    at = out.tell()
    size = out.seek(0, os.SEEK_END)
    out.seek(at)
    return size > _COMPLAINT_BYTES


def _runai() -> str:
    found = shutil.which("runai")
    with suppress(RuntimeError):  # a user whom the system does not know may have no home
        found = found or shutil.which(Path.home() / USUAL_PLACE)
    if found is None:
        problem = 'the program "runai" is not there. Install it, or put its folder on PATH.'
        raise Unreachable(f"Run:ai: {problem}")
    return str(found)


def execute_kubectl(words: Sequence[str], limit_s: float) -> Reply:
    """Call the user's `kubectl`; who has none does without, and is told nothing of it."""
    found = shutil.which("kubectl")
    if found is None:
        return Reply(NOT_FOUND, "", "")
    return _call(found, words, limit_s, MOST_PODS_BYTES)


def _call(program: str, words: Sequence[str], limit_s: float, most_bytes: int) -> Reply:
    with TemporaryFile() as out:
        reply = _wait_for(program, words, limit_s, out)
        if out.seek(0, os.SEEK_END) > most_bytes:
            # Never cut: what is left of a list without its beginning may look like an empty one.
            much = f"more than {most_bytes} bytes, which is too much to read"
            problem = f"{_shown(program, words)} printed {much}."
            raise Unreachable(f"Run:ai: {problem}")
        return replace(reply, out=_text(out))


def _wait_for(program: str, words: Sequence[str], limit_s: float, out: IO[bytes]) -> Reply:
    """Call a program in a session of its own: a Ctrl-C is for us, not for the call."""
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
            raise Unreachable(f"Run:ai: {program} cannot be run: {error.strerror}.") from error
        try:
            code = process.wait(limit_s)
        except subprocess.TimeoutExpired as error:
            problem = f"{_shown(program, words)} gave no answer within {limit_s:g} s."
            raise Unreachable(f"Run:ai: {problem}") from error
        finally:
            _end(process)
        return Reply(code, "", _text(err, _COMPLAINT_BYTES))


def _shown(program: str, words: Sequence[str]) -> str:
    call = " ".join([Path(program).name, *words[:3]])
    return f'"{call}"'


def _end(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _text(file: IO[bytes], most_bytes: int = MOST_OUTPUT_BYTES) -> str:
    """Return the end of the file, so much of it, as text."""
    size = file.seek(0, os.SEEK_END)
    file.seek(max(0, size - most_bytes))
    return file.read().decode("utf-8", "replace")
