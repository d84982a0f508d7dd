"""Who works on a batch now: each invocation of a command leaves its mark in the ledger."""

import os
import socket
import sqlite3
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import psutil

from runbatch.core.batch import Batch
from runbatch.core.journal import Started
from runbatch.ledger.rows import from_text, to_text

# One on another machine is taken for dead when it has given no sign for so long.
SILENT_FOR = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Invocation:
    """One invocation: where it runs, since when, when it last ticked, and under which cap.

    `birth` tells its process from a later one of the same number. It and `cap` are None if an older
    runbatch began it.
    """

    id: int
    host: str
    pid: int
    command: str
    started_at: datetime
    ticked_at: datetime
    cap: int | None = None
    birth: str | None = None


def begin(
    connection: sqlite3.Connection,
    command: str,
    batch: Batch,
    keys: tuple[str, ...] | None,
    now: datetime,
    *,
    names_unique: bool,
) -> tuple[int, Started]:
    """Leave the mark of this process; return its id, and what it goes by."""
    started = Started(
        command=command,
        host=here(),
        pid=os.getpid(),
        prefix=batch.prefix,
        cluster=batch.cluster.kind,
        cap=batch.cap,
        retry=batch.retry,
        beside=tuple(each.id for each in alive(connection, now)),
        keys=keys,
        names_unique=names_unique,
    )
    cursor = connection.execute(
        "INSERT INTO runs (host, pid, birth, command, started_at, ticked_at, cap)"
        " VALUES (?,?,?,?,?,?,?)",
        (
            started.host,
            started.pid,
            birth_of(started.pid),
            command,
            to_text(now),
            to_text(now),
            batch.cap,
        ),
    )
    return int(cursor.lastrowid or 0), started


def tick(connection: sqlite3.Connection, invocation: int, now: datetime, *, ended: bool) -> None:
    """Renew the mark of this invocation; or, with `ended`, close it."""
    values = (to_text(now), to_text(now) if ended else None, invocation)
    connection.execute("UPDATE runs SET ticked_at=?, ended_at=? WHERE id=?", values)


def latest_tick(connection: sqlite3.Connection) -> datetime | None:
    """Return the latest time that any invocation ever gave a sign at, by its own clock."""
    (latest,) = connection.execute("SELECT max(ticked_at) FROM runs").fetchone()
    at: datetime | None = from_text(latest)
    return at


def alive(connection: sqlite3.Connection, now: datetime) -> tuple[Invocation, ...]:
    """Return the invocations that are at work now, oldest first."""
    found = connection.execute(
        "SELECT id, host, pid, birth, command, started_at, ticked_at, cap FROM runs"
        " WHERE ended_at IS NULL ORDER BY id"
    )
    every = (
        Invocation(
            id=row["id"],
            host=row["host"],
            pid=row["pid"],
            command=row["command"],
            started_at=from_text(row["started_at"]),
            ticked_at=from_text(row["ticked_at"]),
            cap=row["cap"],
            birth=row["birth"],
        )
        for row in found
    )
    return tuple(each for each in every if is_alive(each, now))


def here() -> str:
    """Return this machine's name."""
    return socket.gethostname()


def birth_of(pid: int) -> str | None:
    """Return the machine's boot and the moment of it that the process began at; no clock has a say.

    None if there is no such process, or this system does not tell.
    """
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text("ascii").strip()
        stat = Path(f"/proc/{pid}/stat").read_text("utf-8", "replace")
    except OSError:
        return None
    # proc(5): behind the program's name, which may hold anything, the 20th word is `starttime`.
    return f"{boot} {stat.rpartition(')')[2].split()[19]}"


def is_alive(one: Invocation, now: datetime) -> bool:
    """Whether the invocation is still at work, as far as it can be told from this machine."""
    if one.host != here():
        return now - one.ticked_at < SILENT_FOR
    return psutil.pid_exists(one.pid) if one.birth is None else birth_of(one.pid) == one.birth
