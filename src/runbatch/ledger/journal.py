"""The journal's table, which is written with the change itself, and the file that is its copy.

A change and its entry are one transaction, so they cannot contradict each other. The file is
written after that: whoever is next makes good what somebody left out who was killed in between, or
had no room.
"""

import os
import sqlite3
from collections.abc import Iterable
from contextlib import suppress
from datetime import UTC, datetime
from itertools import chain, count
from pathlib import Path

from runbatch.core.errors import LedgerError
from runbatch.core.journal import Entry, Happening
from runbatch.ledger import events
from runbatch.ledger.lines import entry_of, line_of

_REMEDY = (
    "Put the newest copy of the ledger back. If you have none, move that file aside and see what"
    " submit --dry-run says: what still runs is adopted, what has ended and is gone starts again."
)


class Journal:
    """Writes one batch's journal; `run` is the invocation whose doing it is."""

    def __init__(self, connection: sqlite3.Connection, folder: Path) -> None:
        self._connection = connection
        self._path = folder / events.FILE_NAME
        self._is_behind = False
        self.run: int | None = None

    def last(self) -> int:
        """Return the last entry's number, 0 if there is none."""
        query = "SELECT coalesce(max(seq), 0) FROM journal"
        return int(self._connection.execute(query).fetchone()[0])

    def lines(self, after: int = 0) -> dict[int, str]:
        """Return the lines behind this number, by their own."""
        query = "SELECT seq, line FROM journal WHERE seq > ? ORDER BY seq"
        return {row[0]: row[1] for row in self._connection.execute(query, (after,))}

    def write(self, now: datetime, happenings: Iterable[Happening]) -> None:
        """Write an entry for each, within the transaction that changes what it tells of."""
        numbered = enumerate(happenings, self.last() + 1)
        written = [Entry(seq, now.astimezone(UTC), self.run, what) for seq, what in numbered]
        self._connection.executemany(
            "INSERT INTO journal (seq, line) VALUES (?, ?)",
            [(entry.seq, line_of(entry)) for entry in written],
        )
        self._is_behind = self._is_behind or bool(written)

    def check(self) -> None:
        """Raise LedgerError if the file knows more: this ledger is a copy from before.

        What it forgot may have succeeded, and be gone from the cluster: it would start again.
        """
        with suppress(OSError):
            known = self._ahead(events.mend(self._path))
            if known:
                problem = (
                    f"{self._path.name} beside it knows {known} events, the ledger {self.last()}."
                )
                raise LedgerError(
                    f"The ledger in {self._path.parent} is an older copy: {problem} {_REMEDY}"
                )

    def publish(self) -> None:
        """Append to the file what it lacks; if that fails, the next who does makes it good.

        The ledger's own lock keeps others from appending at the same time.
        """
        if not self._is_behind:
            return
        with suppress(OSError, sqlite3.Error):
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                self._catch_up()
            finally:
                self._connection.rollback()
            self._is_behind = False

    def _catch_up(self) -> None:
        last = events.mend(self._path)
        # From the end on, where it is but for a file of another ledger.
        query = "SELECT seq FROM journal WHERE line = ? ORDER BY seq DESC LIMIT 1"
        found = self._connection.execute(query, (last,)).fetchone()
        if last and found is None:
            if self._ahead(last):
                return  # never lost; whoever begins next is told (`check`)
            self._path.rename(_free(self._path.with_suffix(".jsonl.old")))
        events.append(self._path, self.lines(after=found[0] if found else 0).values())

    def _ahead(self, last: str) -> int:
        """Return how many events the file knows, if it is this journal's and goes on longer."""
        try:
            known = entry_of(last).seq
        except ValueError:
            return 0  # empty, or damaged
        row = self._connection.execute("SELECT line FROM journal WHERE seq = 1").fetchone()
        is_same = row is not None and row[0] == events.first(self._path)
        return known if is_same and known > self.last() else 0


def _free(path: Path) -> Path:
    """Return the path, or with the first number behind it that nothing bears yet."""
    numbered = (path.with_name(f"{path.name}.{number}") for number in count(2))
    return next(each for each in chain([path], numbered) if not os.path.lexists(each))
