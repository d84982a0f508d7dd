"""`runbatch init`: a batch.toml to start from."""

from importlib.resources import files
from pathlib import Path

import click

from runbatch.cli.files import write_first
from runbatch.cli.options import Where, common
from runbatch.config.load import DEFAULT_FILES, load_batch
from runbatch.config.write import batch_toml
from runbatch.core.errors import BatchError
from runbatch.views.text import printable


@click.command(
    epilog="""\b
Examples:
  runbatch init && runbatch submit --yes --wait
  runbatch init --from-env .env    the batch.toml that equals these variables
""",
)
@common
@click.option(
    "--from-env",
    "dotenv",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Convert a .env file of variables.",
)
def init(*, where: Where, dotenv: Path | None) -> int:
    """Write a commented batch.toml that works as it is; edit it for your own jobs."""
    path = where.file or Path(DEFAULT_FILES[0])
    if path.suffix != ".toml":
        raise BatchError(str(path), "name a file that ends in .toml.")
    _write(path, _template() if dotenv is None else _converted(dotenv))
    click.echo(f"Wrote {printable(str(path))}. Next: edit it, then")
    click.echo(f"  {where.again('check')}\n  {where.again('submit')} --wait")
    return 0


def _template() -> str:
    return (files("runbatch.config") / "template.toml").read_text("utf-8")


def _converted(dotenv: Path) -> str:
    batch = load_batch(dotenv)
    for note in batch.notes:
        click.echo(f"[WARN] {printable(note)}", err=True)
    return batch_toml(batch)


def _write(path: Path, text: str) -> None:
    """Write a new file, whole or not at all; one that is there is left alone."""
    try:
        write_first(path, text)
    except FileExistsError as error:
        raise BatchError(str(path), "it exists already; name another file with -b.") from error
    except OSError as error:
        raise BatchError(str(path), f"cannot be written: {error.strerror}.") from error
