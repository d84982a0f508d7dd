"""Text that is safe and fit to show: names and logs can hold anything."""

import re
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from rich.cells import cell_len

# How a command, like `retry`, is typed for one batch: with the options that say which.
Again = Callable[[str], str]

_COMMAND = re.compile(r"\brunbatch ([a-z]+)")
_MOST_KEYS_TYPED = 8
_PLAIN_KEY = re.compile(r"[A-Za-z0-9_][-A-Za-z0-9_.]*")
# As KEYS are read: no nought in front, at most nine digits.
_NUMBER = re.compile(r"0|[1-9][0-9]{0,8}")
_NARROWEST_WORD = len("x, ")
_SHORTEST_ROW = 3


def printable(text: str) -> str:
    r"""Return the text with everything that could move a terminal's cursor shown as `\x1b`."""
    return "".join(each if each.isprintable() else _escaped(each) for each in text)


def _escaped(character: str) -> str:
    return character.encode("unicode_escape").decode("ascii")


def printable_lines(text: str) -> str:
    """Return the text line by line, each made printable; for logs shown on a terminal."""
    return "\n".join(
        "\t".join(printable(cell) for cell in line.split("\t")) for line in text.split("\n")
    )


def plural(count: int, word: str) -> str:
    """Return `1 job` or `2 jobs`."""
    return f"{count} {word}" if count == 1 else f"{count} {word}s"


def all_of(count: int, word: str) -> str:
    """Return `the only job` or `all 2 jobs`."""
    return f"the only {word}" if count == 1 else f"all {plural(count, word)}"


def short_list(words: Sequence[str], most: int = 8) -> str:
    """Return the words with commas, and how many more there are."""
    shown = ", ".join(printable(word) for word in words[:most])
    return shown if len(words) <= most else f"{shown} and {len(words) - most} more"


class Row(NamedTuple):
    """Keys that are shown as one word: a key, or whole numbers in a row as `7-12`."""

    word: str
    keys: int


def rows_of(keys: Sequence[str]) -> tuple[Row, ...]:
    """Return the keys as they are shown and typed; fewer than three in a row stay apart."""
    runs: list[list[str]] = []
    for key in keys:
        if runs and _follows(key, runs[-1][-1]):
            runs[-1].append(key)
        else:
            runs.append([key])
    return tuple(row for run in runs for row in _as_rows(run))


def _follows(key: str, before: str) -> bool:
    is_typed = _NUMBER.fullmatch(before) is not None and _NUMBER.fullmatch(key) is not None
    return is_typed and int(key) == int(before) + 1


def _as_rows(run: Sequence[str]) -> list[Row]:
    if len(run) < _SHORTEST_ROW:
        return [Row(key, 1) for key in run]
    return [Row(f"{run[0]}-{run[-1]}", len(run))]


def short_keys(keys: Sequence[str], most: int = 8) -> str:
    """Return the keys with commas, in so many words at most, and how many more there are."""
    return _shown(rows_of(keys), most)


def fitting_rows(rows: Sequence[Row], room: int) -> str:
    """Return as many of the rows as fit into so many columns, at least one, and the rest's keys."""
    most = min(len(rows), room // _NARROWEST_WORD + 1)
    while most > 1 and cell_len(_shown(rows, most)) > room:
        most -= 1
    return _shown(rows, most)


def _shown(rows: Sequence[Row], most: int) -> str:
    shown = ", ".join(printable(row.word) for row in rows[:most])
    more = sum(row.keys for row in rows[most:])
    return f"{shown} and {more} more" if more else shown


def plain(command: str) -> str:
    """Return how a command is typed where it is not known which words say what batch is meant."""
    return f"runbatch {command}"


def typed(advice: str, keys: Sequence[str], again: Again = plain) -> str:
    """Return the advice so that its commands can be typed as they stand, and hit the same batch.

    KEYS becomes the jobs' keys. Many, or such as a shell or a comma would split, are left to the
    person.
    """
    return _COMMAND.sub(lambda found: again(found[1]), _with_keys(advice, keys))


def _with_keys(advice: str, keys: Sequence[str]) -> str:
    words = [row.word for row in rows_of(keys)]
    if len(words) > _MOST_KEYS_TYPED or not all(map(_PLAIN_KEY.fullmatch, keys)):
        return advice
    return advice.replace("KEYS", ",".join(words))


def clock_time(at: datetime, now: datetime) -> str:
    """Return `09:31:10`, in UTC, and the day before it where that is not today's."""
    day = "" if at.date() == now.date() else f"{at:%Y-%m-%d} "
    return f"{day}{at:%H:%M:%S}"


def duration(seconds: float) -> str:
    """Return a length of time for people: `45 s`, `3 min`, `2 h 05 min`."""
    whole = timedelta(seconds=round(seconds))
    minutes, rest = divmod(int(whole.total_seconds()), 60)
    if minutes == 0:
        return f"{rest} s"
    hours, minutes_left = divmod(minutes, 60)
    return f"{hours} h {minutes_left:02} min" if hours else f"{minutes} min"
