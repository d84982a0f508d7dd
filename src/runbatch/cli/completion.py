"""What the shell offers where KEYS are typed: the batch's own."""

from collections.abc import Iterator
from pathlib import Path

import click
from click.shell_completion import CompletionItem

from runbatch.config.load import find_batch_file, load_batch
from runbatch.core.errors import RunbatchError


def complete_keys(
    context: click.Context, _parameter: click.Parameter, typed: str
) -> list[CompletionItem]:
    """Return the keys that go on from what is typed, behind its last comma; none on any error."""
    done, comma, begun = typed.rpartition(",")
    keys = (key for key in _keys(context.params.get("file")) if key.startswith(begun))
    return [CompletionItem(f"{done}{comma}{key}") for key in keys]


def complete_key(
    context: click.Context, _parameter: click.Parameter, typed: str
) -> list[CompletionItem]:
    """Return the keys that go on from what is typed; none on any error."""
    keys = _keys(context.params.get("file"))
    return [CompletionItem(key) for key in keys if key.startswith(typed)]


def _keys(file: Path | None) -> Iterator[str]:
    try:
        yield from load_batch(file or find_batch_file(Path.cwd())).keys
    except (RunbatchError, OSError):
        return
