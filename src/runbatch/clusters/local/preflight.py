"""What a batch lacks on this machine, as far as it can be told before anything is started."""

import os
import shlex
import shutil
from collections.abc import Iterator
from pathlib import Path

from runbatch.core.batch import Batch


def lacking(batch: Batch) -> Iterator[str]:
    """Yield a line for each thing that jobs on `local` would miss as things are now.

    None of it is an error: a folder may be mounted, and a program installed, before the jobs start.
    """
    program, folder = batch.run.command[0], Path(batch.folder, batch.run.working_dir or "")
    if not folder.is_dir():
        yield f"working_dir: {batch.run.working_dir} is no folder here"
    # A name with a slash is looked for from the folder that the job starts in.
    if "/" in program:
        program = str(folder / program)
    path = batch.run.env.get("PATH")
    if shutil.which(program, path=path) is None:
        if there := shutil.which(program, os.F_OK, path):
            yield f"command: {there} is not executable: chmod +x {shlex.quote(there)}"
        else:
            yield f"command: there is no program {program} here"
    for mount in batch.run.mounts:
        if not Path(batch.folder, mount.host).is_dir():
            yield f"mount: {mount.host} is no folder here; jobs would lose it as on a cluster"
