"""Where a workload runs: the places of each node and its table of mounts.

The table is what the incident of January 2026 was about: a node with free places but a full
table takes a workload, which then finds its folders missing and ends with code 2 (GAPIT facts,
"exit-code contract").
"""

from .cluster import Cluster
from .switches import Trouble
from .workload import Workload


def choose(cluster: Cluster, workload: Workload) -> str | None:
    """Return the node with a free place that a workload goes to, None if all are taken.

    A retry goes back to the node of the last pod while that has a place: seven pods on one node
    were observed (Run:ai facts, 18).
    """
    free = _free_nodes(cluster, workload)
    pinned = cluster.settings.pinned.get(workload.name)
    if pinned is not None:
        return pinned if pinned in free else None
    if workload.retries and workload.pods and workload.pods[-1].node in free:
        return workload.pods[-1].node
    direction = 1 if cluster.settings.packed else -1
    return min(
        free,
        key=lambda node: (direction * free[node], cluster.chance.bits(workload.uid, node)),
        default=None,
    )


def _free_nodes(cluster: Cluster, workload: Workload) -> dict[str, int]:
    """Return how many places are free on each node that has any and is not excluded."""
    free = dict.fromkeys(cluster.settings.node_names, cluster.settings.slots)
    for other in cluster.workloads.values():
        if other.node is not None:
            free[other.node] -= 1
    excluded = workload.request.excluded_nodes
    return {node: count for node, count in free.items() if count > 0 and node not in excluded}


def has_room_for_mounts(cluster: Cluster, workload: Workload, node: str) -> bool:
    """Tell whether the table of a node takes the host paths of a workload."""
    wanted = len(workload.request.host_paths)
    if not wanted:
        return True
    if cluster.struck(Trouble.FULL_NODE, node, node, workload.uid, workload.starts):
        return False
    settings = cluster.settings
    size = settings.mount_tables.get(node, settings.mount_table)
    return mounts_taken(cluster, node) + wanted <= size


def mounts_taken(cluster: Cluster, node: str) -> int:
    """Return how many entries of a node's table are taken."""
    return sum(
        len(other.request.host_paths)
        for other in cluster.workloads.values()
        if other.node == node and not other.mounts_missing
    )
