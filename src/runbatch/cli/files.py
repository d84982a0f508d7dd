"""Writing a file that a person named: it is whole, or as it was before."""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from secrets import token_hex


def write_anew(target: Path, text: str) -> None:
    """Write the file, in place of one that is there; raise OSError.

    Who reads the old one is not disturbed, and keeps it should the new one not be whole.
    """
    with _written_beside(target, text) as new:
        new.replace(target)


def write_first(target: Path, text: str) -> None:
    """Write the file; raise FileExistsError if one is there, which stays, or another OSError."""
    with _written_beside(target, text) as new:
        try:
            target.hardlink_to(new)
        except FileExistsError:
            raise
        except OSError:
            # Some shares and sticks know no second names; there the name is taken first.
            target.touch(exist_ok=False)
            new.replace(target)


@contextmanager
def _written_beside(target: Path, text: str) -> Iterator[Path]:
    """Yield a file with the text, safe on the disk, beside the target; it is gone afterwards."""
    new = target.with_name(f".runbatch-{token_hex(8)}")
    try:
        with new.open("x", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        yield new
    finally:
        with suppress(OSError):
            new.unlink(missing_ok=True)
