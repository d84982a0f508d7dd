"""The `local` cluster: each workload is a real process on this machine, and nothing is installed.

It keeps every promise of a cluster with files and locks alone, so any process, before or after a
crash or a reboot, sees the same. It asks for no CPU or memory: those are shown, not enforced.
"""

import errno
import os
import shutil
import subprocess
import sys
import uuid
from collections.abc import Collection, Iterable, Iterator, Mapping, Set
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path

from runbatch.clusters.base import NO_HURRY, Deadline
from runbatch.clusters.local.listing import ended_by_restart, node, observe, of_mark
from runbatch.clusters.local.processes import LivingProcesses, Mark, end, users_of
from runbatch.clusters.local.root import identify, known_by
from runbatch.clusters.records import names, wrapper
from runbatch.clusters.records.folder import End, WorkloadFolder, open_own, this_boot
from runbatch.clusters.records.names import NamesLock
from runbatch.clusters.together import each_of
from runbatch.core.attempt import Cause, Evidence, Listing, Observation, Patience
from runbatch.core.errors import ClusterError, NameTaken, Rejected, Unreachable
from runbatch.core.names import file_name, text_of_file_name
from runbatch.core.reference import Ref
from runbatch.core.stage import Stage
from runbatch.core.workload import ORIGIN_VARIABLES, Workload
from runbatch.folders import take_private

# A disk does not forget: the grace is for a submitter in mid-call, the doubt for a folder that was
# moved away.
PATIENCE = Patience(grace_s=2, doubt_s=60, leaves_at_once=True)
# A folder that is not there, a command too long: it would fail again. A full disk may pass.
_USERS_FAULT = (errno.ENOENT, errno.ENOTDIR, errno.ELOOP, errno.E2BIG)
_NO_LOCKS = (errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP)
_CHUNK_BYTES = 1 << 16
_KILLED_CODE = 128 + 9


# The wrappers that this process started: they may outlive the LocalCluster that did.
_children: list[subprocess.Popen[bytes]] = []


