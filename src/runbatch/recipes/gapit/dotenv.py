"""`.env` -> Batch: the variables of the first user's scripts (docs/reference/dotenv.md).

Parsed, never executed: `$(...)` and `${...}` are text, told of or refused. The process environment
wins over the file, and says so; a new name wins over its old one.
"""

import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from io import StringIO
from pathlib import Path

from dotenv.parser import Binding, Original, parse_stream

from runbatch.core.batch import Batch, ClusterChoice, Mount, Run, range_of
from runbatch.core.errors import BatchError
from runbatch.recipes.gapit.shell import shell_syntax
from runbatch.recipes.gapit.variables import (
    DEFAULTS,
    LISTS,
    LITERAL,
    OLD_NAMES,
    OPTIONAL,
    OWN_NAMES,
    PARAMETERS,
    PIPELINE_NAMES,
    REQUIRED,
    without_blanks,
)

_MOST_DIGITS = 9
# In capitals, as variables are: what else stands before a = may be a part of a secret.
_NAMED = re.compile(r"\s*(?:export\s+)?([A-Z][A-Z0-9_]{0,63})\s*=")
# A variable named like this was probably meant for us. The short words count only at the start of
# a part of the name: a line of a key in base64 may hold them anywhere, and must not be shown.
_SOUNDS_LIKE_OURS = re.compile(
    r"(?=[A-Z_][A-Z0-9_]{0,39}$)"
    r".*(CONCURRENT|PARALLEL|MAX_?JOBS|PROJECT|PREFIX|TRAIT|(?<![A-Z0-9])N?CPU|(?<![A-Z0-9])MEM)",
    re.IGNORECASE,
)
FIRST_TRAIT = 2  # column 1 of the phenotype table is Taxa
COMMAND = ("/scripts/entrypoint.sh", "run-single-trait")


