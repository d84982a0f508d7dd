"""`.env` -> Batch: the variables of the first user's scripts (GAPIT reference).

Parsed, never executed: `$(...)` and `${...}` are text. The process environment wins over the file,
and says so; a new name wins over its old one.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from io import StringIO
from pathlib import Path

from dotenv import dotenv_values

from runbatch.config.gapit import DEFAULTS, OLD_NAMES, PARAMETERS, REQUIRED
from runbatch.config.text import read_text
from runbatch.core.batch import Batch, ClusterChoice, Mount, Run, range_of
from runbatch.core.errors import BatchError

_MOST_DIGITS = 9
FIRST_TRAIT = 2  # column 1 of the phenotype table is Taxa
COMMAND = ("/scripts/entrypoint.sh", "run-single-trait")


@dataclass
class Variables:
    """The variables of a file under those of the process; remembers what its reader should know."""

    file: Mapping[str, str]
    process: Mapping[str, str]
    notes: list[str] = field(default_factory=list)

    def get(self, name: str) -> str:
        """Return the value: of the process, the file, an old name, else the default."""
        for candidate in (name, *OLD_NAMES.get(name, ())):
            if (value := self._own(candidate)) is not None:
                if candidate != name and candidate not in _ALIASES:
                    self.notes.append(f"{candidate} is an old name; write {name}.")
                return value
        return DEFAULTS.get(name, "")

    def whole(self, name: str) -> int:
        """Return the value as a whole number; raise BatchError if it is none."""
        text = self.get(name)
        if not (text.isascii() and text.isdigit() and len(text) <= _MOST_DIGITS):
            raise BatchError(f"{name} = {text!r}", "write a whole number.")
        return int(text)

    def _own(self, name: str) -> str | None:
        ours, theirs = self.process.get(name), self.file.get(name)
        if ours is None:
            return theirs
        if theirs is not None and theirs != ours:
            self.notes.append(f"{name} = {ours!r} from the environment replaces {theirs!r}.")
        return ours


# These stand for their other names without a warning (GAPIT reference, the table).
_ALIASES = ("DATA_PATH", "OUTPUT_PATH")


def load_dotenv(path: Path, process: Mapping[str, str] = os.environ) -> Batch:
    """Return the batch that the variables describe; raise BatchError that names the variable."""
    text = read_text(path)
    values = dotenv_values(stream=StringIO(text), interpolate=False)
    variables = Variables({name: value or "" for name, value in values.items()}, process)
    return batch_of(variables, path.absolute().parent)


def batch_of(variables: Variables, folder: Path) -> Batch:
    """Return the batch; every variable that can be checked without a file is right."""
    for name in REQUIRED:
        if not variables.get(name):
            raise BatchError(name, "is missing; write the path inside the container, /data/....")
    env = _environment(variables)
    mounts = (_mount(variables, "DATA_PATH", "/data"), _mount(variables, "OUTPUT_PATH", "/outputs"))
    return Batch(
        prefix=variables.get("JOB_PREFIX"),
        keys=_keys(variables),
        integer_keys=True,
        variable="TRAIT_INDEX",
        cap=variables.whole("MAX_CONCURRENT"),
        cluster=ClusterChoice(kind="runai", project=variables.get("PROJECT")),
        folder=folder,
        run=Run(
            command=COMMAND,
            image=_image(variables),
            cpu=variables.whole("CPU"),
            memory=variables.get("MEMORY"),
            env=env,
            mounts=mounts,
        ),
        notes=tuple(dict.fromkeys(variables.notes)),
    )


def _keys(variables: Variables) -> tuple[str, ...]:
    first, last = variables.whole("START_TRAIT"), variables.whole("END_TRAIT")
    if first < FIRST_TRAIT:
        problem = f"traits begin at {FIRST_TRAIT}: column 1 of the phenotype table is Taxa."
        raise BatchError(f"START_TRAIT = {first}", problem)
    if first > last:
        raise BatchError(
            f"START_TRAIT = {first}, END_TRAIT = {last}", "the first is above the last."
        )
    return range_of(first, last)


def _image(variables: Variables) -> str:
    image = variables.get("IMAGE")
    if ":" not in image.rpartition("/")[2] and "@" not in image:
        raise BatchError(f"IMAGE = {image!r}", "name a tag, like image:1.4.")
    return image


def _mount(variables: Variables, name: str, path: str) -> Mount:
    host = variables.get(f"{name}_HOST")
    if not host.startswith("/"):
        raise BatchError(f"{name}_HOST = {host!r}", "write a path that begins with /.")
    return Mount(host, path, read_only=name == "DATA_PATH")


def _environment(variables: Variables) -> dict[str, str]:
    """Return what each container is told (GAPIT reference); empty ones are left out."""
    cpu = variables.get("CPU")
    env = {"DATA_PATH": "/data", "OUTPUT_PATH": "/outputs"}
    env |= {name: variables.get(name) for name in (*REQUIRED, "ACCESSION_IDS_FILE")}
    for name, check in PARAMETERS.items():
        value = variables.get(name)
        if not value and name == "SNP_FDR":
            continue
        if (allowed := check(value)) is not None:
            raise BatchError(f"{name} = {value!r}", f"write {allowed}.")
        env[name] = value
    env |= {"OPENBLAS_NUM_THREADS": cpu, "OMP_NUM_THREADS": cpu}
    return {name: value for name, value in env.items() if value}
