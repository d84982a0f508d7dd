"""The user's `runai` program, wherever it was installed."""

import os
import shutil
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import IO

from runbatch.clusters.shell.program import (
    COMPLAINT_BYTES,
    Execute,
    Reply,
    call,
    call_into,
    end_of,
)
from runbatch.core.errors import Unreachable

# Often not on the PATH of a shell that is no login shell (Run:ai facts, 1).
USUAL_PLACE = Path(".runai", "bin", "runai")
# 200 000 rows of a list are 250 MB; what prints more than this has gone mad.
MOST_OUTPUT_BYTES = 2_000_000_000


def execute(words: Sequence[str], limit_s: float) -> Reply:
    """Call the user's `runai`."""
    return call(_runai(), words, limit_s, MOST_OUTPUT_BYTES)


def spool(execute_: Execute, words: Sequence[str], limit_s: float, out: IO[bytes]) -> Reply:
    """Call with what is printed going to `out`, since a log may be larger than memory.

    The reply holds the end of it only if the call failed: the complaint.
    """
    if execute_ is execute:
        reply = call_into(out, _runai(), words, limit_s)
    else:
        reply = execute_(words, limit_s)
        out.write(reply.out.encode())
    said = end_of(out, COMPLAINT_BYTES) if reply.code != 0 else ""
    out.seek(0)
    return replace(reply, out=said)


def has_begun(out: IO[bytes]) -> bool:
    """Whether more was printed than any complaint is long; leave the file as it is."""
    at = out.tell()
    size = out.seek(0, os.SEEK_END)
    out.seek(at)
    return size > COMPLAINT_BYTES


def _runai() -> str:
    found = shutil.which("runai")
    with suppress(RuntimeError):  # a user whom the system does not know may have no home
        found = found or shutil.which(Path.home() / USUAL_PLACE)
    if found is None:
        problem = 'the program "runai" is not there. Install it, or put its folder on PATH.'
        raise Unreachable(f"Run:ai: {problem}")
    return str(found)
