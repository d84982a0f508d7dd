"""`--notify`: word to a person when a command is over. It never changes how the command ends."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import NamedTuple

import click

from runbatch.cli.options import Where
from runbatch.cli.output import STOPPED_HINT
from runbatch.cli.run import next_line
from runbatch.cli.signals import StopFlag
from runbatch.core.batch import Batch
from runbatch.core.errors import RunbatchError
from runbatch.core.snapshot import Snapshot
from runbatch.notify import Message, check_url, send
from runbatch.views.notice import notice_of, notice_of_error

VARIABLE = "RUNBATCH_NOTIFY"

notify_option = click.option(
    "--notify",
    "notify",
    metavar="URL",
    help="Send word when it is over, to this Apprise URL (mail, chat, webhook). "
    f"[default: {VARIABLE}, which lists of processes do not show]",
)


class Address(NamedTuple):
    """Where word is to be sent: the URL, a secret, and the `place` it stands in, which is none."""

    place: str
    url: str


def notify_address(option: str | None) -> Address | None:
    """Return where word is to be sent, if anywhere; raise BatchError if no service knows it."""
    place = VARIABLE if option is None else "--notify"
    url = (os.environ.get(VARIABLE) or None) if option is None else option
    if url is None:
        return None
    check_url(place, url)
    return Address(place, url)


@contextmanager
def word_when_over(address: Address | None, batch: Batch) -> Iterator[Callable[[Message], None]]:
    """Yield who takes the message to send at the end; an error that ends the block is one too.

    It is sent after everything else, and that it cannot be is told, and no more.
    """
    messages: list[Message] = []
    try:
        yield messages.append
    except RunbatchError as error:
        messages.append(notice_of_error(batch, error))
        raise
    finally:
        if address is not None and messages and not _is_sent(address.url, messages[0]):
            problem = f"the service of {address.place} did not answer, or did not take it."
            with suppress(OSError):
                click.echo(f"[WARN] No word was sent: {problem}", err=True)


def _is_sent(url: str, message: Message) -> bool:
    try:
        return send(url, message)
    except KeyboardInterrupt:
        return False


def notice(where: Where, snapshot: Snapshot, stop: StopFlag) -> Message:
    """Return the message of a command that is over."""
    return notice_of(snapshot, STOPPED_HINT if stop.is_set() else None, next_line(where, snapshot))
