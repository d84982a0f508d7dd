"""What happens to a workload when its next step is due (Run:ai facts, 9, 18 and 19)."""

from collections.abc import Callable

from .cluster import Cluster
from .placement import choose, has_room_for_mounts
from .settings import Span
from .switches import Trouble, WorkspaceEnd
from .workload import Phase, Pod, Step, Workload

MOUNT_FAILURE_CODE = 2  # GAPIT facts, "exit-code contract"
SERVER_BACKOFF_LIMIT = 6  # Run:ai facts, 2
LONGEST_BACKOFF_S = 300.0
EVICTED = "Evicted"


def happen(cluster: Cluster, workload: Workload) -> None:
    """Let the step happen that is due for a workload."""
    step = workload.due
    cluster.due(workload, Step.NOTHING)
    _STEPS[step](cluster, workload)


def fill(cluster: Cluster) -> None:
    """Give every free place to the workload that has waited for it longest."""
    waiting = [w for w in cluster.workloads.values() if w.waiting_since_s is not None]
    for workload in sorted(waiting, key=lambda w: (w.waiting_since_s, w.ordinal)):
        node = choose(cluster, workload)
        if node is not None:
            _bind(cluster, workload, node)


def release(cluster: Cluster, workload: Workload) -> None:
    """Give back the place and the mounts of a workload, and let the next ones have them."""
    workload.node, workload.mounts_missing = None, False
    fill(cluster)


def end_pod(cluster: Cluster, workload: Workload, phase: str) -> None:
    """End the newest pod, if it is not ended yet."""
    if workload.pods and workload.pods[-1].ended_s is None:
        workload.pods[-1].ended_s = cluster.now_s
        workload.pods[-1].phase = phase


def finish(cluster: Cluster, workload: Workload, phase: Phase) -> None:
    """Put a workload into a phase for good, until it is deleted or its time has come.

    Ended workloads disappear by themselves, after 30 days unless the submit said otherwise
    (Run:ai facts, 19).
    """
    workload.completed_s = cluster.now_s
    cluster.enter(workload, phase)
    kept_s = workload.request.auto_deletion_s or cluster.settings.auto_deletion_s
    cluster.due(workload, Step.EXPIRE, kept_s)
    release(cluster, workload)


def delay(cluster: Cluster, workload: Workload, span: Span, purpose: str) -> float:
    """Return a seeded delay that depends on the workload, its start and the purpose only."""
    return cluster.chance.between(span, workload.uid, workload.starts, purpose)


def _pend(cluster: Cluster, workload: Workload) -> None:
    cluster.enter(workload, Phase.PENDING)
    if _is_stuck_pending(cluster, workload):
        cluster.note(workload, "Unschedulable", "no node pool fits the workload", warning=True)
        return
    pending_s = delay(cluster, workload, cluster.settings.delays.pending, "pending")
    cluster.due(workload, Step.QUEUE, pending_s)


def _is_stuck_pending(cluster: Cluster, workload: Workload) -> bool:
    """Tell whether nothing will ever schedule it (Run:ai facts, 20)."""
    asked = workload.request
    is_homeless = cluster.switches.node_pools_needed and not asked.node_pools
    stuck = cluster.strikes(Trouble.STUCK_PENDING, workload) is not None
    return stuck or (is_homeless and asked.owner == "batch")


def _queue(cluster: Cluster, workload: Workload) -> None:
    if workload.phase is not Phase.PENDING:
        cluster.enter(workload, Phase.PENDING)
    workload.waiting_since_s = cluster.now_s
    fill(cluster)
    if workload.waiting_since_s is not None:
        message = "0 nodes are available: insufficient resources"
        cluster.note(workload, "Unschedulable", message, warning=True)


def _bind(cluster: Cluster, workload: Workload, node: str) -> None:
    """Put a workload on a node. Without room in the mount table it goes on without mounts."""
    missing = not has_room_for_mounts(cluster, workload, node) or bool(
        cluster.strikes(Trouble.MOUNT_RACE, workload, workload.starts)
    )
    workload.waiting_since_s, workload.node = None, node
    workload.mounts_missing = missing
    pod = Pod(_pod_name(cluster, workload), node, cluster.now_s, mounted=not missing)
    workload.pods.append(pod)
    cluster.enter(workload, Phase.INITIALIZING)
    cluster.note(workload, "Bound", f"Pod bound successfully to node {node}")
    if cluster.strikes(Trouble.STUCK_INITIALIZING, workload, workload.starts):
        message = "Error: failed to mount: CreateContainerError"
        cluster.note(workload, "CreateContainerError", message, warning=True)
        return
    delays = cluster.settings.delays
    span = delays.initializing_full if missing else delays.initializing
    cluster.due(workload, Step.START, delay(cluster, workload, span, "initializing"))


