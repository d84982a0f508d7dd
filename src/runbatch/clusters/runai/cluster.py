"""The adapter: the five calls, through the program.

It keeps no state but the version, the login, and which workloads it has asked to go.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from tempfile import TemporaryFile
from typing import IO

from runbatch.clusters.base import NO_HURRY, Deadline
from runbatch.clusters.kubectl.pods import MOST_TRIES, Pods
from runbatch.clusters.kubectl.program import execute_kubectl
from runbatch.clusters.runai import arguments, description, faults, listing
from runbatch.clusters.runai.arguments import (
    LOG_LINES,
    OLD_PAGE_ROWS,
    PAGED_BY_ITSELF,
    PAGED_BY_US,
    Version,
)
from runbatch.clusters.runai.program import execute, has_begun, spool
from runbatch.clusters.shell.hiding import without_values
from runbatch.clusters.shell.program import Execute, Reply
from runbatch.clusters.shell.words import text_of
from runbatch.clusters.together import each_of
from runbatch.core import tail
from runbatch.core.attempt import Evidence, Listing, Observation, Patience
from runbatch.core.errors import (
    Busy,
    ClusterError,
    Denied,
    NameTaken,
    NoLog,
    Rejected,
    Unauthorized,
    Unreachable,
)
from runbatch.core.identity import is_own_id
from runbatch.core.reference import Ref
from runbatch.core.workload import Workload

CALL_LIMIT_S = 60
# In that time 180 MB come over a line of 12 Mbit/s.
WHOLE_LOG_LIMIT_S = 120
LOGIN_LIMIT_S = 20
SUBMIT_LIMIT_S = 120
# So long the program may be called after its slot was taken; its version is asked for before.
HELD_UP_LIMIT_S = 60
# So long a new workload may stay unlisted (Run:ai facts, 13).
UNLISTED_LIMIT_S = 60
# Before the grace is over, a call that was made is over too, and what it made is listed. A dropped
# VPN looks like an empty list: while jobs are in flight one is believed only when each list was
# empty for so long, and each time the project could be seen (Run:ai facts, 14).
PATIENCE = Patience(grace_s=HELD_UP_LIMIT_S + SUBMIT_LIMIT_S + UNLISTED_LIMIT_S, doubt_s=600)
MOST_LOGINS_ASKED = 3
_MOST_PAGES = 100
_CHUNK_BYTES = 1 << 16


class RunaiCluster:
    """One project of a Run:ai cluster, and one type of workload in it."""

    patience = PATIENCE

    def __init__(
        self,
        project: str,
        kind: str,
        *,
        execute: Execute = execute,
        kubectl: Execute = execute_kubectl,
        kubectl_tries: int = MOST_TRIES,
        calls_at_once: int = 8,
    ) -> None:
        self.calls_at_once = calls_at_once
        self._project = project
        self._kind = kind
        self._execute = execute
        self._pods = Pods(f"runai-{project}", kubectl, kubectl_tries)
        self._version: Version | Unreachable | None = None
        self._asked_to_go: set[str] = set()
        self._login: str | None = None
        self._logins_asked = 0

    def inherited(self) -> Mapping[str, str]:
        """Return no variable: a workload has none of this machine's."""
        return {}

    def list(self, prefix: str) -> Listing:
        """Return the batch's workloads; one call, but for old programs in very large projects."""
        rows = self._rows()
        self._pods.forget()
        if not rows:
            self._check_connection()
        ours = listing.observations(rows, self._project, self._kind, f"{prefix}-")
        login = self._login_text() if any(each.origin.owner for each in ours) else ""
        no_submit = str(self._version) if isinstance(self._version, Unreachable) else None
        return Listing(tuple(ours), proves_absence=bool(rows), login=login, no_submit=no_submit)

    def submit(self, workload: Workload, deadline: Deadline = NO_HURRY) -> None:
        """Submit the workload; its uid is not printed (Run:ai facts, 6)."""
        version = self.version()
        if isinstance(version, Unreachable):
            # With `--restart-policy` it might be refused, without it a job might run twice.
            raise version
        words = arguments.submit_args(workload, self._project, self._kind, version)
        deadline.check(workload.name, HELD_UP_LIMIT_S)
        reply = self._execute(words, SUBMIT_LIMIT_S)
        if reply.code == 0:
            return
        out, err = (without_values(text, workload) for text in (reply.out, reply.err))
        error = self._fault(Reply(reply.code, out, err))
        raise self._whose(workload.name, error, version) if isinstance(error, NameTaken) else error

    def ends(self, refs: Collection[Ref]) -> Mapping[Ref, Evidence | ClusterError]:
        """Return what is known of each end, asked for side by side: `describe` takes one name."""
        return dict(each_of(self._end_of, refs, self.calls_at_once))

    def _end_of(self, ref: Ref) -> Evidence:
        """Return the node and events that `describe` tells, and the exit code if `kubectl` does.

        An error of the one bears what the other told.
        """
        found, end, problem = Evidence(), None, None
        try:
            found = self._described(ref)
        except ClusterError as error:
            problem = error
        try:
            end = self._pods.end_of(ref.name)
        except Unreachable as error:
            problem = problem or error
        if end is not None:
            found = replace(found, exit_code=end.exit_code, reason=end.reason, cause=end.cause)
        if problem is not None:
            raise problem.knowing(found)
        return found

    def _described(self, ref: Ref) -> Evidence:
        words = arguments.describe_args(ref.name, self._project, self._kind)
        reply = self._execute(words, CALL_LIMIT_S)
        if reply.code == 0:
            return description.evidence_of(reply.out, ref.uid)
        error = self._fault(reply)
        if faults.is_gone(reply.err) or isinstance(error, Rejected):
            return Evidence()
        raise error

    def log(self, ref: Ref) -> Iterator[bytes]:
        """Yield the log, or its end; raise NoLog if it is said, or seems, that there is none."""
        with TemporaryFile() as log:
            reply, is_whole = self._spool_log(ref.name, log)
            if reply.code == 0 and (first := log.read(_CHUNK_BYTES)):
                yield first if is_whole else tail.note(LOG_LINES) + first
                yield from iter(lambda: log.read(_CHUNK_BYTES), b"")
                return
        if reply.code != 0 and not faults.has_no_log(reply.err):
            raise self._fault(reply)
        said = faults.complaint_in(reply.err) or "it is empty."
        raise NoLog(f"Run:ai: no log: {said}")

    def _spool_log(self, name: str, log: IO[bytes]) -> tuple[Reply, bool]:
        """Ask for the whole log; where that breaks off, as a very large one may, for its end."""
        whole = arguments.logs_args(name, self._project, self._kind)
        try:
            reply = spool(self._execute, whole, WHOLE_LOG_LIMIT_S, log)
        except Unreachable:
            if not has_begun(log):
                raise
        else:
            if reply.code == 0 or not has_begun(log):
                return reply, True
        log.seek(0)
        log.truncate()
        end = arguments.log_end_args(name, self._project, self._kind)
        return spool(self._execute, end, CALL_LIMIT_S, log), False

    def remove(self, ref: Ref) -> bool:
        """Ask for the workload of this uid to go, which takes its time (Run:ai facts, 13).

        One that is listed without an id is deleted by its name, after one more look at whose it is;
        so is one that is still listed when it is to go for the second time. An id that the program
        does not know proves nothing while something bears the name: a list may have shown another
        id than the workload's own.
        """
        name, uid = ref.name, ref.uid
        words = arguments.delete_args(uid, self._project, self._kind)
        has_id = is_own_id(uid)
        if not has_id or uid in self._asked_to_go:
            if any((each.name, each.uid) == (name, uid) for each in self._observations(name)):
                words = arguments.delete_by_name_args(name, self._project, self._kind)
            elif not has_id:
                return False
        reply = self._execute(words, CALL_LIMIT_S)
        if reply.code == 0:
            self._asked_to_go.add(uid)
            return False
        if faults.is_gone(reply.err):
            return not self._is_there(name)
        raise self._fault(reply)

    def version(self) -> Version | Unreachable:
        """Return the program's version, looked up once; or the error that it names none.

        Then it is asked for anew each time.
        """
        if not isinstance(self._version, Version):
            reply = self._execute(["version"], CALL_LIMIT_S)
            if reply.code != 0:
                raise self._fault(reply)
            # Which of the two it is printed to is not known.
            text = f"{reply.out}\n{reply.err}"
            self._version = arguments.parse_version(text) or faults.no_version(text)
        return self._version

    def _rows(self) -> Sequence[listing.Row]:
        """Return all rows, in the form of the program's version.

        Where that is not known, page by page until one is empty. A program that refuses the flags
        for that pages by itself (Run:ai facts, 4).
        """
        version = self.version()
        if isinstance(version, Version):
            return self._pages(version, OLD_PAGE_ROWS)
        try:
            return self._pages(PAGED_BY_US, 1)
        except Rejected:
            return self._pages(PAGED_BY_ITSELF, 1)

    def _pages(self, version: Version, full_from: int) -> Sequence[listing.Row]:
        """Return the rows of all pages; one of so many rows is not the last."""
        rows: list[listing.Row] = []
        token: str | None = None
        for _ in range(_MOST_PAGES):
            words = arguments.list_args(self._project, self._kind, version, len(rows), token)
            page = listing.parse_page(self._call(words, CALL_LIMIT_S))
            rows += page.rows
            token = page.next
            is_full = not version.pages_by_itself and len(page.rows) >= full_from
            if token is None and not is_full:
                return rows
        raise Unreachable("Run:ai: the list does not end.")

    def _observations(self, beginning: str) -> Sequence[Observation]:
        return listing.observations(self._rows(), self._project, self._kind, beginning)

    def _is_there(self, name: str) -> bool:
        """Whether a workload bears this name now, asked for by the name alone.

        `describe` has said of workloads that were there that they could not be located: only where
        the list shows none either there is none.
        """
        words = arguments.describe_args(name, self._project, self._kind)
        reply = self._execute(words, CALL_LIMIT_S)
        if reply.code != 0 and not faults.is_gone(reply.err):
            raise self._fault(reply)
        return reply.code == 0 or any(each.name == name for each in self._observations(name))

    def _login_text(self) -> str | None:
        """Return all that `whoami` prints, once it does: nothing is known of its form.

        None: it failed, and is asked again with the next listing. A program that never tells it
        must not hold up a batch: in the end it counts as one that tells nothing.
        """
        if self._login is None:
            reply = self._execute(["whoami"], LOGIN_LIMIT_S)
            error = None if reply.code == 0 else self._fault(reply)
            if not isinstance(error, Busy | Unauthorized):
                self._logins_asked += 1
            if error is None:
                self._login = reply.out.strip()
            elif self._logins_asked >= MOST_LOGINS_ASKED:
                self._login = ""
        return self._login

    def _check_connection(self) -> None:
        """Raise Unreachable unless the project can be seen: an empty list proves nothing alone."""
        projects = self._call(arguments.projects_args(), CALL_LIMIT_S)
        if not listing.shows_project(projects, self._project):
            problem = f"nothing is listed, and the project {self._project} cannot be seen"
            raise Unreachable(f"Run:ai: {problem}. Is the VPN up?")

    def _whose(self, name: str, error: NameTaken, version: Version) -> ClusterError:
        """Return the error again if the name is one of ours, or of one that was deleted and leaves.

        The first a listing will show, the other frees the name by itself. Names are shared between
        types of workloads (Run:ai facts, 12, assumed): one of another type is never listed to
        us, and to submit again would fail again.
        """
        text = self._call(arguments.find_args(self._project, version), CALL_LIMIT_S)
        found = (row for row in listing.parse_page(text).rows if listing.name_of(row) == name)
        rows = [row for row in found if not listing.is_deleted(row)]
        if not rows or any(listing.is_ours(row, self._project, self._kind) for row in rows):
            return error
        what = text_of(rows[0].get("type", "workload"))
        who = text_of(rows[0].get("submittedBy", "somebody"))
        owner = f"the name {name} is taken by a {what} of {who}"
        # Names may be shared between types after all, and ours be there, not yet listed.
        return Denied(f"Run:ai: {owner}; delete that one, or choose another prefix.")

    def _call(self, words: Sequence[str], limit_s: float) -> str:
        reply = self._execute(words, limit_s)
        if reply.code != 0:
            raise self._fault(reply)
        return reply.out

    def _fault(self, reply: Reply) -> ClusterError:
        text = f"{reply.out}\n{reply.err}"
        if "unknown flag" in text.lower() and isinstance(self._version, Version):
            # The program may have updated itself in mid-use (Run:ai facts, 16): ask anew.
            self._version = None
        return faults.fault_of(text)
