"""The shape of `batch.toml`, table by table, and what each key means.

A docstring under a key is its meaning in the reference and in the JSON Schema. What a value may be
is decided by `Batch`, in words that help; the schema repeats it for editors.
"""

from dataclasses import MISSING, fields
from typing import Annotated, Any, Generic, TypeVar, get_type_hints

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    GetPydanticSchema,
    create_model,
    model_validator,
)

from runbatch.clusters.kinds import Table
from runbatch.core.batch import (
    LARGEST_CAP,
    MOST_JOBS,
    VARIABLE_PATTERN,
    Mount,
    Run,
    whole,
)
from runbatch.core.failure import LONGEST_DELAY_S, MOST_RETRIES, RETRIABLE_CODES
from runbatch.core.names import LONGEST_NAME, PREFIX

ClusterT = TypeVar("ClusterT", bound=Table)


def _limits(**words: Any) -> Any:
    """Say in the JSON Schema what `Batch` itself enforces, in better words than a schema has."""
    return Field(json_schema_extra=words)


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
    variable: Annotated[str, _limits(pattern=VARIABLE_PATTERN)] | None = None
    """The environment variable that tells a job its key: letters, digits and `_`, no digit first.
    Each job has it as `RUNBATCH_KEY` too."""


class _ValueTable(_Table):
    """A table whose keys are the fields of a value of the core."""

    @model_validator(mode="before")
    @classmethod
    def _with_tuples(cls, given: Any) -> Any:
        """Return the table as values have it: a list is a tuple."""
        if not isinstance(given, dict):
            return given
        return {key: tuple(each) if isinstance(each, list) else each for key, each in given.items()}


def _table_of(value: type, name: str, **types: Any) -> type[BaseModel]:
    """Return the table whose keys are the fields of this class, with what is said of each.

    `types` are those of the fields that a file writes in another way.
    """
    hints = get_type_hints(value) | types
    keys: dict[str, Any] = {}
    for each in fields(value):
        given = {"default": each.default, "default_factory": each.default_factory}
        default: Any = {word: what for word, what in given.items() if what is not MISSING}
        limits = dict(each.metadata) or None
        keys[each.name] = (hints[each.name], Field(json_schema_extra=limits, **default))
    made: type[BaseModel] = create_model(name, __base__=_ValueTable, __doc__=value.__doc__, **keys)
    return made


MountTable = _table_of(Mount, "MountTable")
RunTable = _table_of(
    Run,
    "RunTable",
    env=dict[str, str | int],
    mounts=tuple[MountTable, ...],  # type: ignore[valid-type]
)


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

    prefix: Annotated[str, _limits(pattern=whole(PREFIX), maxLength=LONGEST_NAME - 2)]
    """What the names of the batch's workloads begin with: job 37 is `<prefix>-37`. Lower-case
    letters, digits and dashes, a letter first."""
    max_concurrent: Annotated[int, _limits(minimum=1, maximum=LARGEST_CAP)] = 50
    """The cap: the most jobs of this batch in flight, in any stage that is not an end."""
    cluster: ClusterT
    """Which cluster runs the jobs."""
    jobs: JobsTable
    """Which jobs there are."""
    run: Annotated[Any, GetPydanticSchema(lambda _, schema_of: schema_of(RunTable))]
    """What each job runs."""
    retry: RetryTable = RetryTable()
    """What is retried, and when."""
