"""What disks and SQLite raise, and what a damaged row holds, as errors that say what to do next."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from runbatch.core.errors import LedgerError

_AGAIN = "Make room or rights there and run the same command again; what runs goes on."
_ELSEWHERE = "Make room or rights there, or name another folder with --state-dir."
_DAMAGED = "Put it back as it was, or move its folder aside, and see what submit --dry-run says."


class Damaged(ValueError):
    """A row holds what runbatch never writes."""


@contextmanager
def trouble(folder: Path, *, is_to_be_made: bool = False) -> Iterator[None]:
    """Turn whatever goes wrong with the ledger in this folder into a LedgerError.

    Another folder is named as a way out only while the ledger `is_to_be_made`: once there is one,
    another would know nothing of the jobs that run, and start them again.
    """
    try:
        yield
    except (OSError, sqlite3.Error, Damaged) as error:
        remedy = _ELSEWHERE if is_to_be_made else _AGAIN
        if _is_damage(error):
            remedy = _DAMAGED
        raise LedgerError(f"The ledger in {folder} failed: {error}. {remedy}") from error


def _is_damage(error: Exception) -> bool:
    """Whether the file is no ledger; of SQLite's errors its parent class means that."""
    return isinstance(error, Damaged) or type(error) is sqlite3.DatabaseError
