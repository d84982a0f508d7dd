"""Options and keys that pages written by hand mention are there."""

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import pytest
from docs.generate.batch_toml import TABLES
from docs.generate.command_line import OTHER_NAMES
from docs.generate.pages import pages
from tests.docs.blocks import ROOT, blocks, words_in_code

from runbatch.cli.main import all_commands

WRITTEN = [
    path
    for path in (ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md")))
    if path.name not in pages()
]
# Options of other programs that pages name by themselves, and whose they are.
FOREIGN = {
    "--backoff-limit": "runai",
    "--restart-policy": "runai",
    "--hypothesis-profile": "pytest",
}
OPTION = re.compile(r"(?<![\w-])--[a-z][a-z-]*")


def options_of(command: click.Command) -> set[str]:
    return {name for each in command.params for name in each.opts} | {"--help", "-h"}


EVERY = {"--version", "--help"}.union(*map(options_of, all_commands().values()))


def named(path: Path) -> Iterator[str]:
    """Yield what a page shows as typed: lines of consoles, and words in code."""
    for text in blocks(path, "console"):
        for line in text.splitlines():
            if line.startswith("$ "):
                yield line.removeprefix("$ ").partition("  #")[0]
    yield from words_in_code(path)


def unknown_options(words: str) -> set[str]:
    """Return the options that no command has, or that the command which is typed has not."""
    found = set()
    for part in re.split(r"&&|[|;]", words):
        if (command := command_in(part)) is not None:
            found |= set(OPTION.findall(part)) - options_of(command)
        elif program_in(part) is None:
            found |= set(OPTION.findall(part)) - EVERY - set(FOREIGN)
    return found


def command_in(words: str) -> click.Command | None:
    """Return the command of ours that is typed: `runbatch status …`, `status …`, an other name."""
    typed = words.split()
    if typed[:1] == ["runbatch"]:
        typed = typed[1:]
    names = {other: name for name, other in OTHER_NAMES.items()}
    return all_commands().get(names.get(typed[0], typed[0])) if typed else None


def program_in(words: str) -> str | None:
    """Return the program that is typed, where it is somebody else's."""
    typed = words.split()
    first = typed[0] if typed else "-"
    return None if first == "runbatch" or first.startswith(("-", "[")) else first


@pytest.mark.parametrize("path", WRITTEN, ids=lambda path: path.name)
def test_every_option_that_is_mentioned_is_there(path: Path) -> None:
    unknown = {words: found for words in named(path) if (found := unknown_options(words))}
    assert unknown == {}


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("runbatch submit --yes --wait", set()),
        ("runbatch submit --once", {"--once"}),
        ("submit --rerun 3", set()),
        ("submit --jobs 3", {"--jobs"}),
        ("retry-failed-traits --once", set()),
        ("retry-failed-traits --wait", {"--wait"}),
        ("runbatch init && runbatch submit --watch", {"--watch"}),
        ("--retry-dleay", {"--retry-dleay"}),
        ("--retry-delay 3", set()),
        ("runai workspace list --json", set()),
    ],
)
def test_an_option_that_is_not_there_is_found(words: str, found: set[str]) -> None:
    assert unknown_options(words) == found


def keys_in(words: str) -> list[tuple[str, str]]:
    """Return each table and key that is mentioned: `[run] mounts`."""
    return re.findall(r"\[(cluster|jobs|run|retry)\] ([a-z_]+)", words)


@pytest.mark.parametrize("path", WRITTEN, ids=lambda path: path.name)
def test_every_key_that_is_mentioned_is_there(path: Path) -> None:
    for words in named(path):
        for table, key in keys_in(words):
            assert key in TABLES[f"[{table}]"].model_fields, words
    for text in blocks(path, "toml"):
        assert unknown_keys(tomllib.loads(text)) == set(), text


def unknown_keys(value: dict[str, Any], table: str = "") -> set[str]:
    """Return the keys that no table has; what is in `env` is the user's."""
    known = TABLES[table].model_fields
    found = {f"{table} {key}".strip() for key in value if key not in known}
    for key, inner in value.items():
        below = f"{table} {key}" if table else f"[{key}]"
        for each in inner if isinstance(inner, list) else [inner]:
            if below in TABLES and isinstance(each, dict):
                found |= unknown_keys(each, below)
    return found


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("prefix = 'x'\n[run]\nenv = { A = 'b' }", set()),
        ("perfix = 'x'", {"perfix"}),
        ("[run]\nmemroy = '3G'", {"[run] memroy"}),
        ("[rnu]\n", {"rnu"}),
        ("[[run.mounts]]\npaht = '/x'", {"[run] mounts paht"}),
    ],
)
def test_a_key_that_is_not_there_is_found(text: str, found: set[str]) -> None:
    assert unknown_keys(tomllib.loads(text)) == found


def test_no_foreign_option_is_left_that_nobody_mentions() -> None:
    text = "\n".join(words for path in WRITTEN for words in named(path))
    assert {name for name in FOREIGN if name not in text} == set()
    assert not FOREIGN.keys() & EVERY
