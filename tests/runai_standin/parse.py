"""Reading a command line as the Go libraries cobra and pflag do (Run:ai facts, 1 and 6)."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from .errors import CallError
from .flags import Command, flags_of
from .settings import Settings
from .switches import Switches

_VERBS = ("submit", "list", "describe", "logs", "delete", "suspend", "resume")
_COMMANDS: Mapping[tuple[str, ...], Command] = {
    ("version",): Command("version", "version"),
    ("whoami",): Command("whoami", "whoami"),
    ("project", "list"): Command("project", "projects"),
    ("config", "describe"): Command("config", "config"),
    **{("workspace", verb): Command("workspace", verb, "workspace") for verb in _VERBS},
    **{("training", verb): Command("training", verb, "training") for verb in _VERBS},
    **{
        ("training", "standard", verb): Command("training standard", verb, "training")
        for verb in _VERBS
    },
    **{
        ("workload", verb): Command("workload", verb)
        for verb in ("list", "describe", "delete", "logs")
    },
}
_CHOICES: Mapping[str, tuple[str, ...]] = {
    "restart-policy": ("Always", "OnFailure", "Never"),
    "preemptibility": ("preemptible", "non-preemptible"),
}
_UNITS_S = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}
_DURATION = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h)")
_TRUE = ("true", "1", "t", "T", "TRUE", "True")
_FALSE = ("false", "0", "f", "F", "FALSE", "False")


@dataclass(frozen=True, slots=True)
class Parsed:
    """A command line, understood: its flags by long name, names, and what stands after `--`."""

    command: Command
    flags: Mapping[str, tuple[str, ...]]
    names: tuple[str, ...] = ()
    rest: tuple[str, ...] = ()

    def text(self, flag: str, default: str = "") -> str:
        """Return the last value of a flag."""
        return self.flags.get(flag, (default,))[-1]

    def number(self, flag: str, default: int) -> int:
        """Return the last value of a whole-number flag."""
        return int(self.text(flag, str(default)))

    def seconds(self, flag: str) -> float:
        """Return the last value of a duration flag in seconds, 0 without one."""
        return duration_s(self.text(flag, "0s"))

    def yes(self, flag: str, default: bool = False) -> bool:
        """Tell whether a switch is on."""
        return self.text(flag, str(default)) in _TRUE


def duration_s(text: str) -> float:
    """Return a Go duration (`5s`, `2m`, `1h30m`) in seconds, or raise ValueError."""
    if text == "0":
        return 0.0
    pieces = _DURATION.findall(text)
    if not pieces or "".join(number + unit for number, unit in pieces) != text:
        raise ValueError(f'time: invalid duration "{text}"')
    return sum(float(number) * _UNITS_S[unit] for number, unit in pieces)


def parse(argv: list[str], settings: Settings, switches: Switches) -> Parsed:
    """Return a command line, understood, or raise CallError with the text of cobra."""
    command, remaining = _command(argv, switches)
    known = flags_of(command, settings, switches.paging_flags)
    return _read(command, known, remaining)


def _command(argv: list[str], switches: Switches) -> tuple[Command, list[str]]:
    """Split off the words that name the command."""
    for length in (1, 2, 3):
        words = tuple(argv[:length])
        command = _COMMANDS.get(words)
        if command is not None and (command.noun != "training" or switches.training_alias):
            return command, argv[length:]
    raise CallError(_unknown_command(argv))


def _unknown_command(argv: list[str]) -> str:
    nouns = ("workspace", "training", "workload", "project", "config")
    if not argv or argv[0] not in nouns:
        return f'unknown command "{argv[0] if argv else ""}" for "runai"'
    depth = 2 if argv[:2] == ["training", "standard"] else 1
    word = argv[depth] if len(argv) > depth else ""
    return f'unknown command "{word}" for "runai {" ".join(argv[:depth])}"'


def _read(command: Command, known: Mapping[str, tuple[str, str]], argv: list[str]) -> Parsed:
    """Sort the words into flags, names, and the rest after `--`."""
    found: dict[str, list[str]] = {}
    names: list[str] = []
    words = iter(argv)
    for word in words:
        if word == "--":
            rest = tuple(words)
            break
        if word.startswith("--"):
            name, value = _long(known, word, words)
            found.setdefault(name, []).append(value)
        elif word.startswith("-") and word != "-":
            for name, value in _short(known, word, words):
                found.setdefault(name, []).append(value)
        else:
            names.append(word)
    else:
        rest = ()
    return Parsed(command, {k: tuple(v) for k, v in found.items()}, tuple(names), rest)


def _long(known: Mapping[str, tuple[str, str]], word: str, words: Iterator[str]) -> tuple[str, str]:
    name, equals, value = word[2:].partition("=")
    if name not in known:
        raise CallError(f"unknown flag: --{name}")
    kind = known[name][1]
    if not equals:
        value = "true" if kind == "bool" else _next(words, f"flag needs an argument: --{name}")
    return name, _checked(known, name, value)


def _short(
    known: Mapping[str, tuple[str, str]], word: str, words: Iterator[str]
) -> Iterator[tuple[str, str]]:
    """Yield the flags of a word such as `-A`, `-pNAME`, `-p=NAME` or `-p NAME`."""
    letters = word[1:]
    while letters:
        letter, letters = letters[0], letters[1:]
        name = next((name for name, (short, _) in known.items() if short == letter), None)
        if name is None:
            raise CallError(f"unknown shorthand flag: {letter!r} in {word}")
        if known[name][1] == "bool" and not letters.startswith("="):
            yield name, "true"
            continue
        missing = f"flag needs an argument: {letter!r} in {word}"
        value = letters.removeprefix("=") if letters else _next(words, missing)
        letters = ""
        yield name, _checked(known, name, value)


def _next(words: Iterator[str], missing: str) -> str:
    value = next(words, None)
    if value is None:
        raise CallError(missing)
    return value


def _checked(known: Mapping[str, tuple[str, str]], name: str, value: str) -> str:
    """Return a value if it fits the kind of its flag, or raise CallError as pflag does."""
    short, kind = known[name]
    problem = _problem(kind, value)
    if problem:
        shown = f"-{short}, --{name}" if short else f"--{name}"
        raise CallError(f'invalid argument "{value}" for "{shown}" flag: {problem}')
    return value


def _problem(kind: str, value: str) -> str:
    try:
        match kind:
            case "int":
                int(value)
            case "float":
                float(value)
            case "duration":
                duration_s(value)
    except ValueError:
        function = {"int": "ParseInt", "float": "ParseFloat"}.get(kind)
        if function is None:
            return f'time: invalid duration "{value}"'
        return f'strconv.{function}: parsing "{value}": invalid syntax'
    if kind == "bool" and value not in _TRUE + _FALSE:
        return f'strconv.ParseBool: parsing "{value}": invalid syntax'
    if kind in _CHOICES and value not in _CHOICES[kind]:
        return f"must be one of {', '.join(_CHOICES[kind])}"
    return ""
