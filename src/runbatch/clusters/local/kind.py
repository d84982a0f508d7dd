"""The kind `local`: processes on this machine."""

from pathlib import Path, PurePath
from typing import TYPE_CHECKING, Literal

from runbatch.clusters.kinds import Identity, Kind, Table
from runbatch.clusters.local.preflight import lacking
from runbatch.core.batch import Batch

if TYPE_CHECKING:
    from runbatch.clusters.base import Cluster

NAME = "local"


class LocalTable(Table):
    """Each job is a process on this machine."""

    kind: Literal["local"] = "local"
    """Processes on this machine."""


def _root(state_dir: Path) -> Path:
    return state_dir / "clusters" / NAME


def _identity(batch: Batch) -> Identity:
    return Identity(PurePath(NAME, batch.prefix))


def _open(_: Batch, state_dir: Path, for_one_look: bool) -> "Cluster":  # noqa: ARG001, FBT001
    from runbatch.clusters.local.cluster import LocalCluster  # noqa: PLC0415  # late

    return LocalCluster(_root(state_dir))


def _guard(batch: Batch) -> str | None:
    said = "not needed on local, where mounts are checked and exit codes known"
    return said if batch.run.guard else None


KIND = Kind(
    table=LocalTable,
    identity=_identity,
    open=_open,
    poll_interval_s=0.5,
    submit_interval_s=0,
    guard=_guard,
    records=lambda state_dir: (_root(state_dir) / "workloads",),
    lacking=lacking,
    judges_on_sight=True,
    has_one_node=True,
)
