"""What a workload looks like in an answer: the fields of the REST interface.

Source: Run:ai facts, 7 and 10. No field of any answer holds a container's exit code.
"""

import time
from functools import lru_cache
from typing import Any

from .chance import Chance
from .cluster import Cluster
from .workload import ENDED, Phase, Pod, Workload

CLUSTER_NAME = "salk-cluster"
OWNERS = {"batch": "someone@example.org", "other": "colleague@example.org"}
_K8S_PHASES = {
    Phase.RUNNING: "Running",
    Phase.DEGRADED: "Running",
    Phase.COMPLETED: "Succeeded",
    Phase.FAILED: "Failed",
}


def timestamp(cluster: Cluster, at_s: float | None) -> str | None:
    """Return a second of the cluster's time as an RFC 3339 time of day."""
    if at_s is None:
        return None
    return _time_of_day((cluster.settings.epoch_s or 0.0) + at_s)


@lru_cache(maxsize=4096)
def _time_of_day(unix_s: float) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(unix_s))


def cluster_id(chance: Chance) -> str:
    """Return the id of the cluster."""
    return chance.uuid("cluster")


def project_id(chance: Chance, name: str) -> str:
    """Return the id of a project."""
    return str(4_500_000 + chance.bits("project", name) % 1000)


def other_id(chance: Chance, uid: str) -> str:
    """Return the id that a list shows in place of a workload's own (`Trouble.OTHER_ID`)."""
    return chance.uuid("other id", uid)


def shown_phase(cluster: Cluster, workload: Workload, phase: Phase) -> str:
    """Return the word an answer shows for a phase: another one while a plot says so."""
    if workload.odd_word and cluster.now_s < workload.odd_until_s:
        return workload.odd_word
    return phase.value


def row(cluster: Cluster, workload: Workload, phase: Phase, word: str) -> dict[str, Any]:
    """Return a workload as an item of a list: the required fields, then some optional ones."""
    return {
        **_identity(cluster, workload),
        "phase": word,
        "phaseUpdatedAt": timestamp(cluster, workload.phase_since_s),
        "k8sPhase": _K8S_PHASES.get(phase, "Pending"),
        "k8sPhaseUpdatedAt": timestamp(cluster, workload.phase_since_s),
        "conditions": [],
        "createdAt": timestamp(cluster, workload.created_s),
        "updatedAt": timestamp(cluster, workload.phase_since_s),
        "deletedAt": timestamp(cluster, workload.gone_s),
        "runningPods": int(phase in (Phase.RUNNING, Phase.DEGRADED)),
        **_optional(cluster, workload, phase),
    }


def _identity(cluster: Cluster, workload: Workload) -> dict[str, Any]:
    asked, chance = workload.request, cluster.chance
    return {
        "id": workload.uid,
        "name": asked.name,
        "type": asked.kind.capitalize(),
        "clusterId": cluster_id(chance),
        "tenantId": 1001,
        "projectId": project_id(chance, asked.project),
        "projectName": asked.project,
        "departmentId": "4400001",
        "departmentName": "default",
        "namespace": f"runai-{asked.project}",
        "source": "CLI",
        "priority": asked.priority or ("high" if asked.kind == "workspace" else "low"),
        "priorityClassName": "build" if asked.kind == "workspace" else "train",
        "category": "Build" if asked.kind == "workspace" else "Train",
    }


def _optional(cluster: Cluster, workload: Workload, phase: Phase) -> dict[str, Any]:
    asked = workload.request
    found: dict[str, Any] = {
        "submittedBy": OWNERS[asked.owner],
        "completedAt": timestamp(cluster, workload.completed_s) if phase in ENDED else None,
        "requestedPods": {"number": 1},
        "images": [asked.image],
        "command": asked.command,
        "arguments": asked.arguments,
        "preemptible": asked.preemptible,
        "requestedNodePools": list(asked.node_pools),
    }
    if cluster.switches.list_environment:
        found["environmentVariables"] = dict(asked.environment)
    return found


def described(cluster: Cluster, workload: Workload) -> dict[str, Any]:
    """Return a workload as `describe -o json` prints it (the shape is unconfirmed, 11.1)."""
    word = shown_phase(cluster, workload, workload.phase)
    annotations = {"runai-submit-command": workload.request.submit_command}
    return {
        **row(cluster, workload, workload.phase, word),
        "labels": dict(workload.request.labels),
        "annotations": annotations,
        "pods": [_pod(cluster, workload, pod) for pod in workload.pods],
        "events": [_event(cluster, workload, event) for event in workload.events],
    }


def _pod(cluster: Cluster, workload: Workload, pod: Pod) -> dict[str, Any]:
    started = timestamp(cluster, pod.started_s)
    return {
        "id": cluster.chance.uuid("pod", workload.uid, pod.name),
        "name": pod.name,
        "workloadId": workload.uid,
        "nodeName": pod.node,
        "k8sPhase": pod.phase,
        "createdAt": timestamp(cluster, pod.created_s),
        "completedAt": timestamp(cluster, pod.ended_s),
        "deletedAt": None,
        "containers": [
            {"name": workload.name, "image": workload.request.image, "startedAt": started}
        ],
    }


def _event(
    cluster: Cluster, workload: Workload, event: tuple[float, str, str, str]
) -> dict[str, Any]:
    at_s, word, reason, message = event
    return {
        "createdAt": timestamp(cluster, at_s),
        "type": word,
        "reason": reason,
        "message": message,
        "source": "runai-scheduler",
        "involvedObject": {"kind": "Pod", "name": workload.name},
    }
