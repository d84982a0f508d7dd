"""The one message that is sent when a command is over: the numbers, and words of our own.

It goes to a third party: no names of jobs are in it, and nothing that a cluster or a file said.
"""

from runbatch.core.batch import Batch
from runbatch.core.errors import (
    BatchError,
    ClusterError,
    Denied,
    LedgerError,
    Rejected,
    RunbatchError,
    Unauthorized,
)
from runbatch.core.snapshot import Snapshot
from runbatch.notify import Message
from runbatch.views.retries import by_verdict
from runbatch.views.summary import headline
from runbatch.views.text import plural

# The first that fits.
_REASONS: tuple[tuple[type[RunbatchError], str], ...] = (
    (Unauthorized, "The cluster asks for a new login."),
    (Rejected, "The cluster refuses what is asked of it."),
    (Denied, "The cluster refuses what is asked of it."),
    (ClusterError, "The cluster did not do what was asked, or did not answer."),
    (LedgerError, "The ledger cannot be read or written."),
    (BatchError, "The batch, or what was asked of it, is wrong."),
)
_WHERE_MORE = "What was submitted goes on. Where the command ran, it has told more."


def notice_of(snapshot: Snapshot, stopped: str | None, next_line: str | None) -> Message:
    """Return the message of a command that came to its end, or was `stopped`: what to do then."""
    prefix, failed = snapshot.batch.prefix, snapshot.failed
    verdicts = [
        f"{count} {verdict}" for verdict, count in by_verdict(job.last for job in failed).items()
    ]
    lines = [stopped, headline(snapshot), *verdicts, next_line]
    body = "\n".join(line for line in lines if line)
    if stopped is not None:
        return Message(f"{prefix}: stopped", body, "warning")
    if failed:
        return Message(f"{prefix}: over, {plural(len(failed), 'job')} failed", body, "warning")
    return Message(f"{prefix}: done", body, "success")


def notice_of_error(batch: Batch, error: RunbatchError) -> Message:
    """Return the message of a command that an error ended: of which kind it is."""
    reason = next((text for kind, text in _REASONS if isinstance(error, kind)), "It gave up.")
    return Message(f"{batch.prefix}: ended by an error", f"{reason}\n{_WHERE_MORE}", "failure")