class LocalCluster:
    """Workloads as processes on this machine, their records in the folder `root`.

    `grace_s` is how long a deleted workload may take to end by itself before it is killed,
    `names_limit_s` how long another process may hold the names.
    """

    patience = PATIENCE
    calls_at_once = 8

    def __init__(
        self, root: Path, *, grace_s: float = 10, names_limit_s: float = names.LIMIT_S
    ) -> None:
        self._root = root
        self._names = NamesLock(root, names_limit_s)
        self._workloads = root / "workloads"
        self._grace_s = grace_s

    def inherited(self) -> Mapping[str, str]:
        """Return this process's variables but for our own, which each workload gets anew."""
        return {name: value for name, value in os.environ.items() if not _is_ours(name)}

    def list(self, prefix: str) -> Listing:
        """Return the workloads of this prefix. One that died without a recorded end is gone.

        One that runs is there, be its folder lost: its own processes tell of it.
        """
        _reap()
        try:
            self._names.let_go_by()
            found = sorted(self._workloads.iterdir()) if self._workloads.exists() else []
            roots = known_by(self._root)
        except OSError as error:
            self._check_locks(error)
            raise Unreachable(f"local: {self._workloads} cannot be read: {error}.") from error
        # A prefix is the same on disk (`file_name`): what is not ours need not be read.
        ours = [path for path in found if path.name.startswith(f"{prefix}-")]
        living = LivingProcesses()
        observations: list[Observation] = []
        unreadable: dict[str, str] = {}
        restarted: set[str | None] = set()
        for path in ours:
            try:
                seen = observe(path, living)
                observations += [seen] if seen else []
                restarted |= set() if seen else {ended_by_restart(path)}
            except (OSError, ValueError) as error:
                told = f"{path}: {error}; move it away once the job has ended"
                unreadable[_name_in(path)] = told
        lost = _lost(prefix, living.marks(roots), {each.uid for each in observations})
        kept = {name: why for name, why in unreadable.items() if name not in lost}
        return Listing(
            (*observations, *lost.values()),
            proves_absence=bool(found or lost),
            unreadable=kept,
            restarted=frozenset(filter(None, restarted)),
        )

    def submit(self, workload: Workload, deadline: Deadline = NO_HURRY) -> str:
        """Start the workload's process; it is on disk under its name before it runs."""
        uid = str(uuid.uuid4())
        try:
            lock = self._claim(workload, uid, deadline)
            try:
                self._start(workload, uid, lock)
            finally:
                os.close(lock)
        except OSError as error:
            self._check_locks(error)
            is_users = isinstance(error, PermissionError) or error.errno in _USERS_FAULT
            fault = Rejected if is_users else Unreachable
            raise fault(f"local: {workload.name} cannot be started: {error}.") from error
        return uid

    def ends(self, refs: Collection[Ref]) -> Mapping[Ref, Evidence | ClusterError]:
        """Return each exit code, and the signal if one ended it."""
        return dict(each_of(self._end_of, refs, 1))

    def _end_of(self, ref: Ref) -> Evidence:
        with self._reading(ref.name):
            folder = self._folder(ref)
            end = folder.end() if folder else None
            lacked_a_mount = folder.lacked_a_mount() if folder else None
            # Another workload may have got the name meanwhile, and this be the end of that one.
            if end is None or self._folder(ref) is None:
                return Evidence(node=node())
        return Evidence(
            exit_code=end.exit_code,
            cause=Cause.SIGNAL if _signal(end) else Cause.EXIT,
            signal=_signal(end),
            reason=_reason(end),
            node=node(),
            mounts_held=not lacked_a_mount,
        )

    def log(self, ref: Ref) -> Iterator[bytes]:
        """Yield the log file as it is now."""
        with self._reading(ref.name), suppress(FileNotFoundError):
            folder = self._folder(ref)
            if folder is None:
                return
            with open_own(folder.log, "rb") as file:
                is_its_own = self._folder(ref) is not None
                while is_its_own and (chunk := file.read(_CHUNK_BYTES)):
                    yield chunk

    def remove(self, ref: Ref) -> bool:
        """End every process of the workload, politely first, and forget it."""
        name, uid = ref.name, ref.uid
        with self._reading(name):
            folder = WorkloadFolder(self._workloads / file_name(name))
            if not end(folder, uid, self._grace_s):
                raise ClusterError(
                    f"local: {name} does not end, even when killed{_who(folder, uid)}."
                )
            _reap()
            if self._folder(ref) is not None:
                with self._names.held():
                    if self._folder(ref) is not None:
                        self._set_aside(folder.path, uid)
                self._clear_away(uid)
        return True

    @contextmanager
    def _reading(self, name: str) -> Iterator[None]:
        """Turn what disks and damaged files raise into an error of the cluster's."""
        try:
            yield
        except (OSError, ValueError) as error:
            raise Unreachable(f"local: {name} cannot be read or changed: {error}.") from error

    def _folder(self, ref: Ref) -> WorkloadFolder | None:
        """Return the folder of this very workload, if it is (still) there."""
        folder = WorkloadFolder(self._workloads / file_name(ref.name))
        description = folder.describe()
        return folder if description is not None and description.uid == ref.uid else None

    def _claim(self, workload: Workload, uid: str, deadline: Deadline) -> int:
        """Take the name for this workload; return the lock that says it is alive.

        Whoever takes the call for given up after the grace looks once more before using its slot.
        That look waits for who holds the names: it comes before this one's last look at its age, or
        it finds the workload.
        """
        new = WorkloadFolder(self._root / "new" / uid)
        lock = None
        try:
            take_private(Path(os.path.realpath(self._root)))
            take_private(new.path.parent)
            lock = new.create(_description(workload, uid))
            with self._names.held(deadline.left_s(PATIENCE.grace_s)):
                identify(self._root)
                deadline.check(workload.name, PATIENCE.grace_s)
                target = WorkloadFolder(self._workloads / file_name(workload.name))
                self._make_room(target, workload.name)
                take_private(self._workloads)
                new.path.rename(target.path)
                wrapper.keep_names(self._workloads)
        except BaseException:
            if lock is not None:
                os.close(lock)
            shutil.rmtree(new.path, ignore_errors=True)
            raise
        return lock

    def _check_locks(self, error: OSError) -> None:
        """Raise Rejected if it says that the disk knows no locks: waiting would be of no use."""
        if error.errno in _NO_LOCKS:
            problem = f"{self._root} is on a disk without file locks ({error.strerror})"
            raise Rejected(f"local: {problem}; choose another with --state-dir.") from error

    def _make_room(self, target: WorkloadFolder, name: str) -> None:
        """Clear away a workload that is gone without an end; raise NameTaken for any other.

        A folder without its description is cleared away too. A workload that runs has its name,
        whatever became of its folder.
        """
        with self._reading(name):
            description, stage = target.describe(), target.stage()
        living = LivingProcesses()
        if description is not None and (stage is not None or living.pids(description.uid)):
            raise NameTaken(f"local: a workload named {name} exists already.")
        marks = living.marks(known_by(self._root))
        if stage is Stage.RUNNING or any(mark.name == name for mark in marks):
            raise NameTaken(f"local: a workload named {name} still runs.")
        if os.path.lexists(target.path):
            uid = str(uuid.uuid4())
            self._set_aside(target.path, uid)
            self._clear_away(uid)

    def _start(self, workload: Workload, uid: str, lock: int) -> None:
        path = self._workloads / file_name(workload.name)
        roots = known_by(self._root)
        mark = Mark(workload.name, uid, workload.number, roots)
        program = [sys.executable, "-I", "-S", wrapper.__file__, str(path), str(lock)]
        with open_own(WorkloadFolder(path).log, "ab") as log:
            _children.append(
                subprocess.Popen(
                    [*program, *map(_utf8, workload.run.command)],
                    env=_environment(self.inherited(), workload, mark),
                    cwd=_host(workload, workload.run.working_dir or ""),
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    pass_fds=[lock],
                    start_new_session=True,
                )
            )

    def _set_aside(self, path: Path, uid: str) -> None:
        """Take the folder from its name at once; called under the lock of the names."""
        gone = self._root / "gone" / uid
        take_private(gone.parent)
        path.rename(gone)

    def _clear_away(self, uid: str) -> None:
        """Delete what was set aside: nobody waits for that."""
        shutil.rmtree(self._root / "gone" / uid, ignore_errors=True)


