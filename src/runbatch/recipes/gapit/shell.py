"""What a shell would read otherwise than runbatch does, in a line of a `.env` file.

The old scripts let a shell read the file. Here no line is run: `$USER` stays text, and so do a
backslash or an `&`. What stands in single quotes is the same text to both.
"""

import re

_LINE = re.compile(r"\s*(?:export\s+)?[^=\s]+[^\S\r\n]*=[^\S\r\n]*(.*)", re.DOTALL)
_EXPANDED = r"\$(?:\w+|\{[^}]*\}?|\([^)]*\)?|[@*#?!$'\"-])|`[^`]*`?"
# Of what is in no quotes: also what ends or joins commands, quotes inside, and `A=1 B=2`.
_BARE = re.compile(rf"{_EXPANDED}|\\.?|[;&|<>()'\"]|(?<![^:])~|(?<=\s)[A-Za-z_]\w*=", re.DOTALL)
_COMMENT = re.compile(r"\s#.*")
# A shell keeps `\t` in double quotes, and drops the backslash before a `$`, both unlike runbatch.
_DOUBLE = re.compile(rf'\\["\\]|(?P<odd>\\.|{_EXPANDED})', re.DOTALL)
# In single quotes a shell knows no backslash; runbatch reads `\'` and `\\` as one character.
_SINGLE = re.compile(r"\\['\\]")
_QUOTED = re.compile(
    r"""(?P<quote>["'])(?P<inner>(?:\\.|(?!(?P=quote))[^\\])*)(?P=quote)(?P<rest>\#?)""", re.DOTALL
)


def shell_syntax(line: str) -> str | None:
    """Return the first part of `NAME=value` that a shell would read otherwise, None if none is."""
    found = _LINE.match(line)
    raw = found[1] if found else ""
    quoted = _QUOTED.match(raw)
    if quoted is None:
        odd = _BARE.search(_COMMENT.sub("", raw))
        return odd[0] if odd else None
    if quoted["quote"] == "'":
        odd = _SINGLE.search(quoted["inner"])
    else:
        odds = (each for each in _DOUBLE.finditer(quoted["inner"]) if each["odd"])
        odd = next(odds, None)
    if odd:
        return odd[0]
    # To a shell a `#` right behind a quote goes on with the value.
    return f"{quoted['quote']}#" if quoted["rest"] else None
