"""Words out of JSON, which can spell what is no text."""

from typing import Any


def text_of(value: Any) -> str:
    """Return the value as text that can be stored and typed: without NUL and half characters."""
    return str(value).replace("\0", "?").encode("utf-8", "replace").decode()
