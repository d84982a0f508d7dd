"""Run hundreds of independent jobs on a shared cluster under a cap that holds.

Only what the infrastructure broke is retried. See `runbatch.api` for the functions, and the
README for the command line.

Each name is imported when it is first used: a command that needs few of them starts sooner.
"""

import sys
from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from runbatch.api import read_snapshot, submit, wait
    from runbatch.config.load import load_batch
    from runbatch.core.attempt import Attempt, Evidence, Outcome, Verdict
    from runbatch.core.batch import Batch, Mount, Run
    from runbatch.core.errors import (
        BatchError,
        ClusterError,
        EarlierUseWarning,
        LedgerError,
        RunbatchError,
    )
    from runbatch.core.events import Event, Kind
    from runbatch.core.failure import RetryPolicy
    from runbatch.core.job import State
    from runbatch.core.snapshot import JobSnapshot, Snapshot
    from runbatch.core.stage import Stage

__version__ = "0.1.0"

__all__ = [
    "Attempt",
    "Batch",
    "BatchError",
    "ClusterError",
    "EarlierUseWarning",
    "Event",
    "Evidence",
    "JobSnapshot",
    "Kind",
    "LedgerError",
    "Mount",
    "Outcome",
    "RetryPolicy",
    "Run",
    "RunbatchError",
    "Snapshot",
    "Stage",
    "State",
    "Verdict",
    "load_batch",
    "read_snapshot",
    "submit",
    "wait",
]

_MODULES = {
    "api": ("read_snapshot", "submit", "wait"),
    "config.load": ("load_batch",),
    "core.attempt": ("Attempt", "Evidence", "Outcome", "Verdict"),
    "core.batch": ("Batch", "Mount", "Run"),
    "core.errors": (
        "BatchError",
        "ClusterError",
        "EarlierUseWarning",
        "LedgerError",
        "RunbatchError",
    ),
    "core.events": ("Event", "Kind"),
    "core.failure": ("RetryPolicy",),
    "core.job": ("State",),
    "core.snapshot": ("JobSnapshot", "Snapshot"),
    "core.stage": ("Stage",),
}


def __getattr__(name: str) -> Any:
    """Return the public name, imported now; raise AttributeError for any other."""
    for module, names in _MODULES.items():
        if name in names:
            return getattr(import_module(f"runbatch.{module}"), name)
    return object.__getattribute__(sys.modules[__name__], name)


def __dir__() -> list[str]:
    """Return the public names, for completion in a notebook."""
    return sorted([*__all__, *globals()])
