"""What Kubernetes says of an end, and the cause and the verdict that it comes to."""

from typing import Any

import pytest

from runbatch.clusters.kubectl.causes import cause_of
from runbatch.clusters.kubectl.pods import PodEnd, ends_in
from runbatch.core.attempt import Cause, Evidence, Verdict
from runbatch.core.failure import RetryPolicy, judge

ENV = [{"name": "RUNBATCH_PREFIX", "value": "g"}, {"name": "RUNBATCH_KEY", "value": "1"}]
TAINTED = {"type": "DisruptionTarget", "status": "True", "reason": "DeletionByTaintManager"}
OWN_DISK = "Pod ephemeral local storage usage exceeds the total limit of containers 1Gi. "
OWN_VOLUME = 'Usage of EmptyDir volume "x" exceeds the limit "1Gi". '
OWN_CONTAINER = 'Container g-1 exceeded its local ephemeral storage limit "1Gi". '
OF_NODE = (
    "The node was low on resource: memory. Threshold quantity: 100Mi, available: 80Mi. "
    "Container limit was using 4Gi, request is 2Gi, has larger consumption of memory. "
)
NO_PROGRAM = (
    "failed to create containerd task: failed to create shim task: OCI runtime create failed: "
    'runc create failed: unable to start container process: exec: "run": '
    "executable file not found in $PATH: unknown"
)
NO_MOUNT = (
    "failed to create containerd task: OCI runtime create failed: error mounting "
    '"/hpi/data" to rootfs at "/data": no such file or directory: unknown'
)


@pytest.mark.parametrize(
    ("word", "message", "cause"),
    [
        ("OOMKilled", "", Cause.OUT_OF_MEMORY),
        ("DeadlineExceeded", "", Cause.TIME_LIMIT),
        ("Evicted", "", Cause.PREEMPTED),
        ("Evicted", OF_NODE, Cause.PREEMPTED),
        ("Evicted", OWN_DISK, Cause.EXIT),
        ("Evicted", OWN_VOLUME, Cause.EXIT),
        ("Evicted", OWN_CONTAINER, Cause.EXIT),
        ("Preempting", "", Cause.PREEMPTED),
        ("NodeLost", "", Cause.NODE),
        ("NodeShutdown", "", Cause.NODE),
        ("Terminated", "Pod was terminated in response to imminent node shutdown.", Cause.NODE),
        ("OutOfcpu", "Node didn't have enough resource: cpu", Cause.LAUNCH),
        ("OutOfnvidia.com/gpu", "", Cause.LAUNCH),
        ("StartError", NO_MOUNT, Cause.LAUNCH),
        ("StartError", NO_PROGRAM, Cause.EXIT),
        ("ContainerCannotRun", "", Cause.LAUNCH),
        ("ContainerCannotRun", 'caused "exec: \\"run\\": permission denied"', Cause.EXIT),
        ("Error", "", Cause.UNKNOWN),
        ("Completed", OWN_DISK, Cause.UNKNOWN),
        ("", "", Cause.UNKNOWN),
        ("Hibernated", "", Cause.UNKNOWN),
    ],
)
def test_what_a_word_stands_for(word: str, message: str, cause: Cause) -> None:
    assert cause_of(word, message) is cause


def pod(ended: dict[str, Any] | None = None, **status: Any) -> dict[str, Any]:
    """A pod of job 1 whose container, if it has one, ended so."""
    states = [{"name": "g-1", "state": {"terminated": ended}}] if ended else []
    spec = {"containers": [{"name": "g-1", "env": ENV}]}
    return {"spec": spec, "status": {"containerStatuses": states} | status}


CODE_137 = {"exitCode": 137, "reason": "Error"}
NOT_FOUND = {"exitCode": 137, "reason": "ContainerStatusUnknown", "message": "could not be located"}
EVICTED: dict[str, Any] = {"phase": "Failed", "reason": "Evicted"}


