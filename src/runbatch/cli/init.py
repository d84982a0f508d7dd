"""`runbatch init`: a commented batch.toml to start from."""

from importlib.resources import files
from pathlib import Path

import click

from runbatch.cli.options import Where, common
from runbatch.config.load import DEFAULT_FILE, load_batch
from runbatch.core.errors import BatchError


@click.command(epilog="\b\nExample:\n  runbatch init && runbatch submit --yes --wait")
@common
def init(*, where: Where) -> int:
    """Write a commented batch.toml that works as it is; edit it for your own jobs."""
    path = where.file or Path(DEFAULT_FILE)
    text = (files("runbatch.config") / "template.toml").read_text("utf-8")
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError as error:
        raise BatchError(str(path), "it exists already; name another file with -b.") from error
    except OSError as error:
        raise BatchError(str(path), f"cannot be written: {error.strerror}.") from error
    load_batch(path)
    click.echo(f"Wrote {path}. Next: edit it, then\n  runbatch check\n  runbatch submit --wait")
    return 0
