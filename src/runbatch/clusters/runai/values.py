"""The JSON that stands in what a program printed, whatever an update printed around it.

Run:ai reference, 9.3. The text is read once, however malformed: it may be 250 MB long.
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
    """Yield each JSON object or list of the text that is a part of no other, and ends its line."""
    decoder = json.JSONDecoder()
    end = 0
    for start in _starts(text):
        if start < end:
            continue
        try:
            value, behind = decoder.raw_decode(text, start)
        except (ValueError, RecursionError):
            continue
        if _LINE_END.match(text, behind):  # else a word in brackets, in the middle of a sentence
            end = behind
            yield value


def _starts(text: str) -> Iterator[int]:
    """Yield where a value may begin: the first bracket, and lines that begin with one.

    No value can be read beyond the next of these but the one that holds it; so that one value
    cannot be read does not make the others be read again and again.
    """
    first = _START.search(text)
    if first is not None:
        yield first.start()
    for match in _LINE_START.finditer(text):
        if not _goes_on(text, match.start()):
            yield match.start()


def _goes_on(text: str, at: int) -> bool:
    """Whether what stands before this place, blanks aside, is no end of a value."""
    while at and text[at - 1].isspace():
        at -= 1
    return text[at - 1 : at] in _UNFINISHED