def _pod_name(cluster: Cluster, workload: Workload) -> str:
    """Return the name of the next pod: each has a new one (Run:ai facts, 18)."""
    count = len(workload.pods)
    if not count:
        return f"{workload.name}-0-0"
    return f"{workload.name}-0-{cluster.chance.bits('pod', workload.uid, count) % 16**5:05x}"


def _start(cluster: Cluster, workload: Workload) -> None:
    """Start the container, and settle now what it is going to end with and when."""
    if workload.phase is not Phase.RUNNING:
        cluster.enter(workload, Phase.RUNNING)
    pod = workload.pods[-1]
    pod.started_s, pod.phase = cluster.now_s, "Running"
    workload.starts += 1
    workload.exit_code, run_s = _outcome(cluster, workload)
    workload.run_ends_s = round(cluster.now_s + run_s, 3)
    if not _runs_on(cluster, workload):
        _plan_run(cluster, workload, run_s)


def _runs_on(cluster: Cluster, workload: Workload) -> bool:
    """Tell whether a workspace stays up instead of ending well (Run:ai facts, 19)."""
    is_workspace = workload.request.kind == "workspace" and workload.request.owner == "batch"
    never_ends = cluster.switches.workspace_end is WorkspaceEnd.NEVER
    return is_workspace and never_ends and workload.exit_code == 0


def _outcome(cluster: Cluster, workload: Workload) -> tuple[int, float]:
    """Return the exit code of this start and the seconds until then."""
    if workload.mounts_missing:
        span = cluster.settings.delays.mount_failure
        return MOUNT_FAILURE_CODE, delay(cluster, workload, span, "mount failure")
    settings, name = cluster.settings, workload.name
    run_s = settings.durations_s.get(name)
    if run_s is None:
        is_other = workload.request.owner == "other"
        span = settings.others.duration_s if is_other else settings.delays.running
        run_s = delay(cluster, workload, span, "running")
    return _planned_code(cluster, workload), run_s


def _planned_code(cluster: Cluster, workload: Workload) -> int:
    settings, used = cluster.settings, cluster.tally.outcomes_used.get(workload.name, 0)
    codes = settings.outcomes.get(workload.name)
    if codes:
        return codes[min(used, len(codes) - 1)]
    rates: dict[int, float] = dict(settings.outcome_rates)
    if workload.request.owner == "other":
        rates = {1: settings.others.failing}
    draw = cluster.chance.share("outcome", workload.name, used)
    for code, rate in rates.items():
        if draw < rate:
            return code
        draw -= rate
    return 0


def _plan_run(cluster: Cluster, workload: Workload, run_s: float) -> None:
    """Make the end of the run due, or the interruption that comes before it."""
    moment = delay(cluster, workload, (0.1, 0.9), "interruption")
    start = workload.starts
    step = Step.EXIT
    if workload.request.preemptible and cluster.strikes(Trouble.PREEMPTION, workload, start):
        step = Step.EVICT
    elif cluster.strikes(Trouble.EVICTION, workload, start):
        step = Step.LOSE
    elif cluster.strikes(Trouble.STOPPED, workload, start):
        step = Step.LIMIT
    elif fault := cluster.strikes(Trouble.DEGRADED, workload, start):
        step, workload.degraded_s = Step.DEGRADE, fault.seconds
    cluster.due(workload, step, run_s if step is Step.EXIT else run_s * moment)


def _exit(cluster: Cluster, workload: Workload) -> None:
    code = workload.exit_code or 0
    if not workload.mounts_missing:
        used = cluster.tally.outcomes_used
        used[workload.name] = used.get(workload.name, 0) + 1
    pod = workload.pods[-1]
    pod.exit_code = code
    if _restarts(cluster, workload, code):
        _restart_in_place(cluster, workload, pod)
        return
    end_pod(cluster, workload, "Error" if code else "Succeeded")
    if not code:
        finish(cluster, workload, Phase.COMPLETED)
    elif workload.retries < _backoff_limit(cluster, workload):
        _retry(cluster, workload)
    else:
        reason = "RunaiJob has reached the specified backoff limit"
        cluster.note(workload, "BackoffLimitExceeded", reason, warning=True)
        finish(cluster, workload, Phase.FAILED)