@dataclass
class Variables:
    """The variables of a file under those of the process; remembers what its reader should know.

    An empty value is as good as none, as in the scripts' `${NAME:-default}`. `lines` are the file's
    own, by variable.
    """

    file: Mapping[str, str]
    process: Mapping[str, str]
    lines: Mapping[str, str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    _unwritten: dict[str, str] = field(default_factory=dict)

    def get(self, name: str) -> str:
        """Return the value: of the process, else the file, by new name or old; else the default."""
        names = _names_of(name)
        ours = next((each for each in names if self.process.get(each)), None)
        theirs = self._name_in_file(name, names)
        for old in (each for each in (ours, theirs) if each not in (None, name, *_ALIASES)):
            self.notes.append(f"{old} is an old name; write {name}.")
        if ours is None:
            return self._in_file(name, theirs) if theirs is not None else DEFAULTS.get(name, "")
        value = self.process[ours]
        if theirs is None:
            self._unwritten[ours] = value
        elif self.file[theirs] != value:
            replaced = f"{theirs} = {self.file[theirs]!r}"
            self.notes.append(f"{ours} = {value!r} from the environment replaces {replaced}.")
        return value

    def _in_file(self, name: str, written: str) -> str:
        """Return the file's value as it was written; it is no shell's to expand.

        Raises BatchError if a shell would make another path or image of it.
        """
        value = self.file[written]
        if (syntax := shell_syntax(self.lines.get(written, ""))) is None:
            return value
        if name in LITERAL:
            problem = "no shell reads this file; write the text itself, in single quotes."
            raise BatchError(f"{written} = {value!r}", f"{syntax!r} is shell syntax, and {problem}")
        self.notes.append(f"{written} is taken as {value!r}: no shell reads {syntax!r} in it.")
        return value

    def note_unwritten(self) -> None:
        """Note what the environment alone gives: names like CPU may be set there by accident."""
        if self._unwritten:
            given = ", ".join(f"{name} = {value!r}" for name, value in self._unwritten.items())
            self.notes.append(f"The environment, and no line of the file, sets {given}.")

    def _name_in_file(self, name: str, names: tuple[str, ...]) -> str | None:
        """Return which of the variable's names the file gives a value, noting what it overrides."""
        others = PIPELINE_NAMES.get(name, ())
        given = [each for each in (*names, *others) if self.file.get(each)]
        for other in given[1:]:
            if other in others and self.file[other] != self.file[given[0]]:
                used = f"{given[0]} = {self.file[given[0]]!r}"
                self.notes.append(f"{other} = {self.file[other]!r} is not used; {used} is.")
        return given[0] if given else None

    def note_unused(self) -> None:
        """Note each name of the file that runbatch does not use, but that its user may count on."""
        known = {*DEFAULTS, *REQUIRED, *PARAMETERS, *OPTIONAL}
        for names in (OLD_NAMES, PIPELINE_NAMES):
            known |= {other for others in names.values() for other in others}
        for name in sorted(self.file.keys() - known):
            if found := get_close_matches(name, known, n=1, cutoff=0.85):
                self.notes.append(f"{name} is not known; did you mean {found[0]}?")
            elif _SOUNDS_LIKE_OURS.match(name):
                self.notes.append(f"runbatch does not use {name}.")

    def whole(self, name: str) -> int:
        """Return the value as a whole number; raise BatchError if it is none."""
        text = self.get(name)
        if not (text.isascii() and text.isdigit() and len(text) <= _MOST_DIGITS):
            raise BatchError(f"{name} = {text!r}", "write a whole number.")
        return int(text)


# These stand for their other names without a warning (docs/reference/dotenv.md).
_ALIASES = (
    "DATA_PATH",
    "OUTPUT_PATH",
    *(other for others in PIPELINE_NAMES.values() for other in others),
)

# Where a batch's place is meant, and the variable that says it.
_VARIABLE_OF = {
    "prefix": "JOB_PREFIX",
    "max_concurrent": "MAX_CONCURRENT",
    "[jobs]": "START_TRAIT, END_TRAIT",
    "[run] cpu": "CPU",
    "[run] memory": "MEMORY",
    "[run] image": "IMAGE",
    "[run] mounts": "DATA_PATH_HOST, OUTPUT_PATH_HOST",
    "[run] env": "",
    "[cluster] project": "PROJECT",
}


# At the beginning of a place, or behind a comma there.
_AT_PLACE = re.compile(r"(?:^|(?<=, ))[A-Z][A-Z_]*(?= |,|$)")


def in_variables(error: BatchError, process: Mapping[str, str] = os.environ) -> BatchError:
    """Return the error with its place in words of the variables, for who never saw a TOML file.

    It tells which of them the process's environment gave, since the file has other values or none.
    """
    for place, name in _VARIABLE_OF.items():
        if error.place.startswith(place):
            error = error.at(f"{name}{error.place.removeprefix(place)}".strip())
            break
    named = _AT_PLACE.findall(error.place)
    theirs = [each for name in named for each in _names_of(name) if process.get(each)]
    if not theirs:
        return error
    given = f"{' and '.join(dict.fromkeys(theirs))} " if theirs != named else ""
    return error.at(f"{error.place} ({given}from the environment)")


def _names_of(name: str) -> tuple[str, ...]:
    return (name, *OLD_NAMES.get(name, ()))


def load_dotenv(path: Path, text: str, process: Mapping[str, str] = os.environ) -> Batch:
    """Return the batch that the file's text describes; raise BatchError that names the variable."""
    bindings = _parse(text)
    variables = Variables(
        {name: binding.value or "" for name, binding in bindings.items()},
        process,
        {name: binding.original.string for name, binding in bindings.items()},
    )
    variables.note_unused()
    try:
        batch = batch_of(variables, path.absolute().parent)
    except BatchError as error:
        raise in_variables(error, process) from error
    return replace(batch, files=(path.absolute(),))


def _parse(text: str) -> dict[str, Binding]:
    """Return the lines of the text by variable; raise BatchError for a line that is none.

    The error tells the line's number and no more than its variable's name: the rest may be secret.
    """
    found = list(parse_stream(StringIO(text)))
    _check_is_ours(found)
    bindings = {}
    for binding in found:
        if binding.error or (binding.key is not None and binding.value is None):
            problem = "write NAME=value, with a quote at both ends or at none."
            raise BatchError(_line_of(binding.original), problem)
        if binding.key is not None:
            bindings[binding.key] = binding
    return bindings


def _check_is_ours(bindings: Sequence[Binding]) -> None:
    """Raise BatchError if no line begins with one of the pipeline's own names."""
    names = {binding.key for binding in bindings}
    # A line that cannot be read may be theirs all the same.
    names |= {name[1] for each in bindings if (name := _NAMED.match(each.original.string))}
    if names.isdisjoint(OWN_NAMES):
        what_to_do = 'Write a batch.toml with "runbatch init", or name your batch with -b.'
        problem = f"it sets none of {', '.join(OWN_NAMES)}. {what_to_do}"
        raise BatchError("", f"describes no batch: {problem}")


def _line_of(original: Original) -> str:
    """Return where the line is, and whose; the empty lines before it are counted to it."""
    empty = original.string[: -len(original.string.lstrip())].count("\n")
    named = _NAMED.match(original.string)
    return f"line {original.line + empty}{f' ({named[1]})' if named else ''}"


def batch_of(variables: Variables, folder: Path) -> Batch:
    """Return the batch; every variable that can be checked without a file is right."""
    for name in REQUIRED:
        if not variables.get(name).startswith("/"):
            place = f"{name} = {variables.get(name)!r}" if variables.get(name) else name
            raise BatchError(place, "write the path inside the container, like /data/....")
    env = _environment(variables)
    mounts = (_mount(variables, "DATA_PATH", "/data"), _mount(variables, "OUTPUT_PATH", "/outputs"))
    batch = Batch(
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
    )
    variables.note_unwritten()
    return replace(batch, notes=tuple(dict.fromkeys(variables.notes)))


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
    """Return what each container is told; empty ones are left out."""
    cpu = variables.get("CPU")
    env = {"DATA_PATH": "/data", "OUTPUT_PATH": "/outputs"}
    env |= {name: variables.get(name) for name in (*REQUIRED, *OPTIONAL)}
    for name, check in PARAMETERS.items():
        value = variables.get(name)
        value = without_blanks(value) if name in LISTS else value
        if not value and name == "SNP_FDR":
            continue
        if not check.fits(value):
            raise BatchError(f"{name} = {value!r}", f"write {check.allowed}.")
        env[name] = value
    env |= {"OPENBLAS_NUM_THREADS": cpu, "OMP_NUM_THREADS": cpu}
    return {name: value for name, value in env.items() if value}
