"""`runbatch delete`: clear away the batch's workloads; the ledger keeps what they came to."""

import click

from runbatch.cli.options import Where, common, dry_run_option, json_option, yes_option
from runbatch.cli.output import confirm, print_json
from runbatch.cli.run import carry_out, stop_code
from runbatch.cli.strangers import tell_of
from runbatch.clock import SystemClock
from runbatch.core.errors import BatchError
from runbatch.core.wish import Wish
from runbatch.views.removal import (
    removal_json,
    removal_of,
    removal_question,
    removal_text,
    removed_text,
)
from runbatch.wiring import Place

NOT_ALL_GONE = 1


@click.command(
    epilog="""\b
Examples:
  runbatch delete --dry-run        which workloads would go
  runbatch delete --yes            those that have ended
  runbatch delete --all            every one: this stops the batch
  runbatch delete --foreign        also adopted ones, which this ledger did not submit
""",
)
@common
@dry_run_option
@yes_option
@json_option
@click.option("--all", "every", is_flag=True, help="Those in flight too: they are cut off.")
@click.option(
    "--foreign",
    is_flag=True,
    help="Those too that this ledger did not submit, and that you said are this batch's.",
)
def delete(
    *, where: Where, dry_run: bool, yes: bool, as_json: bool, every: bool, foreign: bool
) -> int:
    """Remove the batch's ended workloads from the cluster, after saving their logs.

    The ledger keeps all it knows: what succeeded is not started again, what failed can be retried,
    and logs can be read. Returns when the workloads are gone; stop it at any time and run it again.
    """
    batch = where.batch()
    place, clock = where.place_to_act(batch), SystemClock()
    look = place.look(clock)
    tell_of(look)
    removal = removal_of(batch, look.learned.view, every=every, foreign=foreign)
    if dry_run:
        print_json(removal_json(removal, ())) if as_json else click.echo(removal_text(removal))
        return 0
    if every:
        _check_nobody_works(place, clock)
    if removal.going:
        confirm(removal_question(removal), yes=yes)
    if every:
        _check_nobody_works(place, clock)  # somebody may have begun while the question was read
    wish = Wish(delete=removal.turns, cut_off=every, foreign=foreign)
    _, stop = carry_out(where, batch, wish, "delete", lambda _: None)
    after = place.remembered()
    gone = removal.gone(after)
    if as_json:
        print_json(removal_json(removal, gone))
    else:
        click.echo(removed_text(removal, gone, place.ledger_folder / "logs"))
    return stop_code(stop) or (0 if len(gone) == len(removal.going) else NOT_ALL_GONE)


def _check_nobody_works(place: Place, clock: SystemClock) -> None:
    """Raise BatchError while somebody works on the batch: they would go on starting jobs."""
    for other in place.at_work(clock.now()):
        problem = f"{other.command} works on this batch (process {other.pid} on {other.host})."
        raise BatchError("--all", f"{problem} Stop it first, with Ctrl-C there.")
