"""Asking about workloads that have names of the batch's jobs, but are not its ledger's."""

from collections.abc import Sequence

import click

from runbatch.cli.output import ask, can_ask
from runbatch.core.whose import Stranger
from runbatch.views.text import plural, printable
from runbatch.wiring import Look

_MOST_SHOWN = 20


def with_agreed(look: Look, *, yes: bool) -> Look:
    """Return the look with those workloads adopted that the person says yes to.

    Each is named, with its owner. `yes` is the answer for those that nothing speaks against; the
    others are asked about by themselves, and only a person can answer that.
    """
    strangers = look.learned.strangers
    own = [each for each in strangers if each.against is None]
    others = [each for each in strangers if each.against is not None]
    if _is_meant(own, "Are they this batch's?", yes=yes):
        look = look.agreed(own)
    if not yes and _is_meant(others, "Are they this batch's all the same?", yes=False):
        look = look.agreed(others)
    return look


def tell_of(look: Look) -> None:
    """Tell of those that a command which asks nothing leaves alone."""
    if strangers := look.learned.strangers:
        for line in (*_lines(strangers), '"runbatch submit" asks whether they are this batch\'s.'):
            click.echo(line, err=True)


def _is_meant(strangers: Sequence[Stranger], question: str, *, yes: bool) -> bool:
    if not strangers or not (yes or can_ask()):
        return False
    for line in _lines(strangers):
        click.echo(line, err=True)
    return yes or ask(f"Adopted ones count, and their ends are the batch's results. {question}")


def _lines(strangers: Sequence[Stranger]) -> list[str]:
    """Return a line for each, and how many more there are."""
    count = plural(len(strangers), "workload")
    shown = [f"{each.observation.name}: {each.description}" for each in strangers[:_MOST_SHOWN]]
    if len(strangers) > _MOST_SHOWN:
        shown.append(f"and {len(strangers) - _MOST_SHOWN} more")
    head = f"{count} with names of this batch's jobs, which this ledger did not submit:"
    return [head, *(f"  {printable(line)}" for line in shown)]
