"""The file that `[jobs] file` names: one key a line, and what in it may be none."""

import re
import reprlib
from pathlib import Path

from runbatch.config.text import read_text

_LINE_END = re.compile(r"\r\n|\n|\r")
_COMMENT = re.compile(r"(?:^|\s)#")
_SEPARATOR = re.compile(r"[,;\t]")
_HEADERS = frozenset({"id", "index", "job", "key", "name", "sample", "trait"})


def read_keys(path: Path) -> tuple[str, ...]:
    """Return one key for each line that is not empty and no comment; raise BatchError."""
    lines = (_COMMENT.split(line, maxsplit=1)[0] for line in _LINE_END.split(read_text(path)))
    return tuple(key for line in lines if (key := line.strip()))


def doubtful_keys(keys: tuple[str, ...], file: str) -> tuple[str, ...]:
    """Return notes on what in the keys of this file was probably not meant to be one."""
    notes = []
    if _is_header(keys):
        notes.append(
            f"{file}: its first line, {_short(keys[0])}, is a job; it looks like a header."
        )
    rows = [key for key in keys if _SEPARATOR.search(key)]
    if rows:
        what = f"{_short(rows[0])} is one key; it looks like a row of a table"
        notes.append(f"{file}: the line {what} ({len(rows)} of {len(keys)} lines).")
    return tuple(notes)


def _is_header(keys: tuple[str, ...]) -> bool:
    """Whether the first line is a table's header: by its words, or as the only one no number."""
    if len(keys) < 2:  # noqa: PLR2004  # a header has something below it
        return False
    words = {word.strip().strip("\"'").lower() for word in _SEPARATOR.split(keys[0])}
    is_known = bool(words & {*_HEADERS, *(f"{word}s" for word in _HEADERS), "trait_index"})
    return is_known or (not keys[0].isdecimal() and all(key.isdecimal() for key in keys[1:]))


def _short(key: str) -> str:
    return reprlib.repr(key)
