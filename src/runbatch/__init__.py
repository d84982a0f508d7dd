"""Run hundreds of independent jobs on a shared cluster under a cap that holds.

Only what the infrastructure broke is retried. See `runbatch.api` for the functions, and the
README for the command line.
"""

from runbatch.api import read_snapshot, submit, wait
from runbatch.config.load import load_batch
from runbatch.core.attempt import Attempt, Evidence, Outcome, Phase, Verdict
from runbatch.core.batch import Batch, Mount, Run
from runbatch.core.errors import BatchError, ClusterError, LedgerError, RunbatchError
from runbatch.core.events import Event, Kind
from runbatch.core.failure import RetryPolicy
from runbatch.core.job import State
from runbatch.core.snapshot import JobSnapshot, Snapshot

__version__ = "0.1.0"

__all__ = [
    "Attempt",
    "Batch",
    "BatchError",
    "ClusterError",
    "Event",
    "Evidence",
    "JobSnapshot",
    "Kind",
    "LedgerError",
    "Mount",
    "Outcome",
    "Phase",
    "RetryPolicy",
    "Run",
    "RunbatchError",
    "Snapshot",
    "State",
    "Verdict",
    "load_batch",
    "read_snapshot",
    "submit",
    "wait",
]
