"""The JSON that stands in what a program printed, whatever an update printed around it.

The text is read once, however malformed: it may be 250 MB long.
"""

import json
import re
from collections.abc import Iterator
from typing import Any

_START = re.compile(r"[{\[]")
_LINE_START = re.compile(r"(?<![^\r\n])[{\[]")
_LINE_END = re.compile(r"[^\S\n]*(?:\n|\Z)")
# A value goes on behind these: what stands on the next line is a part of it, not a new one.
_UNFINISHED = (",", ":", "[", "{")


def values_in(text: str) -> Iterator[Any]:
    """Yield each JSON object or list of the text that is a part of no other, and ends its line.

    One may begin at the first bracket, and at each line that begins with one. A value that cannot
    be read ends before the next of these; so nothing is read again and again.
    """
    decoder = json.JSONDecoder()
    start = _START.search(text)
    while start is not None:
        end = start.end()
        try:
            value, behind = decoder.raw_decode(text, start.start())
        except (ValueError, RecursionError):
            pass
        else:
            if _LINE_END.match(text, behind):  # else a word in brackets, within a sentence
                end = behind
                yield value
        lines = _LINE_START.finditer(text, end)
        start = next((line for line in lines if not _goes_on(text, line.start())), None)


def _goes_on(text: str, at: int) -> bool:
    """Whether what stands before this place, blanks aside, is no end of a value."""
    while at and text[at - 1].isspace():
        at -= 1
    return text[at - 1 : at] in _UNFINISHED
