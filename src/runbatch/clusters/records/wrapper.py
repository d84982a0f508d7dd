"""The small process around a workload: it runs the command and records how it ended.

It is started as a program of its own (`wrapper.py FOLDER LOCK_FD PROGRAM WORD...`) in a session of
its own, so that it outlives whoever submitted it. It imports nothing of runbatch.

The lock that it holds, and hands on to the command, tells that the workload is alive: the kernel
drops it when the last process that holds it is gone, by whatever death, a reboot included.
"""

import errno
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

INFRASTRUCTURE_FAILURE = 2
CANNOT_EXECUTE = 126
NOT_FOUND = 127
DEATH_BY_SIGNAL = 128
MOUNTS_MISSING = "mounts.missing"
UID_VARIABLE = "RUNBATCH_UID"
_TRY_AGAIN_S = 1


def main(folder: Path, lock: int, command: list[str]) -> None:
    """Run the command; record how it ended in `exit.json` once nothing of it is left."""
    # Whoever started us may ignore it, which is handed down: then no child's end could be known.
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    # Its folder may be moved, or removed and another made in its place: this one stays its own.
    place = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    record(place, missing_mounts(folder) or run(command, lock))


def missing_mounts(folder: Path) -> int:
    """Return 2, having said so as the exit-code contract asks, if a mount's folder is missing."""
    mounts = json.loads((folder / "workload.json").read_text("utf-8"))["mounts"]
    missing = [path for path, host in mounts.items() if not os.path.isdir(host)]
    for path in missing:
        say(f"[ERROR] INFRASTRUCTURE MOUNT FAILURE: {path} is not a mount point")
    if missing:
        with suppress(OSError):
            (folder / MOUNTS_MISSING).touch()
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
    pass_on_signals(process.pid)
    os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
    # As when a container's first process ends: what it left behind ends too. Not reaped yet, it
    # still holds its process group's number, which nobody else can have got. What cannot be found
    # or ended holds the lock, and so keeps the workload alive: it is no reason to lose the end.
    with suppress(OSError):
        signal_group(process.pid, signal.SIGKILL)
        end_leftovers()
    return process.wait()


def pass_on_signals(group: int) -> None:
    """Hand a polite request to end on to the command; insist when asked a second time.

    This process must stay, to record how the command ended.
    """
    asked: list[int] = []

    def hand_on(number: int, _frame: object) -> None:
        signal_group(group, signal.SIGKILL if asked else number)
        asked.append(number)

    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, hand_on)


def signal_group(group: int, number: int) -> None:
    """Send the signal to a process group that may be gone, or another user's by now (`sudo`)."""
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(group, number)


def end_leftovers() -> None:
    """Kill what left the command's process group, until nothing of the workload is there."""
    while left := list(leftovers()):
        for pid in left:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        time.sleep(0.01)


def leftovers() -> Iterator[int]:
    """Yield the processes, but for this one, that bear this workload's uid."""
    mark = f"{UID_VARIABLE}={os.environ.get(UID_VARIABLE)}".encode()
    for path in Path("/proc").glob("[0-9]*/environ"):
        with suppress(OSError):
            pid = int(path.parent.name)
            if pid != os.getpid() and mark in path.read_bytes().split(b"\0"):
                yield pid


def record(place: int, code: int) -> None:
    """Write how it ended into the open folder, whole and to the disk before it counts.

    Death by signal N is exit code 128 + N, as containers have it. While the disk is full, or does
    not answer, the workload stays alive, by its lock: its end must not be lost. Only a folder that
    is not there any more ends the trying.
    """
    end = {
        "exit_code": code if code >= 0 else DEATH_BY_SIGNAL - code,
        "signal": signal_name(-code) if code < 0 else None,
        "ended_at": datetime.now(UTC).isoformat(),
    }
    while True:
        try:
            return write_whole(Path("exit.json"), json.dumps(end), place)
        except OSError as error:
            if error.errno in (errno.ENOENT, errno.ESTALE):  # the second on a network disk
                return None
            time.sleep(_TRY_AGAIN_S)


def signal_name(number: int) -> str:
    """Return the signal's name; most real-time signals have none."""
    with suppress(ValueError):
        return signal.Signals(number).name
    return f"signal {number}"


def write_whole(path: Path, text: str, place: int | None = None) -> None:
    """Write the file, all of it or nothing; from the open folder `place` on, if there is one."""
    new = path.with_name(f"{path.name}.new")
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW
    with open(os.open(new, flags, 0o600, dir_fd=place), "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    os.replace(new, path, src_dir_fd=place, dst_dir_fd=place)
    keep_names(path.parent, place)


def keep_names(folder: Path, place: int | None = None) -> None:
    """Bring to the disk which files the folder has: a power loss would undo a renaming.

    Some disks cannot; what is in the files is on them all the same.
    """
    with suppress(OSError):
        opened = os.open(folder, os.O_RDONLY | os.O_DIRECTORY, dir_fd=place)
        try:
            os.fsync(opened)
        finally:
            os.close(opened)


def say(line: str) -> None:
    """Print to the workload's log at once; a full disk is no reason to die."""
    with suppress(OSError):
        print(line, file=sys.stderr, flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3:])
