"""Where things are printed: results to stdout, progress and messages to stderr."""

import json
import sys
from collections.abc import Mapping
from typing import IO, TextIO

import click
from rich.console import Console

from runbatch.core.errors import BatchError

STOPPED_HINT = "Stopped. What was submitted goes on; run the same command again to continue."


def stdout_console() -> Console:
    """Return the console for results."""
    return _console(stderr=False)


def stderr_console(file: IO[str] | None = None) -> Console:
    """Return the console for progress and messages; `file` leads there in a way of its own."""
    return _console(stderr=True, file=file)


def _console(*, stderr: bool, file: IO[str] | None = None) -> Console:
    # Colour on a terminal only, whatever FORCE_COLOR says.
    terminal = is_terminal(sys.stderr if stderr else sys.stdout)
    return Console(
        stderr=stderr,
        file=file,
        force_terminal=terminal,
        highlight=False,
        markup=False,
        emoji=False,
    )


def is_terminal(stream: TextIO) -> bool:
    """Whether somebody may be looking."""
    return not stream.closed and stream.isatty()


def print_json(value: Mapping[str, object]) -> None:
    """Print one JSON document to stdout."""
    click.echo(json.dumps(value, indent=2))


def can_ask() -> bool:
    """Whether there is a terminal to ask a person on."""
    return sys.stdin.isatty() and sys.stderr.isatty()


def confirm(question: str, *, yes: bool) -> None:
    """Return if the person agrees, who is asked on a terminal only, and only without `--yes`.

    Raises click.Abort if not, and BatchError where nobody can be asked.
    """
    if yes:
        return
    if not can_ask():
        raise BatchError("", f"{question} There is no terminal to ask on; say --yes.")
    if not ask(question):
        raise click.Abort


def ask(question: str) -> bool:
    """Return what the person on the terminal answers; raise click.Abort if that is Ctrl-C."""
    try:
        return click.confirm(question, err=True)
    except click.Abort:
        click.echo(err=True)  # the cursor still stands behind the question
        raise
