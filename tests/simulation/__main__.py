"""Play thousands of histories, or one again: `make simulate SEEDS=10000`."""

import sys
import time
from pathlib import Path

import click
from rich.console import Console
from rich.progress import MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from tests.simulation.seeds import KINDS, Tally, play, play_on_all_cores

# Below so many histories a rare kind of fault may well not happen.
ENOUGH = 300
LAST_LINES = 25


@click.command()
@click.option("--seeds", default=1000, show_default=True, help="How many histories.")
@click.option("--first", default=0, show_default=True, help="The first seed.")
@click.option("--replay", type=int, metavar="SEED", help="Tell the history of this one seed.")
def main(seeds: int, first: int, replay: int | None) -> None:
    """Play histories in which everything goes wrong; check each promise after each step."""
    if replay is not None:
        sys.exit(tell(replay))
    sys.exit(run(range(first, first + seeds)))


def tell(seed: int) -> int:
    """Print a seed's whole history; return 1 if a promise was broken."""
    tally, said = play(seed)
    for at_s, text in said:
        click.echo(f"{at_s:9.1f} s  {text}")
    for text in tally.broken.values():
        click.echo(f"BROKEN: {text}")
    return 1 if tally.broken else 0


def run(seeds: range) -> int:
    """Play these seeds on all cores and print what happened; return 1 if anything was broken."""
    began_s = time.monotonic()
    tally = Tally()
    columns = (TextColumn("simulating"), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True)) as progress:
        bar = progress.add_task("", total=len(seeds))
        for tally in play_on_all_cores(seeds):
            progress.update(bar, completed=tally.seeds)
    report(tally, time.monotonic() - began_s)
    for seed, text in sorted(tally.broken.items())[:5]:
        click.echo(f"\nseed {seed}: {text}")
        for at_s, line in play(seed)[1][-LAST_LINES:]:
            click.echo(f"  {at_s:9.1f} s  {line}")
        click.echo(f"  again: {Path(sys.executable).name} -m tests.simulation --replay {seed}")
    is_missing = bool(tally.never) and tally.seeds >= ENOUGH
    if is_missing:
        click.echo(f"\nnever happened: {', '.join(tally.never)}")
    return 1 if tally.broken or is_missing else 0


def report(tally: Tally, took_s: float) -> None:
    """Print the numbers."""
    for kind in KINDS:
        click.echo(f"{tally.happened[kind.value]:>9,}  {kind.value}")
    click.echo(
        f"\n{tally.seeds:,} seeds, {tally.commands:,} commands, {tally.hours:,.0f} simulated hours"
        f" in {took_s:.0f} s: {tally.seeds / took_s:.1f} seeds/s, {len(tally.broken)} broken"
    )


if __name__ == "__main__":
    main()
