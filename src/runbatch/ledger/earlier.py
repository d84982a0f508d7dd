"""What ledgers and events files of earlier versions said in other words.

They knew no stages: `phase` was one of these fourteen words, on each kind of cluster.
"""

from typing import Any

_STAGE_OF_PHASE = {
    "Creating": "starting",
    "Pending": "queued",
    "Initializing": "starting",
    "Running": "running",
    "Updating": "running",
    "Degraded": "running",
    "Resuming": "held",
    "Stopping": "held",
    "Stopped": "held",
    "Deleting": "leaving",
    "Terminating": "leaving",
    "Completed": "succeeded",
    "Failed": "failed",
    "Unknown": "unknown",
}


def add_stage(attempt: dict[str, Any]) -> None:
    """Put the stage beside the phase of an attempt that was written without one."""
    if attempt.get("seen_stage") is None and attempt.get("phase") is not None:
        attempt["seen_stage"] = _STAGE_OF_PHASE.get(attempt["phase"])
