"""A batch's past as it lies on disk: the events file, and what the ledger says of it."""

from dataclasses import dataclass
from pathlib import Path

from runbatch.core.job import View
from runbatch.core.journal import Entry
from runbatch.ledger import events, store


@dataclass(frozen=True, slots=True)
class Record:
    """All entries. `remembered` is the ledger's view, None if there is no ledger.

    `altered` are the lines of the file that do not stand in the ledger like that. `lacking` counts
    those that the file lacks at its end, and that were taken from the ledger.
    """

    entries: tuple[Entry, ...]
    remembered: View | None = None
    altered: tuple[int, ...] = ()
    lacking: int = 0


def read_record(folder: Path) -> Record:
    """Return the record in a ledger's folder, empty if there is none yet; write nothing.

    Raises LedgerError that names the file, and the line if one cannot be understood.
    """
    path, ledger_path = folder / events.FILE_NAME, folder / store.FILE_NAME
    # Before the ledger, which is never behind the file.
    lines = events.read(path)
    entries = tuple(events.entries(path, lines))
    if not ledger_path.exists():
        return Record(entries)
    journal, remembered = _read_ledger(folder)
    last = max((entry.seq for entry in entries), default=0)
    lacking = [line for seq, line in journal.items() if seq > last]
    return Record(
        (*entries, *events.entries(ledger_path, lacking)),
        remembered,
        tuple(
            entry.seq
            for entry, line in zip(entries, lines, strict=True)
            if journal.get(entry.seq) != line
        ),
        len(lacking),
    )


def _read_ledger(folder: Path) -> tuple[dict[int, str], View]:
    ledger = store.Ledger(folder, read_only=True)
    try:
        return ledger.journal(), ledger.view()
    finally:
        ledger.close()
