"""What people and the platform ask of the cluster: create, delete, suspend, resume, and deeds.

All of these are answered at once and done later: the REST interface answers 202
(Run:ai facts, 13).
"""

from collections.abc import Callable

from .cluster import Cluster, Deed, Plot
from .lifecycle import end_pod, evict, finish, remove, stop
from .switches import Trouble
from .workload import ENDED, Phase, Request, Step, Workload

_STARTABLE = frozenset({Phase.RUNNING, Phase.DEGRADED, Phase.INITIALIZING})


def create(cluster: Cluster, request: Request) -> Workload:
    """Add a workload in phase Creating. Its uid depends on the seed, its name and how many of
    that name came before, not on the order of calls.
    """
    workload = new_workload(cluster, request)
    cluster.enter(workload, Phase.CREATING)
    span = cluster.settings.delays.creating
    cluster.due(workload, Step.PEND, cluster.chance.between(span, workload.uid, "creating"))
    return workload


def new_workload(cluster: Cluster, request: Request) -> Workload:
    """Add a workload that is in no phase yet."""
    tally, key = cluster.tally, f"{request.project}/{request.name}"
    count = tally.created.get(key, 0)
    tally.created[key] = count + 1
    tally.workloads += 1
    workload = Workload(
        uid=cluster.chance.uuid("uid", key, count),
        ordinal=tally.workloads,
        generation=count,
        request=request,
        created_s=cluster.now_s,
        phase=Phase.CREATING,
        phase_since_s=cluster.now_s,
    )
    cluster.workloads[workload.uid] = workload
    return workload


def delete(cluster: Cluster, workload: Workload) -> None:
    """Begin to delete a workload: its name is taken until it is gone (Run:ai facts, 13)."""
    if workload.phase is Phase.DELETING:
        return
    workload.waiting_since_s = None
    cluster.enter(workload, Phase.DELETING)
    if cluster.strikes(Trouble.STUCK_DELETE, workload):
        cluster.due(workload, Step.NOTHING)
        return
    deleting_s = cluster.chance.between(cluster.settings.delays.deleting, workload.uid, "deleting")
    slow = cluster.strikes(Trouble.SLOW_DELETE, workload)
    cluster.due(workload, Step.REMOVE, deleting_s + (slow.seconds if slow else 0.0))


def suspend(cluster: Cluster, workload: Workload) -> bool:
    """Begin to suspend a workload, and tell whether that could be done."""
    if workload.phase in ENDED | {Phase.DELETING, Phase.STOPPING, Phase.STOPPED}:
        return False
    stop(cluster, workload)
    return True


def resume(cluster: Cluster, workload: Workload) -> bool:
    """Begin to resume a stopped workload from scratch, and tell whether that could be done."""
    if workload.phase is not Phase.STOPPED:
        return False
    cluster.enter(workload, Phase.RESUMING)
    span = cluster.settings.delays.creating
    cluster.due(workload, Step.QUEUE, cluster.chance.between(span, workload.uid, "resuming"))
    return True


def perform_plots(cluster: Cluster) -> None:
    """Do the deeds whose time has come, to those workloads that are there."""
    due = [plot for plot in cluster.tally.plots if plot.at_s <= cluster.now_s]
    cluster.tally.plots = [plot for plot in cluster.tally.plots if plot not in due]
    for plot in due:
        workload = cluster.named(cluster.settings.project, plot.name)
        if workload is not None:
            _DEEDS[plot.deed](cluster, workload, plot)


def _preempt(cluster: Cluster, workload: Workload, _plot: Plot) -> None:
    if workload.phase in _STARTABLE:
        evict(cluster, workload)


def _restart(cluster: Cluster, workload: Workload, _plot: Plot) -> None:
    if workload.phase in ENDED:
        workload.completed_s = None
        cluster.enter(workload, Phase.PENDING)
        cluster.due(workload, Step.QUEUE)


def _finish_now(cluster: Cluster, workload: Workload, plot: Plot) -> None:
    if workload.phase in _STARTABLE:
        workload.pods[-1].exit_code = plot.code
        end_pod(cluster, workload, "Error" if plot.code else "Succeeded")
        finish(cluster, workload, Phase.FAILED if plot.code else Phase.COMPLETED)


def _show(cluster: Cluster, workload: Workload, plot: Plot) -> None:
    workload.odd_word, workload.odd_until_s = plot.word, cluster.now_s + plot.seconds
    cluster.dirty[workload.uid] = workload


_DEEDS: dict[Deed, Callable[[Cluster, Workload, Plot], object]] = {
    Deed.DELETE: lambda cluster, workload, _plot: delete(cluster, workload),
    Deed.ERASE: lambda cluster, workload, _plot: remove(cluster, workload),
    Deed.SUSPEND: lambda cluster, workload, _plot: suspend(cluster, workload),
    Deed.RESUME: lambda cluster, workload, _plot: resume(cluster, workload),
    Deed.PREEMPT: _preempt,
    Deed.RESTART: _restart,
    Deed.FINISH: _finish_now,
    Deed.SHOW: _show,
}
