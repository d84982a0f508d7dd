"""What the page's script is given, as plain values: levels, and jobs with attempts and bars.

Times are seconds after the page's `origin`, to the hundredth.
"""

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote

from runbatch.core.attempt import Attempt
from runbatch.core.history import History, Level
from runbatch.core.past import node_of
from runbatch.core.snapshot import JobSnapshot, Snapshot
from runbatch.views.report.bars import Bar
from runbatch.views.report.shades import Shade, of_end, of_stage, word_of
from runbatch.views.summary import why
from runbatch.views.text import printable

_INDEX = {shade: index for index, shade in enumerate(Shade)}


def data_of(
    snapshot: Snapshot, history: History, bars: Mapping[str, Sequence[Bar]], folder: Path
) -> dict[str, Any]:
    """Return what the page's script draws; links to logs fit a page that lies in `folder`."""
    every = [bar for each in bars.values() for bar in each]
    first, last = _span(snapshot, history.levels, every)
    states = tuple(sorted({bar.state for bar in every}))
    writer = _Writer(first, {word: index for index, word in enumerate(states)}, folder)
    return {
        "origin": first.timestamp(),
        "until": writer.at(last),
        "prefix": snapshot.batch.prefix,
        "levels": [[writer.at(each.at), each.in_flight, each.cap] for each in history.levels],
        "states": states,
        "shades": [{"style": each.style, "sign": each.sign, "text": each.text} for each in Shade],
        "jobs": [writer.job(job, bars[job.key]) for job in snapshot.jobs],
    }


def _span(
    snapshot: Snapshot, levels: Sequence[Level], bars: Sequence[Bar]
) -> tuple[datetime, datetime]:
    """Return the first and last moment to draw: until now only if something is in flight."""
    starts = [level.at for level in levels[:1]] + [bar.start for bar in bars]
    ends = [level.at for level in levels[-1:]] + [bar.end for bar in bars]
    last = snapshot.at if snapshot.in_flight or not ends else max(ends)
    return min(starts, default=last), last


@dataclass(frozen=True, slots=True)
class _Writer:
    """Writes jobs down, relative to one moment and one folder."""

    origin: datetime
    states: Mapping[str, int]
    folder: Path

    def at(self, moment: datetime) -> float:
        return round((moment - self.origin).total_seconds(), 2)

    def job(self, job: JobSnapshot, bars: Iterable[Bar]) -> dict[str, Any]:
        return {
            "key": printable(job.key),
            "state": job.state.value.replace("_", " "),
            "due": self.at(job.next_retry_at) if job.next_retry_at else None,
            "attempts": [self._attempt(each) for each in job.attempts],
            "bars": [self._bar(each) for each in bars],
        }

    def _attempt(self, attempt: Attempt) -> dict[str, Any]:
        shade = of_end(attempt) or of_stage(attempt.stage)
        return {
            "number": attempt.number,
            "outcome": word_of(attempt),
            "shade": _INDEX[shade],
            "evidence": why(attempt),
            "node": printable(node_of(attempt) or ""),
            "start": self.at(attempt.called_at or attempt.reserved_at),
            "end": self.at(attempt.ended_at) if attempt.ended_at else None,
            "log": link(Path(attempt.log), self.folder) if attempt.log else None,
        }

    def _bar(self, bar: Bar) -> list[float]:
        start, end = self.at(bar.start), self.at(bar.end)
        return [_INDEX[bar.shade], bar.number, start, end, self.states[bar.state]]


def link(log: Path, folder: Path) -> str:
    """Return an address of the log for a page in `folder`: relative if the log lies below it."""
    if log.is_relative_to(folder):
        return quote(os.fsencode(log.relative_to(folder)))
    return log.absolute().as_uri()
