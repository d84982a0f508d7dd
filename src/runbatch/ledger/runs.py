"""Who works on a batch now: each invocation of a command leaves its mark in the ledger."""

import socket
from dataclasses import dataclass
from datetime import datetime, timedelta

import psutil

# A run on another machine is taken for dead when it has given no sign for so long.
SILENT_FOR = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Run:
    """One invocation: where it runs, since when, and when it last ticked."""

    id: int
    host: str
    pid: int
    command: str
    started_at: datetime
    ticked_at: datetime


def here() -> str:
    """Return this machine's name."""
    return socket.gethostname()


def is_alive(run: Run, now: datetime) -> bool:
    """Whether the run is still at work, as far as it can be told from this machine."""
    if run.host == here():
        return psutil.pid_exists(run.pid)
    return now - run.ticked_at < SILENT_FOR
