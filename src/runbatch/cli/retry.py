"""`runbatch retry`: what the infrastructure broke, and nothing else."""

from dataclasses import replace

import click

from runbatch.cli.completion import complete_keys
from runbatch.cli.notify import notice, notify_address, notify_option, word_when_over
from runbatch.cli.options import Seconds, Where, common, dry_run_option, json_option, yes_option
from runbatch.cli.output import confirm, print_json
from runbatch.cli.run import carry_out, exit_code
from runbatch.cli.strangers import tell_of
from runbatch.clock import SystemClock
from runbatch.config.keys import parse_keys
from runbatch.core.asked import ask, going_on, turns_of
from runbatch.core.batch import Batch
from runbatch.core.failure import LONGEST_DELAY_S, MOST_RETRIES
from runbatch.core.snapshot import Snapshot, snapshot_of
from runbatch.core.wish import Wish
from runbatch.views.preview import going_on_line
from runbatch.views.retries import (
    Chosen,
    chosen_json,
    chosen_text,
    retry_json,
    retry_question,
    retry_totals,
    skip_lines,
    totals_text,
)
from runbatch.views.summary import summary


@click.command(
    epilog="""\b
Examples:
  runbatch retry --dry-run         which failed jobs would be retried, and why
  runbatch retry --yes             retry until each has ended
  runbatch retry --jobs 37,40-45   these, whatever their verdict
""",
)
@common
@dry_run_option
@yes_option
@json_option
@click.option("--once", is_flag=True, help="One retry each, and do not wait for their end.")
@click.option(
    "--max-retries",
    type=click.IntRange(1, MOST_RETRIES),
    metavar="N",
    help="Retries of a job over the batch's life. [default: the file's, else 3]",
)
@click.option(
    "--retry-delay",
    "delay_s",
    type=Seconds(1, LONGEST_DELAY_S),
    metavar="S",
    help="Seconds before the first retry, doubled for each. [default: the file's, else 30]",
)
@click.option(
    "--jobs",
    "words",
    multiple=True,
    shell_complete=complete_keys,
    metavar="KEYS",
    help="Retry these failed jobs, whatever the verdict (37, 37,50 or 40-60).",
)
@notify_option
def retry(
    *,
    where: Where,
    dry_run: bool,
    yes: bool,
    as_json: bool,
    once: bool,
    max_retries: int | None,
    delay_s: float | None,
    words: tuple[str, ...],
    notify: str | None,
) -> int:
    """Retry the jobs that the infrastructure broke.

    Each failed job is judged by its evidence. Only what the infrastructure broke is tried again,
    after a delay, under the batch's cap, and a bounded number of times over the batch's life. It
    works beside a submit that is still waiting.
    What --jobs names is remembered until each was started again and has ended: the same --jobs goes
    on with it, and starts none of them a second time.
    """
    batch = _with_policy(where.batch(), max_retries, delay_s)
    keys = parse_keys(words, batch)
    address = notify_address(notify)
    clock = SystemClock()
    place = where.place_to_act(batch)
    # Else each failure is judged as its turn comes, and its evidence asked for once.
    look = place.look(clock, judge=dry_run)
    tell_of(look)
    view, now = look.learned.view, clock.now()
    before = snapshot_of(batch, view, now)
    asked = ask(keys, view, place.asked(), now, failed_only=True)
    wish = look.wish_to_retry(keys, turns_of(asked, keys), once=once)
    if (going := going_on(asked, keys, view, now)) is not None:
        click.echo(going_on_line(*going, now, "--jobs"), err=True)
    chosen = Chosen(before, _chosen_keys(before, keys, wish))
    for line in skip_lines(chosen):
        click.echo(line, err=True)
    if dry_run:
        _show_chosen(where, chosen, as_json=as_json)
        return 0
    if question := retry_question(chosen, are_named=bool(keys)):
        look.check_can_submit()
        confirm(question, yes=yes)
    turns = place.ask(keys, view, now, failed_only=True)
    wish = look.wish_to_retry(keys, turns, once=once)
    with word_when_over(address, batch) as tell:
        after, stop = carry_out(where, batch, wish, "retry", lambda _: None)
        tell(notice(where, after, stop))
        _show_result(where, before, after, as_json=as_json)
    return exit_code(after, stop)


def _show_chosen(where: Where, chosen: Chosen, *, as_json: bool) -> None:
    if as_json:
        print_json(chosen_json(chosen, where.again))
    else:
        click.echo(chosen_text(chosen, where.again))


def _show_result(where: Where, before: Snapshot, after: Snapshot, *, as_json: bool) -> None:
    totals = retry_totals(before, after, where.again)
    if as_json:
        print_json(retry_json(after, totals))
        return
    click.echo(summary(after, where.again))
    click.echo(f"This run: {totals_text(totals)}.")


def _with_policy(batch: Batch, max_retries: int | None, delay_s: float | None) -> Batch:
    policy = batch.retry
    if max_retries is not None:
        policy = replace(policy, max_retries=max_retries)
    if delay_s is not None:
        policy = replace(policy, delay_s=delay_s)
    return replace(batch, retry=policy)


def _chosen_keys(before: Snapshot, keys: frozenset[str], wish: Wish) -> frozenset[str]:
    if keys:
        # What this very request has started again, and has failed again, is left alone.
        return keys - ({job.key for job in before.failed} - {key for key, _, _ in wish.rerun})
    return frozenset(job.key for job in before.jobs if job.next_retry_at is not None)
