"""A complaint may quote what was typed, and a variable may hold a secret: its value is left out."""

import re

from runbatch.core.workload import Workload

# Where no name stands before it, a shorter value is left as it is: no secret is so short, and words
# like `12` or `TRUE` stand in many a complaint for something else.
SHORTEST_SECRET = 8
HIDDEN = "..."
_LETTERS = {"\a": "a", "\b": "b", "\f": "f", "\n": "n", "\r": "r", "\t": "t", "\v": "v"}


def without_values(text: str, workload: Workload) -> str:
    """Return the text with `NAME=...` for each value of the workload's variables.

    A value is known as it is and as a program quotes it. Behind `NAME=` it may stand in some way
    that nobody thought of: then the rest of the text is left out with it.
    """
    # The longest first: no value is cut up by another that is a part of it.
    env = sorted(workload.env.items(), key=lambda each: -len(each[1]))
    for name, value in env:
        text = _sub(f"{re.escape(name)}={_quoted(value)}", name, text)
    for name, value in env:
        # The workload's name holds its key, and must be told: without it nobody knows which job.
        if len(value) >= SHORTEST_SECRET and value not in workload.name:
            text = _sub(_quoted(value), name, text)
    for name, _ in env:
        text = _sub(f"{re.escape(name)}=(?!{re.escape(HIDDEN)}).+", name, text)
    return text


def _sub(pattern: str, name: str, text: str) -> str:
    return re.sub(pattern, lambda _: f"{name}={HIDDEN}", text, flags=re.DOTALL)


def _quoted(value: str) -> str:
    r"""Return a pattern of the value as it is, or escaped any number of times over.

    Go's `%q` and JSON write `\"`, `\\`, `\n`, `\x1b` and `\u003c`.
    """
    parts = re.findall(r"\\+|[^\\]", value)
    return "".join(r"\\++" if part[0] == "\\" else _written(part) for part in parts)


def _written(character: str) -> str:
    code = ord(character)
    ways = [re.escape(character), f"(?i:u{code:04x})", f"(?i:x{code:02x})"]
    if character in _LETTERS:
        ways.append(_LETTERS[character])
    return rf"\\*+(?:{'|'.join(ways)})"
