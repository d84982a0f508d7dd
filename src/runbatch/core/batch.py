"""What the user asked for: a prefix, its jobs, a cap, a retry policy and a cluster; validated.

A `Batch` that exists is valid. Its limits are here, and errors name the place in `batch.toml`.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import PurePath

from runbatch.core import names
from runbatch.core.errors import BatchError
from runbatch.core.failure import RetryPolicy

MOST_JOBS = 10_000
LARGEST_CAP = 10_000
LARGEST_CPU = 10_000
LONGEST_VALUE_BYTES = 100_000  # Linux takes 128 KiB, its name included
PROPAGATIONS = ("HostToContainer", "None")
_UNITS = {"K": 1, "M": 2, "G": 3, "T": 4}
MEMORY = re.compile(r"([0-9]{1,15}(?:\.[0-9]{1,9})?)([KMGT])(i?)B?")
VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
RESERVED_VARIABLES = "RUNBATCH_"


@dataclass(frozen=True, slots=True, kw_only=True)
class ClusterChoice:
    """Which cluster runs the jobs: `kind`, and on Run:ai the project and the type of workload."""

    kind: str = "local"
    project: str | None = None
    workload: str = "workspace"


@dataclass(frozen=True, slots=True)
class Mount:
    """A host folder that each job sees at `path`; read-only unless asked otherwise.

    `propagation` is Kubernetes' word for whether mounts made on the host later are seen too.
    """

    host: str
    path: str
    read_only: bool = True
    propagation: str = "HostToContainer"

    def __post_init__(self) -> None:
        check_text("[run] mounts host", self.host)
        check_text("[run] mounts path", self.path)
        if not PurePath(self.path).is_absolute():
            place = f"[run] mounts path = {self.path!r}"
            raise BatchError(place, "write a path that begins with /.")
        if self.propagation not in PROPAGATIONS:
            place = f"[run] mounts propagation = {self.propagation!r}"
            raise BatchError(place, f"write {' or '.join(PROPAGATIONS)}.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """What every job runs, and what it asks for: `cpu` in cores, `memory` like `32G` or `1.5Gi`.

    `guard`: the command is to keep the exit-code contract whatever the image.
    """

    command: tuple[str, ...]
    image: str | None = None
    cpu: float | None = None
    memory: str | None = None
    env: Mapping[str, str] = field(default_factory=dict)
    mounts: tuple[Mount, ...] = ()
    guard: bool = False

    def __post_init__(self) -> None:
        if not self.command or not self.command[0]:
            raise BatchError(
                "[run] command", 'name a program, like command = ["python3", "job.py"].'
            )
        for word in self.command:
            check_text("[run] command", word)
        check_text("[run] image", self.image or "")
        for name, value in self.env.items():
            check_variable("[run] env", name)
            check_text(f"[run] env {name}", value)
            if len(value.encode()) > LONGEST_VALUE_BYTES:
                problem = f"longer than {LONGEST_VALUE_BYTES} bytes; put it into a file."
                raise BatchError(f"[run] env {name}", problem)
        # `/data/` and `//data` are /data, to a container's file system.
        places = {PurePath(mount.path).parts[1:] for mount in self.mounts}
        if len(places) < len(self.mounts):
            raise BatchError("[run] mounts", "two of them have the same path; give each its own.")
        if self.cpu is not None and not 0 < self.cpu <= LARGEST_CPU:
            problem = f"write a number of cores above 0 and at most {LARGEST_CPU}."
            raise BatchError(f"[run] cpu = {self.cpu:g}", problem)
        if self.memory is not None:
            memory_bytes(self.memory)


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """A batch of independent jobs, valid as it stands.

    `keys` names the jobs in the order they start; `integer_keys` tells whether each is a whole
    number, which decides whose a workload's name is. `variable` is the environment variable a job
    is told its key by. `folder` is where its commands and relative paths start. `notes` are what
    its reader should know of how it was read, and `files` what it was read from. Raises BatchError.
    """

    prefix: str
    keys: tuple[str, ...]
    run: Run
    cap: int = 50
    integer_keys: bool = False
    variable: str | None = None
    retry: RetryPolicy = field(default_factory=RetryPolicy)
    cluster: ClusterChoice = field(default_factory=ClusterChoice)
    folder: PurePath = field(default_factory=PurePath)
    notes: tuple[str, ...] = field(default=(), compare=False)
    files: tuple[PurePath, ...] = field(default=(), compare=False)

    def __post_init__(self) -> None:
        names.check_prefix(self.prefix)
        check_cap("max_concurrent", self.cap)
        if self.variable is not None:
            check_variable("[jobs] variable", self.variable)
            if self.variable in self.run.env:
                problem = (
                    "[run] env sets the same variable; the key would overwrite it. Rename one."
                )
                raise BatchError(f"[jobs] variable = {self.variable!r}", problem)
        self._check_keys()

    def _check_keys(self) -> None:
        if not self.keys:
            raise BatchError("[jobs]", "there are no jobs; name at least one key.")
        if len(self.keys) > MOST_JOBS:
            raise BatchError("[jobs]", f"{len(self.keys)} jobs; a batch holds at most {MOST_JOBS}.")
        seen: set[str] = set()
        for key in self.keys:
            check_text(f"[jobs] key {key!r}", key)
            names.check_name(self.prefix, key)
            if key in seen:
                raise BatchError(
                    "[jobs]", f"the key {key!r} is there twice; each job needs its own."
                )
            seen.add(key)

    def with_cap(self, cap: int) -> "Batch":
        """Return the same batch under another cap."""
        return replace(self, cap=cap)

    def workload_name(self, key: str) -> str:
        """Return the name of this job's workload, the same for each attempt."""
        return names.workload_name(self.prefix, key)


