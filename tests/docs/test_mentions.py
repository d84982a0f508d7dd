"""Options and keys that pages written by hand mention are there."""

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import pytest
from docs.generate.__main__ import pages
from docs.generate.batch_toml import TABLES
from docs.generate.command_line import OTHER_NAMES
from tests.docs.blocks import ROOT, blocks, words_in_code

from runbatch.cli.main import all_commands

WRITTEN = [
    path
    for path in (ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md")))
    if path.name not in {*pages(), "runai-facts.md"}  # whose options are another program's
]
# Options of runai and pytest, which pages name by themselves.
FOREIGN = {"--backoff-limit", "--restart-policy", "--hypothesis-profile"}
OPTION = re.compile(r"(?<![\w-])--[a-z][a-z-]*")


def options_of(command: click.Command) -> set[str]:
    return {name for each in command.params for name in each.opts} | {"--help", "-h"}


KEYS: dict[str, set[str]] = {}
for heading, model in TABLES.items():
    if table := re.fullmatch(r"\[(\w+)\].*", heading):
        KEYS.setdefault(table[1], set()).update(model.model_fields)
EVERY = {"--version", "--help"}.union(FOREIGN, *map(options_of, all_commands().values()))


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
        first = (part.strip().removeprefix("runbatch").split() or [""])[0]
        names = {other: name for name, other in OTHER_NAMES.items()}
        command = all_commands().get(names.get(first, first))
        if command is not None:
            found |= set(OPTION.findall(part)) - options_of(command)
        elif first.startswith(("-", "[")):
            found |= set(OPTION.findall(part)) - EVERY
    return found


def unknown_keys(value: dict[str, Any], table: str = "") -> set[str]:
    """Return the keys that no table has; what is in `env` is the user's."""
    found = {f"{table} {key}".strip() for key in value if key not in TABLES[table].model_fields}
    for key, inner in value.items():
        below = f"{table} {key}" if table else f"[{key}]"
        for each in inner if isinstance(inner, list) else [inner]:
            if below in TABLES and isinstance(each, dict):
                found |= unknown_keys(each, below)
    return found


@pytest.mark.parametrize("path", WRITTEN, ids=lambda path: path.name)
def test_every_option_and_key_that_is_mentioned_is_there(path: Path) -> None:
    for words in named(path):
        assert unknown_options(words) == set(), words
        for table, key in re.findall(r"\[(cluster|jobs|run|retry)\] ([a-z_]+)", words):
            assert key in KEYS[table], words
    for text in blocks(path, "toml"):
        assert unknown_keys(tomllib.loads(text)) == set(), text


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("runbatch submit --yes --wait", set()),
        ("runbatch submit --once", {"--once"}),
        ("retry-failed-traits --wait", {"--wait"}),
        ("runbatch init && runbatch submit --watch", {"--watch"}),
        ("--retry-dleay", {"--retry-dleay"}),
        ("runai workspace list --json", set()),
    ],
)
def test_an_option_that_is_not_there_is_found(words: str, found: set[str]) -> None:
    assert unknown_options(words) == found


def test_a_key_that_is_not_there_is_found() -> None:
    text = "perfix = 'x'\n[run]\nenv = { A = 'b' }\nmemroy = '3G'\n[[run.mounts]]\npaht = '/x'"
    assert unknown_keys(tomllib.loads(text)) == {"perfix", "[run] memroy", "[run] mounts paht"}