def _backoff_limit(cluster: Cluster, workload: Workload) -> int:
    if not cluster.switches.backoff_honoured and workload.request.owner == "batch":
        return SERVER_BACKOFF_LIMIT
    return workload.request.backoff_limit


def _restarts(cluster: Cluster, workload: Workload, code: int) -> bool:
    """Tell whether the container starts again in its pod (Run:ai facts, 18)."""
    asked = workload.request
    if asked.restart_policy == "Always":
        return True
    ending = cluster.switches.workspace_end
    if asked.kind == "workspace" and ending is WorkspaceEnd.RESTARTS and asked.owner == "batch":
        return asked.restart_policy != "Never"
    spent = workload.retries >= _backoff_limit(cluster, workload)
    return asked.restart_policy == "OnFailure" and code != 0 and not spent


def _restart_in_place(cluster: Cluster, workload: Workload, pod: Pod) -> None:
    backoff_s = _backoff(cluster, workload)
    workload.retries += 1
    pod.restarts += 1
    cluster.note(workload, "BackOff", "Back-off restarting failed container", warning=True)
    cluster.due(workload, Step.START, backoff_s)


def _retry(cluster: Cluster, workload: Workload) -> None:
    """Replace the failed pod by a new one, after a delay that doubles (Run:ai facts, 18)."""
    backoff_s = _backoff(cluster, workload)
    workload.retries += 1
    cluster.enter(workload, Phase.PENDING)
    cluster.due(workload, Step.QUEUE, backoff_s)
    release(cluster, workload)


def _backoff(cluster: Cluster, workload: Workload) -> float:
    return min(cluster.settings.delays.backoff_s * 2.0**workload.retries, LONGEST_BACKOFF_S)


def evict(cluster: Cluster, workload: Workload) -> None:
    """Preempt a workload: its pod is lost, and it queues again (Run:ai facts, 19)."""
    end_pod(cluster, workload, "Error")
    cluster.note(workload, "Preempted", "Pod was preempted", warning=True)
    cluster.enter(workload, Phase.PENDING)
    again_s = delay(cluster, workload, cluster.settings.delays.preempted, "preempted")
    cluster.due(workload, Step.QUEUE, again_s)
    release(cluster, workload)


def _lose(cluster: Cluster, workload: Workload) -> None:
    """Evict a workload whose pod nothing replaces: it has failed, without an exit code."""
    end_pod(cluster, workload, EVICTED)
    cluster.note(workload, EVICTED, "The node was low on resource: memory.", warning=True)
    finish(cluster, workload, Phase.FAILED)


def stop(cluster: Cluster, workload: Workload) -> None:
    """Begin to suspend a workload (Run:ai facts, 9 and 19)."""
    workload.waiting_since_s = None
    cluster.enter(workload, Phase.STOPPING)
    stopping_s = delay(cluster, workload, cluster.settings.delays.stopping, "stopping")
    cluster.due(workload, Step.STOPPED, stopping_s)


def _limit(cluster: Cluster, workload: Workload) -> None:
    cluster.note(workload, "WorkloadTimeoutReached", "the time limit is reached", warning=True)
    stop(cluster, workload)


def _stopped(cluster: Cluster, workload: Workload) -> None:
    end_pod(cluster, workload, "Error")
    cluster.note(workload, "Suspended", "the workload is suspended")
    cluster.enter(workload, Phase.STOPPED)
    release(cluster, workload)


def _degrade(cluster: Cluster, workload: Workload) -> None:
    cluster.enter(workload, Phase.DEGRADED)
    cluster.due(workload, Step.RECOVER, workload.degraded_s)


def _recover(cluster: Cluster, workload: Workload) -> None:
    cluster.enter(workload, Phase.RUNNING)
    left_s = (workload.run_ends_s or 0.0) - cluster.now_s
    cluster.due(workload, Step.EXIT, max(0.0, left_s))


def remove(cluster: Cluster, workload: Workload) -> None:
    """Take a workload away for good and let others have its place."""
    cluster.remove(workload)
    fill(cluster)


_STEPS: dict[Step, Callable[[Cluster, Workload], None]] = {
    Step.NOTHING: lambda _cluster, _workload: None,
    Step.PEND: _pend,
    Step.QUEUE: _queue,
    Step.START: _start,
    Step.EXIT: _exit,
    Step.EVICT: evict,
    Step.LOSE: _lose,
    Step.LIMIT: _limit,
    Step.DEGRADE: _degrade,
    Step.RECOVER: _recover,
    Step.STOPPED: _stopped,
    Step.EXPIRE: remove,
    Step.REMOVE: remove,
}
