"""Other people's workloads: always a given number Running, and some that come and go.

They share the project with the batch, so that a tool that counts or touches what is not its own
is found out.
"""

from math import log

from .cluster import Cluster
from .lifecycle import happen
from .orders import create, new_workload, perform_plots
from .placement import choose
from .workload import ENDED, HostPath, Phase, Pod, Request, Step, Workload

ELSEWHERE = "vision-lab"
_HOUR_S = 3600.0


def advance(cluster: Cluster, until_s: float) -> None:
    """Let everything happen until a moment, other people's doings included."""
    cluster.advance(until_s, _step, _besides)


def populate(cluster: Cluster) -> None:
    """Start the standing number of other people's workloads, and the first arrival's clock."""
    others = cluster.settings.others
    for number in range(others.running + others.elsewhere):
        inside = number < others.running
        _begin_running(cluster, cluster.settings.project if inside else ELSEWHERE)
    _expect_arrival(cluster)


def _step(cluster: Cluster, workload: Workload) -> None:
    happen(cluster, workload)
    if workload.request.owner == "other" and workload.phase in ENDED:
        _leave(cluster, workload)


def _leave(cluster: Cluster, workload: Workload) -> None:
    """Keep an ended workload listed for its time, and let the next one run in its place."""
    cluster.due(workload, Step.EXPIRE, cluster.settings.others.kept_s)
    if workload.request.standing:
        _begin_running(cluster, workload.request.project)


def _besides(cluster: Cluster) -> None:
    perform_plots(cluster)
    arrival_s = cluster.tally.next_arrival_s
    if arrival_s is not None and arrival_s <= cluster.now_s:
        create(cluster, _request(cluster, cluster.settings.project, standing=False))
        _expect_arrival(cluster)


def _expect_arrival(cluster: Cluster) -> None:
    """Draw when the next one arrives: exponential gaps, as independent people make them."""
    per_hour = cluster.settings.others.per_hour
    if per_hour <= 0:
        return
    cluster.tally.arrivals += 1
    share = cluster.chance.share("arrival", cluster.tally.arrivals)
    gap_s = -log(1.0 - share) * _HOUR_S / per_hour
    cluster.tally.next_arrival_s = round(cluster.now_s + gap_s, 3)
    cluster.remind(cluster.tally.next_arrival_s, -2)


def _begin_running(cluster: Cluster, project: str) -> None:
    """Add a workload that runs already, on a node with a free place if there is any."""
    workload = new_workload(cluster, _request(cluster, project, standing=True))
    workload.node = choose(cluster, workload)
    node = workload.node or cluster.settings.node_names[0]
    pod = Pod(f"{workload.name}-0-0", node, cluster.now_s, mounted=True, phase="Running")
    pod.started_s = cluster.now_s
    workload.pods.append(pod)
    workload.starts = 1
    cluster.enter(workload, Phase.RUNNING)
    run_s = cluster.chance.between(cluster.settings.others.duration_s, workload.uid, "running")
    failing = cluster.chance.happens(cluster.settings.others.failing, workload.uid, "failing")
    workload.exit_code = int(failing)
    cluster.due(workload, Step.EXIT, run_s)


def _request(cluster: Cluster, project: str, standing: bool) -> Request:
    """Return what another person asks for: names and kinds take turns."""
    tally, others = cluster.tally, cluster.settings.others
    tally.others += 1
    template = others.names[tally.others % len(others.names)]
    return Request(
        name=template.format(n=tally.others),
        project=project,
        kind="workspace" if tally.others % 2 else "training",
        owner="other",
        image="jupyter/scipy-notebook",
        standing=standing,
        host_paths=(HostPath("/lab/home", "/home"),) * others.mounts,
        backoff_limit=0,
    )
