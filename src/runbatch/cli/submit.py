"""`runbatch submit`: start the jobs that were never started."""

from dataclasses import replace

import click

from runbatch.cli.completion import complete_keys
from runbatch.cli.notify import notice, notify_address, notify_option, word_when_over
from runbatch.cli.options import Where, common, dry_run_option, json_option, yes_option
from runbatch.cli.output import (
    confirm,
    print_json,
)
from runbatch.cli.run import carry_out, exit_code, next_line
from runbatch.cli.strangers import with_agreed
from runbatch.clock import SystemClock
from runbatch.clusters.kinds import kind_of
from runbatch.config.keys import parse_keys
from runbatch.core.asked import ask, going_on, turns_of
from runbatch.core.batch import LARGEST_CAP, Batch
from runbatch.core.errors import BatchError
from runbatch.core.snapshot import Snapshot
from runbatch.core.streak import MOST_ALIKE
from runbatch.ledger.uses import EarlierUse
from runbatch.recipes.gapit import Finding, check_phenotypes
from runbatch.views.earlier import changed_lines, elsewhere_line
from runbatch.views.preview import (
    Preview,
    going_on_line,
    label_of,
    leave_lines,
    preview_json,
    preview_of,
    preview_text,
)
from runbatch.views.summary import summary
from runbatch.views.text import plural, printable
from runbatch.views.totals import Totals, submit_json


@click.command(
    epilog="""\b
Examples:
  runbatch submit --dry-run         what would be done
  runbatch submit --yes --wait      start all jobs and wait for their end
  runbatch submit --rerun 37,40-45  start these again, whatever became of them
""",
)
@common
@dry_run_option
@yes_option
@json_option
@click.option("--wait", is_flag=True, help="Return when all jobs have ended, not only started.")
@click.option(
    "--max-concurrent",
    "cap",
    type=click.IntRange(1, LARGEST_CAP),
    metavar="N",
    help="The most jobs in flight, instead of the file's max_concurrent.",
)
@click.option(
    "--rerun",
    multiple=True,
    shell_complete=complete_keys,
    metavar="KEYS",
    help="Start these again too, if they have ended (37, 37,50 or 40-60; may be repeated).",
)
@click.option(
    "--keep-going",
    is_flag=True,
    help=f"Start all jobs, also when {MOST_ALIKE} have ended alike and none succeeded.",
)
@notify_option
def submit(
    *,
    where: Where,
    dry_run: bool,
    yes: bool,
    as_json: bool,
    wait: bool,
    cap: int | None,
    rerun: tuple[str, ...],
    keep_going: bool,
    notify: str | None,
) -> int:
    """Start the jobs that were never started, at most the cap at a time.

    Those that succeeded are skipped, those that failed are left to `runbatch retry`. Workloads that
    have names of its jobs, but are not its own, are adopted only if you say so. Stop it at any time
    and run it again: no job is lost or doubled.
    What --rerun names is remembered until each was started again and has ended: the same --rerun
    goes on with it, and starts none of them a second time. A submit without it starts none of them.
    No more are started once five have ended alike (of a configuration error, or of a program that
    is not there) and none succeeded.
    """
    batch = where.batch()
    batch = batch if cap is None else batch.with_cap(cap)
    keys = parse_keys(rerun, batch)
    found = check_phenotypes(batch)
    if notify is not None and not wait:
        raise BatchError("--notify", "goes with --wait; else submit is over while jobs still run.")
    address = notify_address(notify) if wait else None
    place, clock = where.place_to_act(batch), SystemClock()
    look = place.look(clock)
    look.check_can_submit()
    look = look if dry_run else with_agreed(look, yes=yes)
    view, now = look.learned.view, clock.now()
    asked = ask(keys, view, place.asked(), now)
    turns = turns_of(asked, keys)
    wish = look.wish_to_submit(wait=wait, rerun=turns, keep_going=keep_going)
    if (going := going_on(asked, keys, view, now)) is not None:
        click.echo(going_on_line(*going, now), err=True)
    preview = preview_of(batch, look.learned, wish, clock.now(), place.cluster().patience)
    if dry_run:
        show_preview(preview, found, as_json=as_json)
        return 0
    for line in leave_lines(preview):
        click.echo(line, err=True)
    earlier = place.earlier_use(now)
    for line in (*missing(batch), *changed_lines(earlier)):
        click.echo(f"[WARN] {line}", err=True)
    jobs = plural(len(preview.submit), "job")
    question = f"Submit {jobs} to {label_of(batch)}, at most {batch.cap} in flight?"
    if preview.submit:
        confirm(question, yes=yes)
    wish = replace(wish, rerun=place.ask(keys, view, now))
    skipped = sum(why.startswith("skip") for why in preview.leave.values())
    totals = Totals(frozenset(preview.submit), skipped=skipped)
    with word_when_over(address, batch) as tell:
        snapshot, stop = carry_out(where, batch, wish, "submit", totals.event)
        tell(notice(where, snapshot, stop))
        _show_result(where, snapshot, totals, earlier, as_json=as_json)
    return exit_code(snapshot, stop)


def show_preview(preview: Preview, found: Finding | None, *, as_json: bool) -> None:
    """Print what would be done, and that all checks before a flight went well."""
    if as_json:
        print_json(preview_json(preview))
        return
    click.echo(preview_text(preview))
    click.echo("pre-flight\n  ok  the batch is valid")
    if found is not None:
        click.echo(f"  {'ok' if found.was_checked else '--'}  {printable(found.text)}")
    for line in missing(preview.batch):
        click.echo(f"  --  {line}")
    click.echo(f"  ok  {label_of(preview.batch)} answers")


def missing(batch: Batch) -> list[str]:
    """Return what the jobs would lack, as far as it can be seen from here; safe to print."""
    return [printable(line) for line in kind_of(batch.cluster.kind).lacking(batch)]


def _show_result(
    where: Where, snapshot: Snapshot, totals: Totals, earlier: EarlierUse, *, as_json: bool
) -> None:
    if as_json:
        print_json(submit_json(snapshot, totals))
        return
    click.echo(summary(snapshot, where.again))
    click.echo(f"This run: {totals.line()}.")
    if line := elsewhere_line(earlier, totals, len(snapshot.jobs)):
        click.echo(line)
    if line := next_line(where, snapshot):
        click.echo(line)
