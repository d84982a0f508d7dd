"""Where things are printed: results to stdout, progress and messages to stderr."""

import json
import sys
from typing import Any

import click
from rich.console import Console

from runbatch.core.errors import BatchError

STOPPED_HINT = "Stopped. What was submitted goes on; run the same command again to continue."


def stdout_console() -> Console:
    """Return the console for results."""
    return Console(highlight=False, markup=False, emoji=False)


def stderr_console() -> Console:
    """Return the console for progress and messages."""
    return Console(stderr=True, highlight=False, markup=False, emoji=False)


def print_json(value: dict[str, Any]) -> None:
    """Print one JSON document to stdout."""
    click.echo(json.dumps(value, indent=2))


def confirm(question: str, *, yes: bool) -> bool:
    """Return whether the person agrees; asked only on a terminal, and only without `--yes`.

    Raises BatchError where nobody can be asked.
    """
    if yes:
        return True
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        raise BatchError("", f"{question} There is no terminal to ask on; say --yes.")
    return click.confirm(question, err=True)
