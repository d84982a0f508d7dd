"""`runbatch report`: one page to look at and to show, made of the record and of one look."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import click

from runbatch.cli.files import write_anew
from runbatch.cli.options import Where, common, in_current_folder
from runbatch.cli.standing import standing
from runbatch.core.batch import Batch
from runbatch.core.errors import BatchError
from runbatch.core.history import history_of, with_seen
from runbatch.ledger.record import read_record
from runbatch.recipes.gapit import phenotype_table
from runbatch.views.text import printable
from runbatch.views.waits import as_of
from runbatch.wiring import Place

STDOUT = "-"


@click.command(
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
    type=click.Path(),
    default="report.html",
    metavar="FILE",
    help="Where to write it; - is stdout. [default: report.html]",
)
def report(*, where: Where, output: str) -> int:
    """Write one HTML page that shows how the batch went, and opens without a network.

    Jobs in flight under the cap, every job over time, what failed, on which nodes mounts were
    missing, hours lost, and a table of all jobs. It asks the cluster first, as status does; where
    that does not answer, the page's first line says as of when it speaks. It changes nothing else.
    """
    target = None if output == STDOUT else _target(output)
    batch = where.batch()
    place = where.place_to_read(batch)
    if target is None:
        with in_current_folder():
            here = Path.cwd()
        click.echo(_page(place, here).encode(), nl=False)
        return 0
    _check_not_needed(output, target, batch, place.ledger_folder)
    page = _page(place, target.parent)
    with _writing(output):
        write_anew(target, page)
    click.echo(f"Wrote {printable(output)}; open it in a browser.")
    return 0


def _page(place: Place, folder: Path) -> str:
    """Return the page, for a file that lies in the folder; raise LedgerError."""
    record = read_record(place.ledger_folder)
    snapshot, answer = standing(place, record)
    attempts = (each for job in snapshot.jobs for each in job.attempts)
    history = history_of(with_seen(record.entries, attempts, snapshot.at))
    # Late: no other command needs what makes pages.
    from runbatch.views.report.page import page_of  # noqa: PLC0415

    return page_of(snapshot, history, folder, as_of(answer))


def _target(output: str) -> Path:
    """Return the file to write, be it the one that a link leads to; raise BatchError."""
    place = f"-o {output}"
    with _writing(output):
        with suppress(FileNotFoundError):
            Path(
                output
            ).stat()  # a loop of links is an error of the system here, and none of Python's
        target = Path(output).resolve()
        if not target.parent.is_dir():
            raise BatchError(place, f"there is no folder {target.parent}; make it first.")
        if target.exists() and not target.is_file():
            raise BatchError(place, "that is no file; name one, like report.html.")
    return target


def _check_not_needed(output: str, target: Path, batch: Batch, ledger: Path) -> None:
    """Raise BatchError if the page would take the place of what the batch is made of."""
    table = phenotype_table(batch)
    files = [*map(Path, batch.files), *([table] if table else [])]
    if any(_is_same(each, target) for each in files) or target.is_relative_to(ledger.resolve()):
        problem = "the batch needs what is there; name another, like report.html."
        raise BatchError(f"-o {output}", problem)


def _is_same(one: Path, other: Path) -> bool:
    """Whether both are one file; what is not there, or not to be seen from here, is none."""
    try:
        return one.samefile(other)
    except OSError:
        return False


@contextmanager
def _writing(output: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise BatchError(f"-o {output}", f"cannot be written: {error.strerror}.") from error
