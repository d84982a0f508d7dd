"""What a local cluster's folder is known by, wherever it was moved, and whatever was made anew.

A job that runs names both: the id in the folder, which moves along with it, and the place where the
folder was, which one that is made in its stead shares.
"""

import os
import uuid
from pathlib import Path

from runbatch.clusters.records.folder import open_own
from runbatch.clusters.records.wrapper import write_whole

_ID_FILE = "id"


def identify(root: Path) -> frozenset[str]:
    """Return what the folder is known by, and give it an id if it has none.

    Called under the lock of the names: nobody else gives it another.
    """
    if not (root / _ID_FILE).exists():
        write_whole(root / _ID_FILE, str(uuid.uuid4()))
    return known_by(root)


def known_by(root: Path) -> frozenset[str]:
    """Return what the folder is known by, be it there or not."""
    # A container may have a folder of the same name.
    place = f"{os.uname().nodename}:{os.path.realpath(root)}"
    try:
        with open_own(root / _ID_FILE, "rb") as file:
            return frozenset({place, file.read().decode(errors="replace")} - {""})
    except (FileNotFoundError, NotADirectoryError):
        return frozenset({place})
