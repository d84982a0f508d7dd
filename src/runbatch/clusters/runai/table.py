"""The `[cluster]` table of Run:ai."""

from typing import Literal

from pydantic import ConfigDict

from runbatch.clusters import kinds
from runbatch.core.batch import ClusterChoice


class RunaiTable(kinds.Table):
    """Each job is a workload of a Run:ai project, by your own `runai` program."""

    model_config = ConfigDict(json_schema_extra={"required": ["kind", "project"]})

    kind: Literal["runai"]
    """Workloads of a Run:ai project."""
    project: str | None = None
    """The Run:ai project."""
    workload: Literal["workspace", "training"] = "workspace"
    """The type of workload. A batch keeps the type that it began with."""


def table_of(choice: ClusterChoice) -> RunaiTable:
    """Return the choice as Run:ai reads it; raise BatchError."""
    return kinds.table_of(RunaiTable, choice)