def range_of(first: int, last: int) -> tuple[str, ...]:
    """Return the keys of an inclusive range of whole numbers."""
    place = f"[jobs] range = [{first}, {last}]"
    if first < 0:
        raise BatchError(place, "keys are whole numbers from 0.")
    if first > last:
        raise BatchError(place, f"the first key is above the last; write [{last}, {first}].")
    if last - first >= MOST_JOBS:
        raise BatchError(place, f"{last - first + 1} jobs; a batch holds at most {MOST_JOBS}.")
    return tuple(str(key) for key in range(first, last + 1))


def are_integers(keys: Iterable[str]) -> bool:
    """Whether every key is a whole number written plainly."""
    return all(names.is_integer(key) for key in keys)


def check_cap(place: str, cap: int) -> None:
    """Raise BatchError unless so many jobs may be in flight."""
    if not 1 <= cap <= LARGEST_CAP:
        raise BatchError(f"{place} = {cap}", f"write a number from 1 to {LARGEST_CAP}.")


def check_variable(place: str, name: str) -> None:
    """Raise BatchError unless this can name an environment variable of the user's."""
    if not VARIABLE.fullmatch(name):
        raise BatchError(f"{place} {name!r}", "write letters, digits and _, no digit first.")
    if name.startswith(RESERVED_VARIABLES):
        raise BatchError(
            f"{place} {name!r}", "names that begin with RUNBATCH_ are set by runbatch."
        )


def check_text(place: str, text: str) -> None:
    """Raise BatchError unless the text can be handed to a program exactly as it is."""
    if "\0" in text:
        raise BatchError(place, "a NUL character cannot be handed to a program.")
    if any("\ud800" <= character <= "\udfff" for character in text):
        raise BatchError(place, "half a character (a surrogate) is not text.")


def memory_bytes(text: str) -> int:
    """Return how many bytes `32G`, `500M` or `1.5Gi` are."""
    match = MEMORY.fullmatch(text)
    base = 1024 if match and match[3] else 1000
    size = int(float(match[1]) * base ** _UNITS[match[2]]) if match else 0
    if not size:
        raise BatchError(f"[run] memory = {text!r}", "write a number and a unit, like 32G or 500M.")
    return size
