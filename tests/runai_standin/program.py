"""The entry of the program `runai`: one call, printed, and an exit code."""

import os
import signal
import sys
import time
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import NoReturn

from .session import respond
from .store import opened


def main() -> NoReturn:
    """Perform the call that the words of the command line ask for, after the cluster's folder."""
    folder, *argv = sys.argv[1:]
    client = os.getppid()
    answer = respond(partial(opened, Path(folder)), argv)
    if answer.kills_client:
        os.kill(client, signal.SIGKILL)
        sys.exit(1)
    if answer.pause_s:
        time.sleep(answer.pause_s)
    with suppress(BrokenPipeError):  # the client may be gone: nobody is left to be told
        sys.stderr.write(answer.stderr)
        sys.stdout.write(answer.stdout)
        sys.stderr.flush()
        sys.stdout.flush()
    # Everything is saved: taking the interpreter down in good order would only cost time.
    os._exit(answer.exit_code or 0)
