"""Saved logs: what the cluster forgets, the ledger keeps."""

import os
from pathlib import Path
from tempfile import NamedTemporaryFile

from runbatch.core.names import file_name
from runbatch.folders import make_private


def saved(folder: Path, key: str, number: int, ending: str) -> Path | None:
    """Return the file that was saved under these names, None if there is none or it is empty."""
    target = _target(folder, key, number, ending)
    return target if target.exists() and target.stat().st_size else None


def save(folder: Path, key: str, number: int, ending: str, content: bytes) -> Path:
    """Save the content as `<key>.<number>.<ending>` in the folder; return the file.

    The file is whole or not there: it is written under another name first. Raises OSError.
    """
    make_private(folder)
    target = _target(folder, key, number, ending)
    with NamedTemporaryFile(dir=folder, prefix=".new-", delete=False) as file:
        try:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
            Path(file.name).replace(target)
        except BaseException:
            Path(file.name).unlink(missing_ok=True)
            raise
    return target


def _target(folder: Path, key: str, number: int, ending: str) -> Path:
    return folder / f"{file_name(key)}.{number}.{ending}"
