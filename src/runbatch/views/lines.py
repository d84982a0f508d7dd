"""Lines of text for a terminal: under a title, behind a label, side by side, shortened to fit."""

import textwrap
from collections.abc import Iterator, Sequence
from itertools import zip_longest

from rich.text import Text

Lines = list[Text]
_LABEL = 9
_NARROWEST = 20
GAP = 2


def labelled(label: str, text: str, width: int | None) -> Iterator[Text]:
    """Yield the text behind its label, on as many lines as it takes."""
    lines = textwrap.wrap(text, max(width - _LABEL, _NARROWEST)) if width else [text]
    for number, line in enumerate(lines):
        yield Text.assemble((f"{'' if number else label:<{_LABEL}}", "bold"), line)


def titled(title: str, rows: Sequence[Text], most: int) -> Lines:
    """Return the rows under their title, and how many more there are; nothing where none is.

    A last row takes no more room than to say that there is one more.
    """
    if not rows or not most:
        return []
    if len(rows) <= most + 1:
        return [Text(title, "bold"), *rows]
    return [Text(title, "bold"), *rows[:most], Text(f"{'':>7}and {len(rows) - most} more", "dim")]


def beside(left: Lines, right: Lines, width: int) -> Lines:
    """Return two blocks as one, the second from column `width` on."""
    if not left or not right:
        return left or right
    pairs = zip_longest(left, right, fillvalue=Text())
    return [_padded(cut(one, width - GAP), width).append_text(other) for one, other in pairs]


def _padded(line: Text, width: int) -> Text:
    line.pad_right(width - line.cell_len)
    return line


def cut(line: Text, width: int | None) -> Text:
    """Return the line, shortened to the width if there is one."""
    line = line.copy()
    if width is not None:
        line.truncate(width, overflow="ellipsis")
    return line


def joined(blocks: Sequence[Lines]) -> Lines:
    """Return the blocks that are not empty, with an empty line between."""
    filled = [block for block in blocks if block]
    return [line for block in filled for line in (*block, Text())][:-1]
