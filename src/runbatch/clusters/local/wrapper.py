"""The small process around each local workload: it runs the command and records how it ended.

It is started as a program of its own (`wrapper.py FOLDER LOCK_FD PROGRAM WORD...`) in a session of
its own, so that it outlives whoever submitted it. It imports nothing of runbatch.

The lock that it holds, and hands on to the command, is what tells that the workload is alive: the
kernel drops it when the last process of the workload is gone, by whatever death, a reboot included.
"""

import json
import os
import signal
import subprocess
import sys
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

INFRASTRUCTURE_FAILURE = 2
CANNOT_EXECUTE = 126
NOT_FOUND = 127
DEATH_BY_SIGNAL = 128


def main(folder: Path, lock: int, command: list[str]) -> None:
    """Run the command; record how it ended in `exit.json` once nothing of its group is left."""
    # A handler, and not SIG_IGN, which the command would inherit: asked politely to end, it should,
    # and this process must stay to record how it did.
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, lambda *_: None)
    record(folder, missing_mounts(folder) or run(command, lock))


def missing_mounts(folder: Path) -> int:
    """Return 2, having said so as the exit-code contract asks, if a mount's folder is missing."""
    mounts = json.loads((folder / "workload.json").read_text("utf-8"))["mounts"]
    missing = [path for path, host in mounts.items() if not os.path.isdir(host)]
    for path in missing:
        say(f"[ERROR] INFRASTRUCTURE MOUNT FAILURE: {path} is not a mount point")
    if missing:
        say("[ERROR] Infrastructure failure detected (exit code 2) - retryable")
    return INFRASTRUCTURE_FAILURE if missing else 0


def run(command: list[str], lock: int) -> int:
    """Return the command's exit code, or -N if signal N ended it."""
    try:
        process = subprocess.Popen(command, pass_fds=[lock], process_group=0)
    except FileNotFoundError as error:
        say(f"[ERROR] {error.filename}: no such program")
        return NOT_FOUND
    except OSError as error:
        say(f"[ERROR] {command[0]}: {error.strerror}")
        return CANNOT_EXECUTE
    os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
    # As when a container's first process ends: what it left behind ends too. Not reaped yet, it
    # still holds its process group's number, which nobody else can have got.
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    return process.wait()


def record(folder: Path, code: int) -> None:
    """Write the exit code, all of it or nothing, and to the disk before it counts.

    Death by signal N is exit code 128 + N, as containers have it.
    """
    end = {
        "exit_code": code if code >= 0 else DEATH_BY_SIGNAL - code,
        "signal": signal.Signals(-code).name if code < 0 else None,
        "ended_at": datetime.now(UTC).isoformat(),
    }
    new = folder / "exit.json.new"
    with new.open("w", encoding="utf-8") as file:
        json.dump(end, file)
        file.flush()
        os.fsync(file.fileno())
    new.replace(folder / "exit.json")


def say(line: str) -> None:
    """Print to the workload's log at once."""
    print(line, file=sys.stderr, flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3:])
