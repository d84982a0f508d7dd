"""Asking about workloads that have names of the batch's jobs, but are not its ledger's."""

import click

from runbatch.cli.output import can_ask
from runbatch.core.whose import Stranger
from runbatch.views.text import plural, printable
from runbatch.wiring import Look

_MOST_SHOWN = 20


def with_agreed(look: Look, *, yes: bool, may_ask: bool) -> Look:
    """Return the look with those workloads adopted that the person says yes to.

    With `yes` those are adopted that nothing speaks against. Else each is named, with its owner,
    and the person is asked, if there is one. Another batch's are never adopted.
    """
    strangers = [each for each in look.learned.strangers if not each.of_another_batch]
    if yes:
        return look.agreed(each for each in strangers if each.against is None)
    if not strangers or not may_ask or not can_ask():
        return look
    for line in _lines(strangers):
        click.echo(line, err=True)
    question = "Are they this batch's? Then they are counted, and what they come to is its result."
    return look.agreed(strangers) if click.confirm(question, err=True) else look


def _lines(strangers: list[Stranger]) -> list[str]:
    """Return a line for each, and how many more there are."""
    count = plural(len(strangers), "workload")
    shown = [f"{each.observation.name}: {each.description}" for each in strangers[:_MOST_SHOWN]]
    if len(strangers) > _MOST_SHOWN:
        shown.append(f"and {len(strangers) - _MOST_SHOWN} more")
    head = f"{count} with names of this batch's jobs, which this ledger did not submit:"
    return [head, *(f"  {printable(line)}" for line in shown)]
