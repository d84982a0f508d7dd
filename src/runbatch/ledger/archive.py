"""Saved logs: what the cluster forgets, the ledger keeps."""

import os
import shutil
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path
from tempfile import NamedTemporaryFile, mkdtemp

from runbatch.core.attempt import Attempt, Verdict
from runbatch.core.names import file_name
from runbatch.core.tail import split_note
from runbatch.folders import make_private
from runbatch.ledger.trouble import trouble

# What a process that was killed has left on its way; whoever still writes has begun later.
_LEFT_AFTER_S = 24 * 3600
_LONGEST_NOTE_BYTES = 100


class Incoming:
    """Logs on their way to the ledger, in a folder beside `logs`; what is not saved goes with it.

    A log may be larger than memory. Each method raises LedgerError.
    """

    def __init__(self, ledger_folder: Path) -> None:
        """Make a folder for them."""
        self._ledger_folder = ledger_folder
        parent = ledger_folder / "new"
        with trouble(ledger_folder):
            make_private(parent)
            _sweep(parent)
            self._new = Path(mkdtemp(dir=parent))

    def close(self) -> None:
        """Throw away what was not saved."""
        shutil.rmtree(self._new, ignore_errors=True)

    def file_of(self, attempt: Attempt) -> Path:
        """Return where this attempt's log is written."""
        return _target(self._new, *attempt.id, "log")

    def through(self, attempt: Attempt, chunks: Iterable[bytes]) -> Iterator[bytes]:
        """Write this attempt's log, and pass each chunk on."""
        path = self.file_of(attempt)
        with trouble(self._ledger_folder), open(path, "wb", opener=_private) as file:
            for chunk in chunks:
                file.write(chunk)
                yield chunk


def save(folder: Path, key: str, number: int, ending: str, content: bytes) -> Path:
    """Save the content as `<key>.<number>.<ending>` in the folder; return the file.

    The file is whole or not there: it is written under another name first. Raises OSError.
    """
    make_private(folder)
    target = _target(folder, key, number, ending)
    with NamedTemporaryFile(dir=folder, prefix=".new-", delete=False) as file:
        try:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
            Path(file.name).replace(target)
        except BaseException:
            Path(file.name).unlink(missing_ok=True)
            raise
    return target


def save_log(folder: Path, key: str, number: int, log: Path | None) -> Path:
    """Move the log to its place in the folder, None where there is none; return the file there.

    What was saved before stays if there is less of it now: a cluster forgets. Raises OSError.
    """
    make_private(folder)
    target = _target(folder, key, number, "log")
    if _worth(log) < _worth(target):
        return target
    if log is None:
        return save(folder, key, number, "log", b"")
    with log.open("rb") as file:
        os.fsync(file.fileno())
    return log.replace(target)


@dataclass(frozen=True, slots=True)
class Shortened:
    """How many saved logs hold less than was printed, or may."""

    only_ends: int = 0
    empty: int = 0


ALL_WHOLE = Shortened()


def shortened(attempts: Iterable[Attempt]) -> Shortened:
    """Count the saved logs that are only an end, and those of failures that are empty.

    Raises LedgerError if one cannot be read; one that somebody has removed is not counted.
    """
    counted: Counter[tuple[_Worth, bool]] = Counter()
    for attempt in attempts:
        if attempt.log is not None and (file := Path(attempt.log)).exists():
            with trouble(file.parent.parent):
                counted[_worth(file), _failed(attempt)] += 1
    only_ends = counted[_Worth.END, True] + counted[_Worth.END, False]
    return Shortened(only_ends, counted[_Worth.NOTHING, True])


class _Worth(IntEnum):
    NOTHING = 0
    END = 1
    WHOLE = 2


def _worth(log: Path | None) -> _Worth:
    """Return how much there is of a log."""
    if log is None or not log.exists():
        return _Worth.NOTHING
    with log.open("rb") as file:
        beginning = file.read(_LONGEST_NOTE_BYTES)
    note, _ = split_note(beginning)
    if note:
        return _Worth.END
    return _Worth.WHOLE if beginning else _Worth.NOTHING


def _failed(attempt: Attempt) -> bool:
    """Whether it ran, and came to an end of its own that is no success."""
    no_failures = (Verdict.SUCCEEDED, Verdict.VANISHED)
    outcome = attempt.standing_outcome
    return outcome is not None and outcome.verdict not in no_failures and not attempt.never_ran


def _sweep(parent: Path) -> None:
    for old in parent.iterdir():
        with suppress(FileNotFoundError):  # another process is done with its own
            if time.time() - old.stat().st_mtime > _LEFT_AFTER_S:
                shutil.rmtree(old, ignore_errors=True)


def _private(name: str, flags: int) -> int:
    return os.open(name, flags, 0o600)


def _target(folder: Path, key: str, number: int, ending: str) -> Path:
    return folder / f"{file_name(key)}.{number}.{ending}"
