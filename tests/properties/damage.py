"""Near-valid input: something that is right, then damaged as disks, wires, editors and spite do."""

import json
from collections.abc import Sequence
from typing import Any

from hypothesis import strategies as st

# What has a meaning to some parser, moves a cursor, or is half a character (the last).
ODD_LETTERS = [*"\"'=[]{}:,#\\", "\0", "\ufeff", "\r", "\n", "\u2028", "\x1b", "é", "\ud800"]
MANY_DIGITS = "9" * 5000  # int() refuses so many
DEEP = 20_000  # deeper than any parser goes

texts = st.text(st.characters(exclude_categories=()) | st.sampled_from(ODD_LETTERS))


@st.composite
def damaged(draw: st.DrawFn, text: str) -> str:
    """The text, cut or with a piece of it replaced, doubled or gone, in up to two places."""
    for _ in range(draw(st.integers(0, 2))):
        places = st.integers(0, len(text))
        start, end = sorted((draw(places), draw(places)))
        piece = draw(st.sampled_from([*ODD_LETTERS, "\r\n", "", text[start:end] * 2]))
        text = text[:start] + piece + draw(st.sampled_from([text[start:], text[end:], ""]))
    return text


@st.composite
def damaged_lines(
    draw: st.DrawFn, document: str, names: Sequence[str], values: Sequence[str]
) -> str:
    """Lines of `name = value`: up to three gone, doubled, or with an odd name or value."""
    lines = document.split("\n")
    for _ in range(draw(st.integers(0, 3))):
        place = draw(st.integers(0, len(lines) - 1))
        name, _, value = lines[place].partition("=")
        odd = [f"{name}={draw(st.sampled_from(values))}", f"{draw(st.sampled_from(names))}={value}"]
        lines[place] = draw(st.sampled_from([*odd * 4, "", f"{lines[place]}\n{lines[place]}"]))
    whole = draw(st.sampled_from(["\n", "\n", "\r\n"])).join(lines)
    return draw(st.one_of(st.just(whole), damaged(whole)))


ODD_JSON = [
    *("null", "true", "-1", "0", "2", "1.5", "1e999", "NaN", "1" + "0" * 30, MANY_DIGITS),
    *('""', '"x"', '"37"', '"\\ud800"', '"gwas-37\\u0000"', '"\\u001b[2J"', f'"{"x" * 5000}"'),
    *('"0001-01-01T00:00:00Z"', '"00010101T000000+1400"', '"9999-12-31T23:59:59-23:59"'),
    *('"2026-02-30T00:00:00Z"', '"2026-01-05T09:30:00"', '"OOMKilled"', '"Failed"', '"Completed"'),
    *("[]", "{}", "[[]]", "[null]", "[1]", '{"name": []}', '[{"name": {}, "value": 3}]'),
    *("[" * DEEP + "]" * DEEP, '{"a":' * DEEP + "1" + "}" * DEEP, "[" * 500 + "]" * 500),
]


@st.composite
def damaged_json(draw: st.DrawFn, document: Any) -> str:
    """The document as text, with odd values at up to three places; perhaps damaged as text too."""
    odd: dict[str, str] = {}
    for number in range(draw(st.integers(0, 3))):
        mark = f"odd value {number}"
        odd[json.dumps(mark)] = draw(st.sampled_from(ODD_JSON))
        document = put(document, draw(st.sampled_from(places_in(document))), mark)
    text = json.dumps(document, indent=draw(st.sampled_from([None, 2])))
    for mark, value in odd.items():
        text = text.replace(mark, value)
    return draw(st.one_of(st.just(text), st.just(text), damaged(text)))


def places_in(document: Any) -> list[list[Any]]:
    """The path of every value of the document, its own among them."""
    inside: Any = ()
    if isinstance(document, dict):
        inside = document.items()
    elif isinstance(document, list):
        inside = enumerate(document)
    return [[], *([name, *path] for name, value in inside for path in places_in(value))]


def put(document: Any, path: Sequence[Any], value: Any) -> Any:
    """A copy of the document with this value at that place."""
    if not path:
        return value
    copy = document.copy()
    copy[path[0]] = put(document[path[0]], path[1:], value)
    return copy
