"""`describe` and `logs` (Run:ai facts, 5 and 11)."""

import json
from typing import Any

from .call import Answer, Call
from .errors import (
    LOGS_GONE,
    LOGS_NO_POD,
    LOGS_NO_WORKLOAD,
    LOGS_NOT_READY,
    LOGS_STOPPED,
    CallError,
)
from .logtext import log_lines
from .shapes import described
from .switches import Trouble
from .tables import table, yaml
from .workload import ENDED, Phase, Pod, Workload


def describe(call: Call) -> Answer:
    """Print all that is known of a workload: its pods, nodes and events, never an exit code."""
    if not call.cluster.settings.modern and call.parsed.command.noun == "workload":
        _require_type(call)
    workload = call.workload()
    found = described(call.cluster, workload)
    _cut_sections(call, found)
    match call.parsed.text("output", "table"):
        case "json":
            return Answer(0, json.dumps(found) + "\n")
        case "yaml":
            return Answer(0, yaml(found))
        case "table":
            return Answer(0, _described_text(workload, found))
        case other:
            raise CallError(f'invalid output format "{other}"')  # unconfirmed text


def _require_type(call: Call) -> None:
    """Raise CallError without `--type`, mandatory before 2.20.18 (Run:ai facts, 5)."""
    if not call.parsed.text("type"):
        raise CallError('required flag(s) "type" not set')


def _cut_sections(call: Call, found: dict[str, Any]) -> None:
    """Leave out the sections that were switched off, and what is above the limits."""
    parsed = call.parsed
    found["pods"] = _newest(found["pods"], parsed.number("pod-limit", 10))
    found["events"] = _newest(found["events"], parsed.number("event-limit", 50))
    if parsed.text("sortEvents", "asc") == "desc":
        found["events"].reverse()
    for section in ("pods", "events"):
        if not parsed.yes(section, default=True):
            found[section] = []


def _newest(lines: list[Any], limit: int) -> list[Any]:
    """Return the last ones, as many as the limit says: all for a negative one."""
    return lines if limit < 0 else lines[max(0, len(lines) - limit) :]


def _described_text(workload: Workload, found: dict[str, Any]) -> str:
    """Return the table form: `Completed At` stands there in any phase (Run:ai facts, 5)."""
    asked = workload.request
    lines = [
        f"Name: {asked.name}",
        f"Phase: {found['phase']}",
        f"Project: {asked.project}",
        f"Type: {found['type']}",
        f"Preemptible: {str(asked.preemptible).lower()}",
        f"Priority: {found['priority']}",
        f"Created By: {found['submittedBy']}",
        f"Created At: {found['createdAt']}",
    ]
    if workload.phase is not Phase.CREATING:
        lines += [f"Image: {asked.image}", f"Command: {asked.command or asked.arguments}"]
    lines += ["", "Compute", f" CPU: {asked.cpu or '-'}  Memory: {asked.memory or '-'}", ""]
    return "\n".join(lines) + "\n" + _sections(found)


def _sections(found: dict[str, Any]) -> str:
    pods = [
        (p["name"], p["k8sPhase"], p["nodeName"], p["createdAt"], p["completedAt"] or "-")
        for p in found["pods"]
    ]
    events = [(e["createdAt"], e["type"], e["reason"], e["message"]) for e in found["events"]]
    return (
        "Pods\n"
        + table(("Pod", "Phase", "Node", "Created At", "Completed At"), pods, with_head=True)
        + "\nEvents\n"
        + table(("Created At", "Type", "Reason", "Message"), events, with_head=True)
        + "\nNetworks\n\nStorage\n"
    )


def logs(call: Call) -> Answer:
    """Print the log of the newest pod, or of the one that `--pod` names."""
    workload = call.workload(LOGS_NO_WORKLOAD)
    pod = _pod(call, workload)
    if workload.phase in ENDED and call.fault(Trouble.NO_LOGS):
        raise CallError(LOGS_GONE.format(uid=workload.uid.replace("-", "")))
    if call.parsed.yes("previous"):
        raise CallError(f"previous terminated container {pod.name} not found")
    lines = _newest(log_lines(call.cluster, workload, pod), call.parsed.number("tail", -1))
    return Answer(0, "".join(f"{line}\n" for line in lines))


def _pod(call: Call, workload: Workload) -> Pod:
    """Return the pod that is meant if it has a log, or raise CallError (Run:ai facts, 6)."""
    if workload.phase in (Phase.STOPPED, Phase.STOPPING):
        raise CallError(LOGS_STOPPED)
    wanted = call.parsed.text("pod")
    pods = [pod for pod in workload.pods if wanted in ("", pod.name)]
    if not pods:
        raise CallError(LOGS_NO_POD)
    if pods[-1].started_s is None:
        raise CallError(LOGS_NOT_READY)
    return pods[-1]
