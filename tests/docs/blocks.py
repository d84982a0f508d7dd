"""What stands in Markdown pages: blocks of code, and words in code."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
_BLOCK = re.compile(r"^```(\S*)\n(.*?)^```$", re.M | re.S)


def blocks(path: Path, language: str) -> list[str]:
    """Return the text of each block of a language."""
    return [text for found, text in _BLOCK.findall(path.read_text("utf-8")) if found == language]


def words_in_code(path: Path) -> list[str]:
    """Return each piece of text in backticks that is no block."""
    return re.findall(r"`([^`\n]+)`", _BLOCK.sub("", path.read_text("utf-8")))