def _lost(prefix: str, marks: Iterable[Mark], known: Set[str]) -> Mapping[str, Observation]:
    """Return by its name each workload of the prefix that runs, and that no folder told of."""
    ours = (mark for mark in marks if mark.name.startswith(f"{prefix}-"))
    return {mark.name: of_mark(mark) for mark in ours if mark.uid not in known}


def _signal(end: End) -> str | None:
    """Return the signal that killed it; a shell ends with 137 when its program was."""
    return end.signal or ("SIGKILL" if end.exit_code == _KILLED_CODE else None)


def _reason(end: End) -> str | None:
    """Return what killed it, in words."""
    signal = _signal(end)
    if signal is None:
        return None
    return f"killed by {signal}{'' if end.signal else ', says its exit code'}"


def _name_in(path: Path) -> str:
    """Return which workload's folder it is by its name alone; raise Unreachable if that tells not.

    Only very long names do not: they are cut on disk.
    """
    name = text_of_file_name(path.name)
    if name is None:
        raise Unreachable(f"local: {path} cannot be read, and whose it is is not known.")
    return name


def _who(folder: WorkloadFolder, uid: str) -> str:
    """Return which processes are left of a workload, for people."""
    pids = sorted(LivingProcesses().pids(uid) or users_of(folder.lock))
    return f"; processes {', '.join(map(str, pids))} are left" if pids else ""


def _reap() -> None:
    """Let our own ended children go; those of a killed submitter are the system's to reap."""
    _children[:] = [child for child in _children if child.poll() is None]


def _description(workload: Workload, uid: str) -> Mapping[str, object]:
    return {
        "name": workload.name,
        "uid": uid,
        "created_at": datetime.now(UTC).isoformat(),
        "command": workload.run.command,
        "attempt": workload.number,
        "boot": this_boot(),
        "origin": {name: workload.env.get(name) for name in ORIGIN_VARIABLES},
        "mounts": {mount.path: _host(workload, mount.host) for mount in workload.run.mounts},
    }


def _environment(
    inherited: Mapping[str, str], workload: Workload, mark: Mark
) -> Mapping[bytes, bytes]:
    """Return what the process sees: this machine's variables, the user's, and where mounts are."""
    mounts = {
        f"RUNBATCH_MOUNT{_as_variable(mount.path)}": _host(workload, mount.host)
        for mount in workload.run.mounts
    }
    given = {**workload.env, **mounts, **mark.variables}
    return {os.fsencode(name): os.fsencode(value) for name, value in inherited.items()} | {
        _utf8(name): _utf8(value) for name, value in given.items()
    }


def _utf8(text: str) -> bytes:
    """Return the text as a job gets it, whatever encoding this machine's locale names.

    What came from the locale's own bytes, and is no text in it, goes back as those bytes.
    """
    return text.encode("utf-8", "surrogateescape")


def _is_ours(name: str) -> bool:
    return name.startswith("RUNBATCH_")


def _as_variable(path: str) -> str:
    return "".join(letter if letter.isalnum() else "_" for letter in path.rstrip("/").upper())


def _host(workload: Workload, host: str) -> str:
    return str(Path(workload.folder, host).absolute())
