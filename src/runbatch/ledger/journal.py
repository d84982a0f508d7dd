"""The journal's table, which is written with the change itself, and the file that is its copy.

A change and its entry are one transaction, so they cannot contradict each other. The file is
written after that: whoever is next makes good what somebody left out who was killed in between, or
had no room.
"""

import sqlite3
from collections.abc import Iterable
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

from runbatch.core.journal import Entry, Happening
from runbatch.ledger import events
from runbatch.ledger.lines import line_of


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
            self._path.replace(self._path.with_suffix(".jsonl.old"))
        events.append(self._path, self.lines(after=found[0] if found else 0).values())
