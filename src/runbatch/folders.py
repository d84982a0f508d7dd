"""Folders for one user alone, whatever the umask: nobody else can hold a lock or plant a link."""

import os
import stat
from pathlib import Path

_OURS_ALONE = 0o700


def make_private(folder: Path) -> None:
    """Make the folder, and each above it that is missing, for this user alone; raise OSError."""
    try:
        folder.mkdir(mode=_OURS_ALONE)
    except FileNotFoundError:
        if folder.parent.is_dir():
            raise  # no folder can be made there, as below /proc
        make_private(folder.parent)
        make_private(folder)
    except FileExistsError:
        if not folder.is_dir():
            raise
    else:
        folder.chmod(_OURS_ALONE)  # a umask may have taken something from us too


def take_private(folder: Path) -> None:
    """Make the folder for this user alone, or take the rights of others to it away.

    Raises PermissionError if it is a link or another user's, who could put anything there.
    """
    make_private(folder)
    found = folder.lstat()
    is_ours = found.st_uid == os.geteuid() or os.geteuid() == 0
    if not stat.S_ISDIR(found.st_mode) or not is_ours:
        raise PermissionError(f"{folder} is a link, or another user's")
    if stat.S_IMODE(found.st_mode) != _OURS_ALONE:
        folder.chmod(_OURS_ALONE)
