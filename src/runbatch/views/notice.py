"""The one message that is sent when a command is over: the numbers, no names of jobs."""

from runbatch.core.batch import Batch
from runbatch.core.errors import RunbatchError
from runbatch.core.snapshot import Snapshot
from runbatch.notify import Message
from runbatch.views.retries import by_verdict
from runbatch.views.summary import headline
from runbatch.views.text import plural, printable_lines


def notice_of(snapshot: Snapshot, stopped: str | None, next_line: str | None) -> Message:
    """Return the message of a command that came to its end, or was `stopped`: what to do then."""
    prefix, failed = snapshot.batch.prefix, snapshot.failed
    verdicts = [f"{count} {verdict}" for verdict, count in by_verdict(failed).items()]
    lines = [stopped, headline(snapshot), *verdicts, next_line]
    body = "\n".join(line for line in lines if line)
    if stopped is not None:
        return Message(f"{prefix}: stopped", body, "warning")
    if failed:
        return Message(f"{prefix}: over, {plural(len(failed), 'job')} failed", body, "warning")
    return Message(f"{prefix}: done", body, "success")


def notice_of_error(batch: Batch, error: RunbatchError) -> Message:
    """Return the message of a command that an error ended."""
    return Message(f"{batch.prefix}: ended by an error", printable_lines(str(error)), "failure")
