"""`runbatch report`: one page to look at and to show, made of the ledger and the events alone."""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import click

from runbatch.cli.options import Where, common
from runbatch.clock import SystemClock
from runbatch.core.errors import BatchError
from runbatch.core.history import history_of
from runbatch.core.snapshot import snapshot_of
from runbatch.ledger.record import read_record
from runbatch.views.text import printable


@click.command(
    short_help="Write a page that shows what happened.",
    epilog="""\b
Examples:
  runbatch report
  runbatch report -o monday.html
""",
)
@common
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path),
    default=Path("report.html"),
    metavar="FILE",
    help="Where to write it. [default: report.html]",
)
def report(*, where: Where, output: Path) -> int:
    """Write one HTML page that shows how the batch went, and opens without a network.

    Jobs in flight under the cap, every job over time, what failed, on which nodes mounts were
    missing, hours lost, and a table of all jobs. It asks no cluster and changes nothing else.
    """
    target = _target(output)
    batch = where.batch()
    record = read_record(where.place_to_read(batch).ledger_folder)
    history = history_of(record.entries)
    view = history.view if record.remembered is None else record.remembered
    snapshot = snapshot_of(batch, view, SystemClock().now())
    # Late: no other command needs what makes pages.
    from runbatch.views.report.page import page_of  # noqa: PLC0415

    _write(target, page_of(snapshot, history, target.parent))
    click.echo(f"Wrote {printable(str(output))}; open it in a browser.")
    return 0


def _target(output: Path) -> Path:
    """Return the file to write, be it the one that a link leads to; raise BatchError."""
    place = f"-o {output}"
    with _writing(output):
        target = output.resolve()
        if not target.parent.is_dir():
            raise BatchError(place, f"there is no folder {target.parent}; make it first.")
        if target.exists() and not target.is_file():
            raise BatchError(place, "that is no file; name one, like report.html.")
    return target


def _write(target: Path, text: str) -> None:
    """Write the file whole or not at all, so that who looks at the old one is not disturbed."""
    new = target.with_name(f".{target.name}.{os.getpid()}")
    try:
        with _writing(target):
            new.write_text(text, "utf-8")
            new.replace(target)
    finally:
        with suppress(OSError):
            new.unlink(missing_ok=True)


@contextmanager
def _writing(target: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise BatchError(f"-o {target}", f"cannot be written: {error.strerror}.") from error