@pytest.mark.parametrize(
    ("found", "end", "verdict"),
    [
        pytest.param(
            pod(CODE_137), PodEnd(137, "Error"), Verdict.OUT_OF_MEMORY, id="137 without a word"
        ),
        pytest.param(
            pod({"exitCode": 1, "reason": "OOMKilled"}),
            PodEnd(1, "OOMKilled", Cause.OUT_OF_MEMORY),
            Verdict.OUT_OF_MEMORY,
            id="out of memory",
        ),
        pytest.param(
            pod(CODE_137, **EVICTED),
            PodEnd(137, "Evicted", Cause.PREEMPTED),
            Verdict.INFRASTRUCTURE_FAILURE,
            id="the 137 of an eviction",
        ),
        pytest.param(
            pod({"exitCode": 6, "reason": "Error"}, **EVICTED),
            PodEnd(6, "Evicted", Cause.PREEMPTED),
            Verdict.INFRASTRUCTURE_FAILURE,
            id="a tidy end on an eviction, with a code of its own",
        ),
        pytest.param(
            pod(**EVICTED),
            PodEnd(None, "Evicted", Cause.PREEMPTED),
            Verdict.INFRASTRUCTURE_FAILURE,
            id="an evicted pod that shows no container",
        ),
        pytest.param(
            pod(NOT_FOUND, **EVICTED),
            PodEnd(None, "Evicted", Cause.PREEMPTED),
            Verdict.INFRASTRUCTURE_FAILURE,
            id="an evicted pod whose container was lost",
        ),
        pytest.param(
            pod(CODE_137, message=OWN_DISK, **EVICTED),
            PodEnd(137, "Evicted", Cause.EXIT),
            Verdict.FAILED,
            id="the job filled the disk above its own limit",
        ),
        pytest.param(
            pod({"exitCode": 137, "reason": "OOMKilled"}, **EVICTED),
            PodEnd(137, "OOMKilled", Cause.OUT_OF_MEMORY),
            Verdict.OUT_OF_MEMORY,
            id="it had no memory left, and its pod was evicted for that",
        ),
        pytest.param(
            pod(CODE_137, reason="Evicted", phase="Running"),
            PodEnd(137, "Error"),
            Verdict.OUT_OF_MEMORY,
            id="a pod that has not failed",
        ),
        pytest.param(
            pod({"exitCode": 143, "reason": "Error"}, phase="Failed", conditions=[TAINTED]),
            PodEnd(143, "DeletionByTaintManager", Cause.NODE),
            Verdict.INFRASTRUCTURE_FAILURE,
            id="a lost node",
        ),
        pytest.param(
            pod(CODE_137, phase="Failed", conditions=[TAINTED | {"status": "False"}]),
            PodEnd(137, "Error"),
            Verdict.OUT_OF_MEMORY,
            id="a node that came back",
        ),
        pytest.param(
            pod(CODE_137, phase="Failed", conditions=[TAINTED | {"type": "Ready"}]),
            PodEnd(137, "Error"),
            Verdict.OUT_OF_MEMORY,
            id="another condition",
        ),
        pytest.param(
            pod({"exitCode": 1, "reason": "Error"}, phase="Failed", reason=None),
            PodEnd(1, "Error"),
            Verdict.CONFIGURATION_ERROR,
            id="a pod that failed by its container",
        ),
        pytest.param(
            pod({"exitCode": 128, "reason": "StartError", "message": NO_PROGRAM}),
            PodEnd(128, "StartError", Cause.EXIT),
            Verdict.FAILED,
            id="the image lacks the program: no other try mends that",
        ),
        pytest.param(
            pod({"exitCode": 128, "reason": "StartError", "message": NO_MOUNT}),
            PodEnd(128, "StartError", Cause.LAUNCH),
            Verdict.INFRASTRUCTURE_FAILURE,
            id="the node lacks the mount",
        ),
        pytest.param(
            pod(NOT_FOUND),
            PodEnd(None, "ContainerStatusUnknown"),
            Verdict.UNDETERMINED,
            id="Kubernetes lost the container: its 137 is made up",
        ),
        pytest.param(
            pod(phase="Failed", reason="DeadlineExceeded"),
            PodEnd(None, "DeadlineExceeded", Cause.TIME_LIMIT),
            Verdict.TIME_LIMIT,
            id="a time limit",
        ),
    ],
)
def test_what_a_pod_shows_and_the_verdict_on_it(
    found: dict[str, Any], end: PodEnd, verdict: Verdict
) -> None:
    assert list(ends_in([found])) == [("g-1", end)]
    evidence = Evidence(exit_code=end.exit_code, reason=end.reason, cause=end.cause)
    assert judge(evidence, RetryPolicy()).verdict is verdict


@pytest.mark.parametrize("status", [None, [], "Failed", {"phase": "Failed", "conditions": 3}])
def test_a_pod_of_another_shape_has_no_end(status: Any) -> None:
    assert list(ends_in([pod() | {"status": status}])) == []
