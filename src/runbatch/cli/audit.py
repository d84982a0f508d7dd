"""`runbatch audit`: what happened, replayed, and whether each promise was kept."""

from dataclasses import replace

import click

from runbatch.cli.options import Where, common, json_option
from runbatch.cli.output import print_json
from runbatch.cli.standing import standing
from runbatch.core.audit import audit_of
from runbatch.core.errors import BatchError
from runbatch.ledger.archive import shortened
from runbatch.ledger.events import FILE_NAME
from runbatch.ledger.record import read_record
from runbatch.views.audit import audit_json, audit_text

PROMISE_BROKEN = 1


@click.command(
    epilog="""\b
Examples:
  runbatch audit
  runbatch audit --json | jq '.promises[] | select(.held | not)'
Exit codes: 0 every promise was kept, 1 one was broken, 2 there are no events yet.
""",
)
@common
@json_option
def audit(*, where: Where, as_json: bool) -> int:
    """Replay the batch's events and say whether each promise was kept.

    It shows the most jobs that were in flight at any time, and where a promise was broken the lines
    of events.jsonl that show it. It changes nothing. How the jobs stand it asks the cluster, as
    status does; where that does not answer, the first line says as of when it speaks.
    """
    batch = where.batch()
    place = where.place(batch)
    folder = place.ledger_folder
    record = read_record(folder)
    if not record.entries:
        problem = "there are no events yet; submit writes them."
        raise BatchError(str(folder / FILE_NAME), problem)
    snapshot, answer = standing(place, record)
    found = audit_of(record.entries, record.remembered, record.altered)
    found = replace(found, counts=snapshot.counts)
    logs = shortened(each for job in snapshot.jobs for each in job.attempts)
    if as_json:
        print_json(audit_json(batch.prefix, found, record.lacking, answer, logs))
    else:
        click.echo(audit_text(batch.prefix, found, record.lacking, answer, logs))
    return 0 if found.held else PROMISE_BROKEN
