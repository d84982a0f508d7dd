"""What the folders of local workloads tell to whoever looks, while others may replace them."""

import os
from pathlib import Path

from runbatch.clusters.local.processes import LivingProcesses, Mark
from runbatch.clusters.records.folder import Description, WorkloadFolder, this_boot
from runbatch.core.attempt import Observation
from runbatch.core.errors import Unreachable
from runbatch.core.stage import Stage

# A workload that makes room for its successor while it is looked at is looked at once more.
_MOST_LOOKS = 5

PHASES = {Stage.RUNNING: "Running", Stage.SUCCEEDED: "Completed", Stage.FAILED: "Failed"}


def observe(path: Path, living: LivingProcesses) -> Observation | None:
    """Return the workload in this folder as it is; None if it is gone, or died without an end.

    Raises OSError or ValueError if it cannot be read, as when only a part of the folder of a
    running workload is left; Unreachable if it never stays the same.
    """
    folder = WorkloadFolder(path)
    for _ in range(_MOST_LOOKS):
        description = folder.describe()
        if description is None:
            _check_that_nothing_runs(folder)
            return None
        seen = _observed(folder, description, living)
        # No uid comes back: if it is still the same one, all that was read in between is its own.
        if folder.describe() == description:
            return seen
    raise Unreachable(f"local: {path} is replaced again and again.")


def ended_by_restart(path: Path) -> str | None:
    """Return the uid of the workload in this folder, which is gone, if a restart ended it.

    Another machine's start tells nothing: the state folder may be moved, or shared.
    """
    description = WorkloadFolder(path).describe()
    if description is None:
        return None
    ran, now = description.boot, this_boot()
    is_here = ran.get("machine") == now["machine"]
    was_restarted = is_here and {"id"} <= ran.keys() & now.keys() and ran["id"] != now["id"]
    return description.uid if was_restarted else None


def _check_that_nothing_runs(folder: WorkloadFolder) -> None:
    """Raise ValueError if a workload runs whose description somebody deleted: it is not gone.

    A scratch folder may be purged by age, file by file, while the job runs.
    """
    if folder.is_alive():
        raise ValueError("workload.json was deleted, and the job still runs")


def of_mark(mark: Mark) -> Observation:
    """Return the workload that a living process tells of."""
    return Observation(
        name=mark.name,
        uid=mark.uid,
        stage=Stage.RUNNING,
        phase=PHASES[Stage.RUNNING],
        node=node(),
        number=mark.number,
        origin=mark.origin,
    )


def node() -> str:
    """Return this machine's name."""
    return os.uname().nodename


def _observed(
    folder: WorkloadFolder, description: Description, living: LivingProcesses
) -> Observation | None:
    stage, end = folder.stage(), folder.end()
    if stage is None and living.pids(description.uid):
        stage = Stage.RUNNING  # its wrapper was killed, and it had let go of the lock
    if stage is None:
        return None
    return Observation(
        name=description.name,
        uid=description.uid,
        stage=stage,
        phase=PHASES[stage],
        node=node(),
        number=description.number,
        ended_at=end.at if end and stage.ended else None,
        origin=description.origin,
    )
