"""`delete`, `suspend` and `resume` (Run:ai facts, 5 and 13)."""

from .call import Answer, Call
from .errors import NO_TERMINAL, NOT_FOUND, CallError
from .orders import delete, resume, suspend
from .switches import Trouble
from .workload import Workload


def delete_one(call: Call) -> Answer:
    """Begin to delete one workload: no question is asked, `-y` is unknown."""
    workload = call.workload()
    return Answer(
        0,
        f"Deleting {workload.request.kind} {workload.name}...\n",
        effect=_delete(call, workload),
    )


def delete_many(call: Call) -> Answer:
    """Begin to delete all named workloads. Without `-y` it wants a terminal, which none has."""
    if not call.parsed.yes("yes"):
        raise CallError(NO_TERMINAL)
    kind, project = call.parsed.text("type"), call.project()
    found = [call.cluster.named(project, name, kind) for name in call.parsed.names]
    there = [workload for workload in found if workload and call.is_visible(workload)]
    if not there:
        raise CallError(NOT_FOUND)
    effects = [_delete(call, workload) for workload in there]
    lines = [f"Deleting workload {workload.name}...\n" for workload in there]
    return Answer(0, "".join(lines), effect=", ".join(effects))


def suspend_one(call: Call) -> Answer:
    """Begin to suspend a workload."""
    workload = call.workload()
    return _done(workload, "Suspending", call.kept_back or suspend(call.cluster, workload))


def resume_one(call: Call) -> Answer:
    """Begin to resume a stopped workload."""
    workload = call.workload()
    return _done(workload, "Resuming", call.kept_back or resume(call.cluster, workload))


def _delete(call: Call, workload: Workload) -> str:
    if call.kept_back or call.fault(Trouble.IDLE_DELETE):
        return "none"
    delete(call.cluster, workload)
    return f"deleted {workload.uid}"


def _done(workload: Workload, doing: str, is_done: bool) -> Answer:
    if not is_done:
        phase = workload.phase.value
        raise CallError(f"workload '{workload.name}' is {phase}")  # unconfirmed text
    effect = f"{doing.lower()} {workload.uid}"
    return Answer(0, f"{doing} {workload.request.kind} {workload.name}...\n", effect=effect)
