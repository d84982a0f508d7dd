"""The first line of what is only the end of a log: it says so, to people and to us."""

_BEGINS = b"[runbatch] only the last "
_ENDS = b" of this log could be had\n"


def note(lines: int) -> bytes:
    """Return the line that stands before the last so many lines of a log."""
    return _BEGINS + b"%d lines" % lines + _ENDS


def split_note(log: bytes) -> tuple[bytes, bytes]:
    """Return the note that the log, or its beginning, starts with, and what the job printed."""
    first, line_end, rest = log.partition(b"\n")
    line = first + line_end
    is_note = line.startswith(_BEGINS) and line.endswith(_ENDS)
    return (line, rest) if is_note else (b"", log)
