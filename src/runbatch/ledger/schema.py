"""The tables of the ledger, one migration after another; `user_version` tells how far a file is.

A migration is never edited once it was released: the next one is added behind it.
"""

import sqlite3

from runbatch.core.errors import LedgerError

MIGRATIONS = (
    """
    CREATE TABLE attempts (
        key TEXT NOT NULL,
        number INTEGER NOT NULL CHECK (number >= 1),
        reserved_at TEXT NOT NULL,
        called_at TEXT,
        calls INTEGER NOT NULL DEFAULT 0,
        submitted_at TEXT,
        refusal TEXT,
        follows TEXT,
        uid TEXT,
        phase TEXT,
        node TEXT,
        seen_at TEXT,
        missed INTEGER NOT NULL DEFAULT 0,
        ended_at TEXT,
        evidence TEXT,
        verdict TEXT,
        source TEXT,
        log TEXT,
        delete_asked_at TEXT,
        PRIMARY KEY (key, number)
    );
    CREATE TABLE marks (
        name TEXT PRIMARY KEY,
        value TEXT NOT NULL
    );
    CREATE TABLE runs (
        id INTEGER PRIMARY KEY,
        host TEXT NOT NULL,
        pid INTEGER NOT NULL,
        command TEXT NOT NULL,
        started_at TEXT NOT NULL,
        ticked_at TEXT NOT NULL,
        ended_at TEXT
    );
    """,
    """
    CREATE TABLE journal (
        seq INTEGER PRIMARY KEY,
        line TEXT NOT NULL
    );
    """,
    """
    ALTER TABLE runs ADD COLUMN cap INTEGER;
    """,
    """
    ALTER TABLE runs ADD COLUMN birth TEXT;
    """,
    # The first two versions called the column `at`, since the first migration was edited after
    # them. A copy by position opens their ledgers, and changes nothing in any other.
    """
    CREATE TABLE new_marks (
        name TEXT PRIMARY KEY,
        value TEXT NOT NULL
    );
    INSERT INTO new_marks SELECT * FROM marks;
    DROP TABLE marks;
    ALTER TABLE new_marks RENAME TO marks;
    """,
    """
    ALTER TABLE attempts ADD COLUMN denial TEXT;
    """,
    """
    ALTER TABLE attempts ADD COLUMN other_uid TEXT;
    ALTER TABLE attempts ADD COLUMN created_at TEXT;
    """,
    """
    CREATE TABLE reruns (
        key TEXT PRIMARY KEY,
        number INTEGER NOT NULL,
        calls INTEGER NOT NULL,
        asked_at TEXT NOT NULL
    );
    """,
    """
    ALTER TABLE attempts ADD COLUMN origin TEXT;
    ALTER TABLE attempts ADD COLUMN agreed INTEGER NOT NULL DEFAULT 0;
    UPDATE attempts SET agreed = 1 WHERE calls = 0 AND uid IS NOT NULL;
    """,
    # What earlier versions started again counts as a retry, as it did then.
    """
    ALTER TABLE attempts ADD COLUMN reruns INTEGER NOT NULL DEFAULT 0;
    """,
    # What earlier versions wrote has no stage, only a phase (`earlier.add_stage`). `open` is
    # `Attempt.may_hold_slot`: here for all, and as it is from the row's next change on.
    """
    ALTER TABLE attempts ADD COLUMN seen_stage TEXT;
    ALTER TABLE attempts ADD COLUMN open INTEGER NOT NULL DEFAULT 1;
    """,
)


def migrate(connection: sqlite3.Connection) -> None:
    """Bring the file to the newest schema, in one transaction that another process may share.

    Raises LedgerError when the file is newer than this program knows.
    """
    version = _version(connection)
    if version > len(MIGRATIONS):
        raise LedgerError("The ledger was written by a newer runbatch; update this one.")
    if version < len(MIGRATIONS):
        _migrate(connection)


def _migrate(connection: sqlite3.Connection) -> None:
    connection.execute("BEGIN IMMEDIATE")
    try:
        # Asked again: another process may have migrated it while this one waited for the lock.
        for script in MIGRATIONS[_version(connection) :]:
            for statement in filter(str.strip, script.split(";")):
                connection.execute(statement)
        connection.execute(f"PRAGMA user_version = {len(MIGRATIONS)}")
        connection.execute("COMMIT")
    except BaseException:
        connection.rollback()
        raise


def _version(connection: sqlite3.Connection) -> int:
    return int(connection.execute("PRAGMA user_version").fetchone()[0])
