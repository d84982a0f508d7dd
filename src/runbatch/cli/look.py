"""`runbatch check` and `logs`: commands that only look."""

import sys
from collections.abc import Iterator
from pathlib import Path

import click

from runbatch.cli.completion import complete_key
from runbatch.cli.options import Where, common, json_option
from runbatch.cli.output import stderr_console
from runbatch.cli.submit import show_preview
from runbatch.clock import SystemClock
from runbatch.config.keys import parse_keys
from runbatch.core.attempt import Attempt
from runbatch.core.batch import Batch
from runbatch.core.errors import BatchError, ClusterError, NoLog
from runbatch.core.job import Job, View
from runbatch.core.names import ref_of
from runbatch.core.tail import split_note
from runbatch.recipes.gapit import check_phenotypes
from runbatch.views.preview import preview_of
from runbatch.views.text import plural, printable, printable_lines
from runbatch.wiring import Place

_CHUNK_BYTES = 1 << 16


@click.command(
    epilog="""\b
Example:
  runbatch check -b batch.toml
""",
)
@common
@json_option
def check(*, where: Where, as_json: bool) -> int:
    """Check the batch and the cluster's reach; print the plan; touch nothing."""
    batch = where.batch()
    found = check_phenotypes(batch)
    place, clock = where.place_to_act(batch), SystemClock()
    look = place.look(clock)
    look.check_can_submit()
    wish, patience = look.wish_to_submit(), place.cluster().patience
    preview = preview_of(batch, look.learned, wish, clock.now(), patience)
    show_preview(preview, found, as_json=as_json)
    if not as_json:
        click.echo(f"Next: {where.again('submit')}")
    return 0


def _view(place: Place, clock: SystemClock) -> View:
    try:
        return place.look(clock).learned.view
    except ClusterError as error:
        said = printable(str(error))
        stderr_console().print(f"{said} This is what the ledger remembers:", soft_wrap=True)
        return place.remembered()


@click.command(
    epilog="""\b
Examples:
  runbatch logs 37
  runbatch logs 37 --attempt 1 > 37.log
""",
)
@common
@click.argument("key", shell_complete=complete_key)
@click.option(
    "--attempt",
    "number",
    type=click.IntRange(1),
    metavar="N",
    help="Which attempt of it. [default: the last]",
)
def logs(*, where: Where, key: str, number: int | None) -> int:
    """Print what the job KEY printed, from the cluster or, if it is gone there, as saved.

    Where only the end of it could be had, a line on stderr says so.
    """
    batch = where.batch()
    if len(keys := parse_keys([key], batch)) != 1:
        raise BatchError(f"KEY {key!r}", "name one job.")
    place = where.place(batch)
    job = _view(place, SystemClock()).job(next(iter(keys)))
    chunks = _log(place, batch, job, _attempt(job, number))
    note, first = split_note(next(chunks, b""))
    if note:
        click.echo(note, nl=False, err=True)
    _write(first)
    for chunk in chunks:
        _write(chunk)
    return 0


def _attempt(job: Job, number: int | None) -> Attempt:
    for attempt in reversed(job.attempts):
        if number in (None, attempt.number) and not attempt.waiting_for_name:
            return attempt
    if number and job.attempts:
        problem = f"there is none; it has {plural(len(job.attempts), 'attempt')} so far."
        raise BatchError(f"attempt {number} of job {job.key!r}", problem)
    raise BatchError(f"job {job.key!r}", "it has not been submitted yet; see runbatch status.")


def _log(place: Place, batch: Batch, job: Job, attempt: Attempt) -> Iterator[bytes]:
    """Yield the saved log of an ended attempt, else what the cluster has.

    Raises NoLog where there is neither: that is no job that printed nothing. The cluster is not
    asked for one that is gone and was followed: its name is the next one's by now.
    """
    if attempt.log is not None and Path(attempt.log).exists():
        with Path(attempt.log).open("rb") as file:
            while chunk := file.read(_CHUNK_BYTES):
                yield chunk
        return
    ref = ref_of(attempt, batch.prefix)
    is_empty = True
    has_the_name = attempt.listed or attempt is job.last
    for chunk in place.cluster().log(ref) if has_the_name else ():
        is_empty = False
        yield chunk
    if is_empty and not attempt.listed:
        raise NoLog(f"{ref.name}: no log: none is saved, and its workload is not listed.")


def _write(chunk: bytes) -> None:
    """Write to a file or pipe exactly what the job printed; to a terminal only what is harmless."""
    if sys.stdout.isatty():
        chunk = printable_lines(chunk.decode("utf-8", "replace")).encode("utf-8")
    sys.stdout.buffer.write(chunk)
    sys.stdout.flush()
