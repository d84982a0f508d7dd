"""The events file: the journal as lines of JSON beside the ledger, for programs and for people."""

import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import BinaryIO

from runbatch.core.errors import LedgerError
from runbatch.core.journal import Entry
from runbatch.ledger.lines import entry_of

FILE_NAME = "events.jsonl"
_BLOCK_BYTES = 1 << 12
_REMEDY = "Move the file away: the next submit or retry writes it anew."
_LEDGER_REMEDY = "Leave it there: status, submit and retry do not need this line."


def mend(path: Path) -> str:
    """Return the file's last whole line, "" if it has none; cut off what stands behind it.

    That is what somebody left who was killed as they wrote. Raises OSError.
    """
    if not path.exists():
        return ""
    with path.open("r+b") as file:
        size, text = _tail(file)
        whole, _, torn = text.rpartition(b"\n")
        if torn:
            file.truncate(size - len(torn))
    return whole.rpartition(b"\n")[2].decode("utf-8", "replace")


def first(path: Path) -> str:
    """Return the file's first line; raise OSError."""
    with path.open("rb") as file:
        return file.readline().decode("utf-8", "replace").rstrip("\n")


def _tail(file: BinaryIO) -> tuple[int, bytes]:
    """Return the file's size, and enough of its end to hold the last whole line."""
    size = file.seek(0, os.SEEK_END)
    most = _BLOCK_BYTES
    while True:
        at = max(0, size - most)
        file.seek(at)
        text = file.read()
        if at == 0 or text.count(b"\n") > 1:
            return size, text
        most *= 4


def append(path: Path, lines: Iterable[str]) -> None:
    """Append the lines with one write; raise OSError."""
    text = "".join(f"{line}\n" for line in lines)
    with path.open("ab", buffering=0) as file:
        file.write(text.encode())


def read(path: Path) -> list[str]:
    """Return the file's lines; one that is still being written is left out. Raise LedgerError."""
    try:
        whole = path.read_bytes().rpartition(b"\n")[0]
    except FileNotFoundError:
        return []
    except OSError as error:
        raise LedgerError(f"{path} cannot be read: {error.strerror}.") from error
    return whole.decode("utf-8", "replace").split("\n") if whole else []


def entries(path: Path, lines: Iterable[str]) -> Iterator[Entry]:
    """Yield the entries of the lines; raise LedgerError that names the file and the line."""
    remedy = _REMEDY if path.name == FILE_NAME else _LEDGER_REMEDY
    for number, line in enumerate(lines, 1):
        try:
            yield entry_of(line)
        except ValueError as error:
            raise LedgerError(f"{path}, line {number}: {error} {remedy}") from error
