"""What ledgers and events files of earlier versions said in other words.

They knew no stages: `phase` was one of these fourteen words, on each kind of cluster. Nor did they
know causes: the cluster's own word was all there was.
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


_CAUSE_OF_REASON = {
    "OOMKilled": "out of memory",
    "ContainerCannotRun": "launch",
    "StartError": "launch",
}
_KILLED, _OOM = "killed by ", "OOMKilled"


def add_stage(attempt: dict[str, Any]) -> None:
    """Put the stage beside the phase of an attempt that was written without one."""
    if attempt.get("seen_stage") is None and attempt.get("phase") is not None:
        attempt["seen_stage"] = _STAGE_OF_PHASE.get(str(attempt["phase"]))


def add_cause(evidence: Any) -> None:
    """Put the cause beside the word of an end that was written without one."""
    if not isinstance(evidence, dict) or "cause" in evidence:
        return
    reason = str(evidence.get("reason"))
    evidence["cause"] = _CAUSE_OF_REASON.get(reason, "unknown")
    if reason.startswith(_KILLED):
        evidence["cause"] = "signal"
        evidence["signal"] = reason.removeprefix(_KILLED).partition(",")[0]
    events = evidence.get("events")
    if isinstance(events, list | tuple):
        evidence["memory_event"] = next((each for each in events if _OOM in str(each)), None)
