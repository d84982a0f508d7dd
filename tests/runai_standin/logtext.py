"""What a container writes to its log (GAPIT facts, "exit-code contract")."""

from .cluster import Cluster
from .workload import Pod, Workload

# With the guard around the command its exit code stands last; what is killed says no more.
_GUARD = "RUNBATCH_GUARD"
_KILLED = 137
_LAST_LINES = {
    0: ["[INFO] Analysis finished"],
    1: ["{decoy}", "[ERROR] Missing required files or directories"],
    2: [
        "\x1b[31m[ERROR]\x1b[0m INFRASTRUCTURE MOUNT FAILURE: {mount} is not a mount point",
        "\x1b[31m[ERROR]\x1b[0m Infrastructure failure detected (exit code 2) - retryable",
    ],
    _KILLED: [],
}
# What jobs print that were set up wrongly, and what no mount failure is to be concluded from.
_DECOYS = (
    "[INFO] Checking files",
    "[WARN] /scratch is not a mount point, going on without it",
    "[ERROR] /scratch is not a mount point",
    "[ERROR] INFRASTRUCTURE MOUNT FAILURE: {mount} is not a mount point",
)


def log_lines(cluster: Cluster, workload: Workload, pod: Pod) -> list[str]:
    """Return the lines a pod has written until now: the last ones once it has ended.

    A text of the settings takes the place of the lines of a run that has its mounts.
    """
    own = cluster.settings.logs.get(workload.name)
    if own is not None and pod.mounted:
        return own.splitlines()
    lines = [f"[INFO] Starting {workload.name} on {pod.node}"]
    lines += [f"[INFO] {name}={value[:80]}" for name, value in workload.request.environment]
    if pod.exit_code is None:
        return lines
    if pod.exit_code in (0, _KILLED) or pod.exit_code not in _LAST_LINES:
        lines += [f"[INFO] step {step} of 5" for step in range(1, 6)]
    lines += _last_lines(workload, pod.exit_code)
    if _GUARD in dict(workload.request.environment) and pod.exit_code != _KILLED:
        lines.append(f"runbatch: exit code {pod.exit_code}")
    return lines


def _last_lines(workload: Workload, exit_code: int) -> list[str]:
    mounts = [path.mount for path in workload.request.host_paths]
    last = _LAST_LINES.get(exit_code, ["Error in analysis: execution halted"])
    mount = mounts[0] if mounts else "/data"
    decoy = _DECOYS[sum(workload.name.encode()) % len(_DECOYS)].format(mount=mount)
    return [line.format(mount=mount, decoy=decoy) for line in last]
