"""The options that every command has, gathered in one value."""

import math
import shlex
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import wraps
from pathlib import Path
from typing import Any

import click
from click.shell_completion import CompletionItem

from runbatch.clusters.kinds import BUILT_IN, kind_of, names
from runbatch.config.load import find_batch_file, load_batch
from runbatch.core.batch import Batch
from runbatch.core.errors import BatchError
from runbatch.runner import Pace
from runbatch.views.text import printable
from runbatch.wiring import (
    LONGEST_INTERVAL_S,
    SHORTEST_POLL_S,
    Place,
    pace_of,
    place_of,
)


class Seconds(click.FloatRange):
    """A number of seconds within its range; nan is in none, though no comparison refuses it."""

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        """Return the number; fail as a range does."""
        number = float(super().convert(value, param, ctx))
        if math.isnan(number):
            self.fail(f"{number} is not in the range {self.min}<=x<={self.max}.", param, ctx)
        return number


class KindName(click.ParamType[str]):
    """The name of a kind of cluster; other packages' are looked up when one is named."""

    name = "kind"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Return the name; fail as a choice does."""
        if value not in BUILT_IN and value not in names():
            known = ", ".join(map(repr, names()))
            self.fail(f"{value!r} is not one of {known}.", param, ctx)
        return str(value)

    def shell_complete(
        self,
        ctx: click.Context,  # noqa: ARG002  # as click calls it
        param: click.Parameter,  # noqa: ARG002
        incomplete: str,
    ) -> list[CompletionItem]:
        """Return the names that begin so."""
        return [CompletionItem(name) for name in names() if name.startswith(incomplete)]


def _usual(interval: str) -> str:
    """Return what is usual on each kind of cluster: `local 0.5, runai 30`."""
    return ", ".join(f"{name} {getattr(kind_of(name), interval):g}" for name in BUILT_IN)


@contextmanager
def in_current_folder() -> Iterator[None]:
    """Do what asks for the current folder; raise BatchError if that is gone."""
    try:
        yield
    except FileNotFoundError as error:
        raise BatchError("", "the current folder is gone; go to one that exists.") from error


@dataclass(frozen=True, slots=True)
class Where:
    """Which batch, on which cluster, at what pace, and where its state is kept."""

    file: Path | None
    cluster: str | None
    poll_interval_s: float | None
    submit_interval_s: float | None
    state_dir: str | None

    def again(self, command: str) -> str:
        """Return the command with the options that say which batch is meant."""
        words = ["runbatch", command]
        words += ["-b", str(self.file)] if self.file else []
        words += ["--cluster", self.cluster] if self.cluster else []
        words += ["--state-dir", self.state_dir] if self.state_dir else []
        return printable(shlex.join(words))

    def batch(self) -> Batch:
        """Return the batch, having told what its reader should know; raise BatchError."""
        with in_current_folder():
            file = self.file or find_batch_file(Path.cwd())
        batch = load_batch(file, cluster=self.cluster)
        for note in batch.notes:
            click.echo(f"[WARN] {printable(note)}", err=True)
        return batch

    def place(self, batch: Batch) -> Place:
        """Return where this batch lives."""
        with in_current_folder():
            return place_of(batch, self.state_dir)

    def place_to_read(self, batch: Batch) -> Place:
        """Return where this batch lives, having told if nothing is remembered there."""
        place = self.place(batch)
        if not place.has_ledger():
            folder = printable(str(place.ledger_folder))
            click.echo(
                f"[WARN] There is no ledger in {folder} yet: submit makes it. Was the batch"
                " submitted with another --state-dir, or by somebody else?",
                err=True,
            )
        return place

    def place_to_act(self, batch: Batch) -> Place:
        """Return where this batch lives, having told if it was last used from elsewhere."""
        place = self.place(batch)
        if before := place.moved_from():
            where = f"{printable(batch.prefix)} was last used from {printable(before)}"
            click.echo(
                f"[WARN] {where}; by its prefix this is the same batch: what succeeded there is not"
                " started again. Else choose another prefix.",
                err=True,
            )
        return place

    def pace(self, batch: Batch) -> Pace:
        """Return how often to look and to submit."""
        return pace_of(batch, self.poll_interval_s, self.submit_interval_s)


_OPTIONS = (
    click.option(
        "-b",
        "--batch",
        "file",
        type=click.Path(path_type=Path),
        metavar="FILE",
        help="The batch's file. [default: batch.toml, else .env, here]",
    ),
    click.option(
        "--cluster",
        type=KindName(),
        metavar="KIND",
        help=f"The cluster to use, instead of the one in the file: {' or '.join(BUILT_IN)}.",
    ),
    click.option(
        "--poll-interval",
        "poll_interval_s",
        type=Seconds(SHORTEST_POLL_S, LONGEST_INTERVAL_S),
        metavar="S",
        help=f"Seconds between two looks at the cluster. [default: {_usual('poll_interval_s')}]",
    ),
    click.option(
        "--submit-interval",
        "submit_interval_s",
        type=Seconds(0, LONGEST_INTERVAL_S),
        metavar="S",
        help=f"Seconds between two submits. [default: {_usual('submit_interval_s')}]",
    ),
    click.option(
        "--state-dir",
        metavar="DIR",
        help="Where ledgers and saved logs are kept. [default: RUNBATCH_STATE_DIR, else yours]",
    ),
)


def common(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options that every command has; hand them on as `where`."""

    @wraps(command)
    def with_where(
        *,
        file: Path | None,
        cluster: str | None,
        poll_interval_s: float | None,
        submit_interval_s: float | None,
        state_dir: str | None,
        **rest: Any,
    ) -> Any:
        where = Where(file, cluster, poll_interval_s, submit_interval_s, state_dir)
        return command(where=where, **rest)

    decorated: Callable[..., Any] = with_where
    for option in reversed(_OPTIONS):
        decorated = option(decorated)
    return decorated


yes_option = click.option("-y", "--yes", is_flag=True, help="Do not ask.")
dry_run_option = click.option("--dry-run", is_flag=True, help="Say what would be done; do nothing.")
json_option = click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
