"""Saved logs: what the cluster forgets, the ledger keeps."""

import os
from collections.abc import Iterable
from pathlib import Path
from tempfile import NamedTemporaryFile

from runbatch.core.names import file_name

# The end of a log tells how it ended; the rest of a very long one is not worth a full disk.
MOST_LOG_BYTES = 10_000_000


def save_log(folder: Path, key: str, number: int, chunks: Iterable[bytes]) -> tuple[Path, bytes]:
    """Save the log as `<key>.<number>.log`; return the file and the log's last 10 MB.

    The file is whole or not there: it is written under another name first. Raises OSError.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    tail = _tail(chunks)
    with NamedTemporaryFile(dir=folder, prefix=".new-", delete=False) as file:
        try:
            file.write(tail)
            file.flush()
            os.fsync(file.fileno())
            target = folder / f"{file_name(key)}.{number}.log"
            Path(file.name).replace(target)
        except BaseException:
            Path(file.name).unlink(missing_ok=True)
            raise
    return target, tail


def _tail(chunks: Iterable[bytes]) -> bytes:
    tail = bytearray()
    for chunk in chunks:
        tail += chunk
        if len(tail) > 2 * MOST_LOG_BYTES:
            del tail[:-MOST_LOG_BYTES]
    return bytes(tail[-MOST_LOG_BYTES:])
