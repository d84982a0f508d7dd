"""The words of Run:ai for where a workload is, and the stages that they stand for.

The fourteen of its API (Run:ai facts, 9), and older ones that the command line has printed.
"""

from runbatch.core.stage import Stage

LONGEST_WORD = 40
_STAGE_OF_PHASE = {
    "Creating": Stage.STARTING,
    "Pending": Stage.QUEUED,
    "Initializing": Stage.STARTING,
    "Running": Stage.RUNNING,
    "Updating": Stage.RUNNING,
    "Degraded": Stage.RUNNING,
    "Resuming": Stage.HELD,
    "Stopping": Stage.HELD,
    "Stopped": Stage.HELD,
    "Deleting": Stage.LEAVING,
    "Terminating": Stage.LEAVING,
    "Completed": Stage.SUCCEEDED,
    "Failed": Stage.FAILED,
    "Unknown": Stage.UNKNOWN,
}
_OLDER = {
    "succeeded": "Completed",
    "fail": "Failed",
    "error": "Failed",
    "timedout": "Failed",
    "containercreating": "Initializing",
    "errimagepull": "Initializing",
    "imagepullbackoff": "Initializing",
    "preempted": "Pending",
    "suspending": "Stopping",
}
_PHASE_OF_WORD = {phase.lower(): phase for phase in _STAGE_OF_PHASE} | _OLDER


def stage_of(word: str) -> tuple[Stage, str]:
    """Return the stage that a word stands for, and the API's word for it.

    A word that nobody knows is kept as it was said, cut short. It is no end, so its workload keeps
    its slot.
    """
    said = "".join(filter(str.isprintable, word)).strip()[:LONGEST_WORD]
    phase = _PHASE_OF_WORD.get(said.lower(), said or "Unknown")
    return _STAGE_OF_PHASE.get(phase, Stage.UNKNOWN), phase
