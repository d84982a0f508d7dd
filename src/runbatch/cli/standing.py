"""How a batch stands, for what is told of its record: what `status` says, and as of when."""

from runbatch.cli.status import Looker
from runbatch.clock import SystemClock
from runbatch.core.journal import replay, view_after
from runbatch.core.snapshot import Snapshot, snapshot_of
from runbatch.core.waits import Answer
from runbatch.ledger.record import Record
from runbatch.wiring import Place

NO_LEDGER = "there is no ledger here, and this is what the events tell."


def standing(place: Place, record: Record) -> tuple[Snapshot, Answer]:
    """Return how the batch stands now, writing nothing, and whether the cluster was heard.

    Events without their ledger were taken elsewhere to be read: they speak alone, since to a look
    without a ledger each job would be a stranger's. Raises LedgerError.
    """
    clock = SystemClock()
    if record.remembered is None and record.entries:
        view, last = view_after(replay(record.entries)), record.entries[-1]
        return snapshot_of(place.batch, view, clock.now()), Answer(last.at, NO_LEDGER)
    seen = Looker(place, clock).look()
    return seen.snapshot, seen.waits.answer
