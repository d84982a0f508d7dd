"""`runbatch status`: how the batch stands, once or kept up to date."""

from collections.abc import Sequence
from datetime import datetime

import click

from runbatch.cli.options import Where, common, json_option
from runbatch.cli.output import print_json, stdout_console
from runbatch.cli.watch import watch_on_terminal
from runbatch.clock import Clock, SystemClock
from runbatch.core.attempt import Listing
from runbatch.core.batch import Batch
from runbatch.core.errors import BatchError, ClusterError
from runbatch.core.job import View
from runbatch.core.snapshot import snapshot_of
from runbatch.core.waits import NOTHING_LISTED, Answer, heard_at, waits_of
from runbatch.ledger.invocations import Invocation
from runbatch.views.status import Status, show_status, status_of
from runbatch.views.waits import lacking_command, status_json
from runbatch.wiring import Place

_NOTHING_HEARD = Listing((), proves_absence=False)
NOT_YET_HEARD = "it was asked, and has not answered yet."


@click.command(
    epilog="""\b
Examples:
  runbatch status
  runbatch status --watch          until q or Ctrl-C
  runbatch status --json | jq .why
""",
)
@common
@json_option
@click.option("--watch", is_flag=True, help="Keep it up to date, on a terminal.")
def status(*, where: Where, as_json: bool, watch: bool) -> int:
    """Show how the batch stands and what it waits for, changing nothing.

    It asks the cluster, and where that does not answer shows what the ledger knows. A watch looks
    at every poll interval; it never holds up a submit or a retry.
    """
    if watch and as_json:
        raise BatchError("--watch", "there is no live JSON; ask again with status --json.")
    batch = where.batch()
    looker = Looker(where.place_to_read(batch), SystemClock())
    if watch:
        watch_on_terminal(looker.remembered, looker.look, where.pace(batch).poll_interval_s)
    elif as_json:
        seen = looker.look()
        print_json(status_json(seen.snapshot, seen.waits, seen.at_work))
    else:
        seen = looker.look()
        show_status(stdout_console(), seen, where.again)
        if command := lacking_command(seen.waits):
            click.echo(f"\nNext: {where.again(command)}")
    return 0


def _under_their_cap(batch: Batch, at_work: Sequence[Invocation]) -> Batch:
    """Return the batch under the cap that is in force: the largest of those at work, if any are."""
    return batch.with_cap(max((each.cap for each in at_work if each.cap), default=batch.cap))


class Looker:
    """Looks at one batch, again and again; remembers only when the cluster was last heard."""

    def __init__(self, place: Place, clock: Clock) -> None:
        self._place = place
        self._clock = clock
        self._cluster = place.cluster()
        self._heard_at: datetime | None = None

    def look(self) -> Status:
        """Return how the batch stands: what the cluster says, or else what is remembered.

        Raises LedgerError.
        """
        try:
            look = self._place.look(self._clock, cluster=self._cluster)
        except ClusterError as error:
            return self.remembered(str(error))
        view = look.learned.view
        if not view.trusted:
            return self._status(view, NOTHING_LISTED)
        self._heard_at = self._clock.now()
        return self._status(view, None, look.listing)

    def remembered(self, problem: str = NOT_YET_HEARD) -> Status:
        """Return what the ledger knows, and why the cluster is not heard; raise LedgerError."""
        return self._status(self._place.remembered(), problem)

    def _status(self, view: View, problem: str | None, listing: Listing = _NOTHING_HEARD) -> Status:
        now = self._clock.now()
        at_work = self._place.at_work(now)
        snapshot = snapshot_of(_under_their_cap(self._place.batch, at_work), view, now)
        answer = Answer(self._heard_at or heard_at(view), problem, listing.no_submit)
        commands = [each.command for each in at_work]
        waits = waits_of(snapshot, answer, commands, listing.observations)
        return status_of(snapshot, waits, at_work)
