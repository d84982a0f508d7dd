"""The words of Kubernetes for how a pod or its container ended, and the causes they stand for.

A pod says one in its `status.reason`, or in its condition `DisruptionTarget`; a container says one
where it is `terminated`. `Error` and `Completed` say no more than the exit code does.
"""

import re

from runbatch.core.attempt import Cause

_CAUSE_OF_WORD = {
    "OOMKilled": Cause.OUT_OF_MEMORY,
    "DeadlineExceeded": Cause.TIME_LIMIT,
    "Evicted": Cause.PREEMPTED,
    "Preempting": Cause.PREEMPTED,
    "PreemptionByScheduler": Cause.PREEMPTED,
    "EvictionByEvictionAPI": Cause.PREEMPTED,
    "NodeLost": Cause.NODE,
    "NodeShutdown": Cause.NODE,
    "Shutdown": Cause.NODE,
    "Terminated": Cause.NODE,  # by the shutdown of its node
    "TerminationByKubelet": Cause.NODE,
    "DeletionByTaintManager": Cause.NODE,
    "DeletionByPodGC": Cause.NODE,
    "NodeAffinity": Cause.LAUNCH,
    "UnexpectedAdmissionError": Cause.LAUNCH,
    "ContainerCannotRun": Cause.LAUNCH,
    "StartError": Cause.LAUNCH,
}
_NO_ROOM = "OutOf"  # OutOfcpu, OutOfmemory: the node would not take the pod, which never began
# The job wrote more to its node's disk than it had asked for.
_OWN_LIMIT = re.compile(r"exceeds the (?:total )?limit|exceeded its \w+ ephemeral storage limit")
# The image has no such program, or may not run it: `exec: "run": executable file not found`.
_NO_PROGRAM = re.compile(r'exec: \\?"')


def cause_of(word: str, message: str) -> Cause:
    """Return the cause that a word stands for; what the job did itself is `EXIT`."""
    cause = _CAUSE_OF_WORD.get(word, Cause.UNKNOWN)
    if word.startswith(_NO_ROOM):
        cause = Cause.LAUNCH
    own = {Cause.PREEMPTED: _OWN_LIMIT, Cause.LAUNCH: _NO_PROGRAM}.get(cause)
    return Cause.EXIT if own is not None and own.search(message) else cause
