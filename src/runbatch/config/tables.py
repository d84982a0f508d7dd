"""The shape of `batch.toml`, table by table, and what each key means.

A docstring under a key is its meaning in the reference and in the JSON Schema. What a value may be
is decided by `Batch`, in words that help; the schema repeats it for editors.
"""

import re
from typing import Annotated, Any, Generic, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field

from runbatch.clusters.kinds import Table
from runbatch.core.batch import (
    LARGEST_CAP,
    LARGEST_CPU,
    LONGEST_VALUE_BYTES,
    MEMORY,
    MOST_JOBS,
    RESERVED_VARIABLES,
    VARIABLE,
)
from runbatch.core.failure import LONGEST_DELAY_S, MOST_RETRIES, RETRIABLE_CODES
from runbatch.core.names import LONGEST_NAME, PREFIX

ClusterT = TypeVar("ClusterT", bound=Table)


def _limits(**words: Any) -> Any:
    """Say in the JSON Schema what `Batch` itself enforces, in better words than a schema has."""
    return Field(json_schema_extra=words)


def _whole(pattern: re.Pattern[str]) -> str:
    return f"^(?:{pattern.pattern})$"


_NAME = f"^(?!{RESERVED_VARIABLES})(?:{VARIABLE.pattern})$"


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class JobsTable(_Table):
    """Which jobs there are: one of `range`, `keys` and `file`, and no two of them."""

    model_config = ConfigDict(
        json_schema_extra={"oneOf": [{"required": [each]} for each in ("range", "keys", "file")]}
    )

    range: (
        Annotated[
            list[Annotated[int, _limits(minimum=0)]],
            Field(min_length=2, max_length=2),
        ]
        | None
    ) = None
    """The first and the last of a range of whole numbers, both included."""
    keys: (
        Annotated[
            list[Annotated[str, _limits(minLength=1)] | int],
            _limits(minItems=1, maxItems=MOST_JOBS, uniqueItems=True),
        ]
        | None
    ) = None
    """The jobs' keys, in the order in which they start; no two alike."""
    file: Annotated[str, _limits(minLength=1)] | None = None
    """A text file with one key a line, relative to `batch.toml`. Empty lines are left out, and
    comments: what follows a `#` at the beginning of a line or behind a blank."""
    variable: Annotated[str, _limits(pattern=_NAME)] | None = None
    """The environment variable that tells a job its key: letters, digits and `_`, no digit first.
    Each job has it as `RUNBATCH_KEY` too."""


class MountTable(_Table):
    """A host folder and where the job sees it."""

    host: str
    """The folder on the host. Absolute on `runai`; on `local` relative to `batch.toml`."""
    path: Annotated[str, _limits(pattern="^/")]
    """Where the job sees it: a path that begins with `/`; no two mounts have the same. On `local`
    see `RUNBATCH_MOUNT_…`."""
    read_only: bool = True
    """Whether the job may only read it."""
    propagation: Literal["HostToContainer", "None"] = "HostToContainer"
    """Kubernetes' word for whether mounts that are made on the host later are seen too."""


class RunTable(_Table):
    """What each job runs."""

    image: str | None = None
    """The container image; needed on `runai`, without effect on `local`."""
    command: Annotated[list[str], _limits(minItems=1)]
    """A program and its words, handed on as they are: no shell in between."""
    cpu: Annotated[float, _limits(exclusiveMinimum=0, maximum=LARGEST_CPU)] | None = None
    """How many cores each job asks for. Shown, not enforced, on `local`."""
    memory: Annotated[str, _limits(pattern=_whole(MEMORY))] | None = None
    """How much memory each job asks for, such as `32G` or `1.5Gi`; not enforced on `local`."""
    env: Annotated[
        dict[
            Annotated[str, _limits(pattern=_NAME)],
            Annotated[str, _limits(maxLength=LONGEST_VALUE_BYTES)] | int,
        ],
        _limits(additionalProperties=False),
    ] = {}
    """Environment variables for each job. Names that begin with `RUNBATCH_` are taken."""
    mounts: list[MountTable] = []
    """Host folders that each job sees, one table each."""
    guard: bool = False
    """On `runai`: check the mounts before the command, and log its exit code after it, whatever the
    image (it needs a `sh`). On `local` that is done anyway."""


class RetryTable(_Table):
    """What is retried, and when."""

    exit_codes: list[
        Annotated[int, _limits(minimum=RETRIABLE_CODES.start, maximum=RETRIABLE_CODES.stop - 1)]
    ] = [2]
    """The exit codes that are tried again: 2 means a mount failure, any other an infrastructure
    failure. 1, a configuration error, cannot be one."""
    log_markers: list[Annotated[str, _limits(pattern=r"\S")]] = [
        "INFRASTRUCTURE MOUNT FAILURE",
        "is not a mount point",
    ]
    """Texts of log lines that mean a mount failure, where no exit code is known: an error among the
    last 20 lines, of a mount of the batch if it names one, with no other error after it."""
    max_retries: Annotated[int, _limits(minimum=0, maximum=MOST_RETRIES)] = 3
    """The most retries of a job over the batch's whole life; 0 is none."""
    delay_s: Annotated[float, _limits(minimum=1, maximum=LONGEST_DELAY_S)] = 30
    """Seconds before the first retry; doubled for each further one, at most 300."""
    infrastructure: bool = True
    """Whether what the cluster itself says it broke is tried again too: a lost node, a failed
    start, an eviction. What `exit_codes` and `log_markers` name is tried again in any case."""


class BatchFile(_Table, Generic[ClusterT]):
    """The whole of `batch.toml`; the kind of cluster has its own table in it."""

    model_config = ConfigDict(title="batch.toml")

    prefix: Annotated[str, _limits(pattern=_whole(PREFIX), maxLength=LONGEST_NAME - 2)]
    """What the names of the batch's workloads begin with: job 37 is `<prefix>-37`. Lower-case
    letters, digits and dashes, a letter first."""
    max_concurrent: Annotated[int, _limits(minimum=1, maximum=LARGEST_CAP)] = 50
    """The cap: the most jobs of this batch in flight, in any phase that is not an end."""
    cluster: ClusterT
    """Which cluster runs the jobs."""
    jobs: JobsTable
    """Which jobs there are."""
    run: RunTable
    """What each job runs."""
    retry: RetryTable = RetryTable()
    """What is retried, and when."""
