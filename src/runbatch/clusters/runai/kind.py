"""The kind `runai`: workloads of a Run:ai project, by its command line."""

from pathlib import Path, PurePath
from typing import TYPE_CHECKING

from runbatch.clusters.kinds import Identity, Kind
from runbatch.clusters.runai.limits import check, project_of
from runbatch.clusters.runai.table import RunaiTable, table_of
from runbatch.core.batch import Batch

if TYPE_CHECKING:
    from runbatch.clusters.base import Cluster


def _identity(batch: Batch) -> Identity:
    """Return one ledger a prefix in each project; listings show one type of workload."""
    folder = PurePath("runai", project_of(batch.cluster), batch.prefix)
    return Identity(folder, ("workload", table_of(batch.cluster).workload))


def _open(batch: Batch, _: Path, for_one_look: bool) -> "Cluster":  # noqa: FBT001
    from runbatch.clusters.kubectl.pods import MOST_TRIES  # noqa: PLC0415
    from runbatch.clusters.runai.cluster import RunaiCluster  # noqa: PLC0415  # late

    tries = 1 if for_one_look else MOST_TRIES
    workload = table_of(batch.cluster).workload
    return RunaiCluster(project_of(batch.cluster), workload, kubectl_tries=tries)


def _label(batch: Batch) -> str:
    table = table_of(batch.cluster)
    return f"{table.kind} (project {table.project or ''}, {table.workload}s)"


def _guard(batch: Batch) -> str:
    if batch.run.guard:
        return "checks the mounts before the command, and logs the exit code after it"
    return "off: without kubectl the log decides; guard = true in [run] logs each exit code"


KIND = Kind(
    table=RunaiTable,
    check=check,
    run_needs=("image",),
    identity=_identity,
    open=_open,
    poll_interval_s=30,
    submit_interval_s=2,
    label=_label,
    guard=_guard,
)
