"""The streams of a command: whatever they are, nothing that is printed ends in a traceback."""

import io
import os
import sys
from pathlib import Path
from typing import Any

STDOUT = "stdout"


class _Stdout(io.FileIO):
    """Says of its errors that they are its own: the system names no file that was open before."""

    def write(self, data: Any, /) -> Any:
        """Write the bytes; raise OSError that names stdout."""
        try:
            return super().write(data)
        except OSError as error:
            error.filename = STDOUT
            raise


def mend_streams() -> None:
    """Make closed streams harmless, letters that an encoding lacks readable, and errors plain."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, Path(os.devnull).open(mode, encoding="utf-8"))  # noqa: SIM115
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout = _named(sys.stdout)


def _named(stream: io.TextIOWrapper) -> io.TextIOWrapper:
    """Return the same stream, with errors that name it; one that is no file stays as it is."""
    raw = getattr(stream.buffer, "raw", stream.buffer)  # PYTHONUNBUFFERED leaves out the buffer
    if not isinstance(raw, io.FileIO):
        return stream
    named = _Stdout(raw.fileno(), "w", closefd=False)
    return io.TextIOWrapper(
        named if raw is stream.buffer else io.BufferedWriter(named),
        encoding=stream.encoding,
        errors=stream.errors,
        line_buffering=stream.line_buffering,
        write_through=stream.write_through,
    )
