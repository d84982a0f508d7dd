"""The ledger: one SQLite file for each batch, safe for several processes and for a `kill -9`.

Rollback journal and not WAL, since home folders are on NFS; `synchronous=FULL`, since an intention
must be on disk before it is acted on. Every change is one short `BEGIN IMMEDIATE` transaction, and
its entry in the journal is part of it.
"""

import json
import sqlite3
import uuid
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import replace
from datetime import datetime
from itertools import islice
from pathlib import Path

from runbatch.core.actions import Why
from runbatch.core.asked import Asked, ask
from runbatch.core.attempt import Attempt, Listing, Patience
from runbatch.core.batch import Batch
from runbatch.core.errors import BatchError
from runbatch.core.events import Event
from runbatch.core.job import State, View
from runbatch.core.journal import Changed, Did, Ended, changed_by_listing
from runbatch.core.reconcile import Learned, erased, learn
from runbatch.core.whose import Claims
from runbatch.folders import make_private
from runbatch.ledger import archive, invocations, rows, schema, uses
from runbatch.ledger import variables as variables_of
from runbatch.ledger.journal import Journal
from runbatch.ledger.trouble import trouble

FILE_NAME = "ledger.sqlite3"
_BUSY_TIMEOUT_S = 30
_FILES_AT_ONCE = 8
_PROVED_AT = "rows seen"
_WORKLOAD_TYPE = "workload type"
_KEYS = "keys"
_FOLDER = "folder"
_BATCH_ID = "batch id"
_VARIABLES = "variables"
_USES = "uses"
_NAMES = "names"
_UNIQUE, _FREE = "unique", "free"
# A job, and all that may hold a slot, and more: which do is for `Attempt.holds_slot` to say.
_RELEVANT = "key = ? OR open"
_COLUMNS = ", ".join(rows.COLUMNS)
_MARKS = ", ".join("?" for _ in rows.COLUMNS)


class Ledger:
    """The durable record of a batch's attempts. Every method raises LedgerError when it fails."""

    def __init__(self, folder: Path, *, read_only: bool = False) -> None:
        """Open the ledger in `folder`; make both unless `read_only`, which writes nothing."""
        self.folder = folder
        self.is_new = False
        """Whether nothing had been written down here before."""
        with trouble(folder):
            self.is_new = not (folder / FILE_NAME).exists()
        with trouble(folder, is_to_be_made=self.is_new):
            self._connection = _read_only(folder) if read_only else _open(folder)
            self._connection.row_factory = sqlite3.Row
        self._journal = Journal(self._connection, folder)
        if not read_only:
            self._begin_batch_id()

    def close(self) -> None:
        """Close the file; the ledger cannot be used after that."""
        self._connection.close()

    def batch_id(self) -> str | None:
        """Return the mark of this ledger, which its workloads bear; None if there is none yet."""
        with trouble(self.folder):
            return self._mark_of(_BATCH_ID)

    def view(self) -> View:
        """Return all jobs as they are remembered."""
        with trouble(self.folder):
            return self._view()

    def begin_type(self, key: str, workload: str) -> None:
        """Remember which type of workloads the batch runs as, by the `[cluster]` key that says it.

        Raises BatchError while jobs of another type are in flight: listings would not show them.
        """
        with self._transaction():
            before = self._mark_of(_WORKLOAD_TYPE)
            running = len(self._view().in_flight)
            if before not in (None, workload) and running:
                problem = f"{running} jobs of this batch run as {before}s; wait until they end."
                raise BatchError(f"[cluster] {key} = {workload!r}", problem)
            self._mark(_WORKLOAD_TYPE, workload)

    def record(
        self,
        listing: Listing,
        asked_before: Collection[tuple[str, int]],
        batch: Batch,
        now: datetime,
        patience: Patience,
        agreed: frozenset[str] = frozenset(),
    ) -> Learned:
        """Remember what the listing teaches, all of it or nothing; see `learn`.

        `agreed` are the uids of workloads that a person said yes to. Raises Unreachable, with
        nothing changed, where `learn` does.
        """
        with self._transaction():
            claims = Claims(self._mark_of(_BATCH_ID), agreed)
            learned = learn(batch, self._view(), listing, asked_before, now, patience, claims)
            # What frees a slot first: so no replay counts more at once than there were.
            changes = sorted(learned.changes, key=lambda change: change.after.holds_slot)
            self._forget(learned.forgotten)
            self._write(change.after for change in changes)
            forgotten = [Changed(Did.FORGOTTEN, attempt) for attempt in learned.forgotten]
            changed = (changed_by_listing(each, agreed) for each in changes)
            self._journal.write(now, [*forgotten, *filter(None, changed)])
            self._mark(_PROVED_AT, rows.to_text(learned.view.proved_at))
            return learned

    def reserve(
        self,
        new: Attempt,
        instead_of: Attempt | None,
        cap: int,
        why: Why | None = None,
        leaving_since: datetime | None = None,
    ) -> bool:
        """Take a slot for `new`, on disk; return False, with nothing changed, if that cannot be.

        It cannot when another process was quicker: the attempt is no longer as it was when it was
        decided on (`instead_of`; None: not there), or no slot is free (see `View.slots` and
        `View.leaving`). `why` is for the journal.
        """
        with self._transaction():
            view = self._view(_RELEVANT, (new.key,))
            job = view.job(new.key)
            current = next((each for each in job.attempts if each.id == new.id), None)
            if current != instead_of:
                return False
            others = view.slots + len(view.leaving(leaving_since) - {new.key})
            if not job.holds_slot and others >= cap:
                return False
            if job.holds_slot and instead_of is None:
                return False
            did = Did.RESERVED if new.waiting_for_name else Did.CALLED
            self._write([new])
            self._journal.write(new.called_at or new.reserved_at, [Changed(did, new, why)])
            return True

    def release(self, attempt: Attempt, now: datetime) -> None:
        """Forget an attempt that never reached the cluster; nothing happens if it is not as it was.

        Then it is none: its number is free for the next.
        """
        with self._transaction():
            if attempt in self._view().job(attempt.key).attempts:
                self._forget([attempt])
                self._journal.write(now, [Changed(Did.RELEASED, attempt)])

    def submitted(self, attempt: Attempt, uid: str | None, now: datetime) -> None:
        """Remember that the cluster said yes, and the workload's uid where it told."""
        self._revise(
            attempt,
            lambda it: replace(it, submitted_at=now, uid=it.uid or uid, refusal=None, denial=None),
            Did.SUBMITTED,
            now,
        )

    def refused(self, attempt: Attempt, why: str, now: datetime) -> None:
        """Remember that the cluster said no for good, or need not be asked; the slot is free again.

        An answer to this very call says nothing of a later one.
        """
        self._revise(
            attempt,
            lambda it: replace(it, refusal=why) if _awaits_answer(it, attempt) else it,
            Did.REFUSED,
            now,
        )

    def denied(self, attempt: Attempt, why: str, now: datetime) -> None:
        """Remember that the cluster said no, and may have done it: the slot stays taken."""
        self._revise(
            attempt,
            lambda it: replace(it, denial=why) if _awaits_answer(it, attempt) else it,
            Did.DENIED,
            now,
        )

    def judged(self, after: Attempt, now: datetime) -> None:
        """Remember the evidence and verdict of `after`, unless what is known weighs as much.

        Nothing happens if the end that the evidence is of is no longer the one that is remembered.
        """

        def add_verdict(it: Attempt) -> Attempt:
            is_of_it = it.ended_at is not None and it.ended_at == after.ended_at
            known = it.evidence.strength if it.evidence is not None else 0
            is_better = after.evidence is not None and after.evidence.strength > known
            if not is_of_it or (it.outcome is not None and not (it.is_doubtful and is_better)):
                return it
            return replace(it, evidence=after.evidence, outcome=after.outcome)

        self._revise(after, add_verdict, Did.JUDGED, now)

    def delete_asked(
        self,
        attempts: Collection[Attempt],
        now: datetime,
        cap: int,
        *,
        why: Why | None = None,
        leaving_since: datetime | None = None,
    ) -> list[Attempt]:
        """Remember that the workloads of these attempts are about to be deleted by us.

        `why` is for the journal, where one is the batch's by a person's yes alone. Return those of
        which the end is still the one that was decided on, and for whose leaving there is a slot
        (see `View.slots` and `View.leaving`); no other is changed.
        """
        leaving: set[str] = set()
        in_flight: frozenset[str] = frozenset()
        slots = 0

        def add_intention(it: Attempt, decided_on: Attempt) -> Attempt:
            has_slot = leaving_since is None or it.key in in_flight or it.key in leaving
            has_room = has_slot or slots + len(leaving) < cap
            if it.ended_at != decided_on.ended_at or not has_room:
                return it
            if it.key not in in_flight:
                leaving.add(it.key)
            return replace(it, delete_asked_at=now)

        if not attempts:
            return []
        with self._transaction():
            view = self._view(_RELEVANT, ("",))
            in_flight, slots = view.in_flight, view.slots
            leaving |= view.leaving(leaving_since)
            return self._change_all(attempts, add_intention, Did.DELETE_ASKED, now, why)

    def erased(self, attempts: Collection[Attempt], now: datetime) -> None:
        """Remember that workloads are no more; it matters of those that had not ended."""
        self._revise_all(
            attempts, lambda it, _: erased(it, now) if it.was_cut_off else it, Did.VANISHED, now
        )

    def incoming(self) -> archive.Incoming:
        """Return where logs are written until they are saved; close it."""
        return archive.Incoming(self.folder)

    def save_log(self, attempt: Attempt, log: Path | None, description: str, now: datetime) -> None:
        """Save the attempt's log; see `save_logs`."""
        self.save_logs([(attempt, log, description)], now)

    def save_logs(self, found: Iterable[tuple[Attempt, Path | None, str]], now: datetime) -> None:
        """Move each attempt's log to `logs`, and save what is known of its end there as JSON.

        What was saved before stays if there is less of it now: a cluster forgets. All is in its
        files before any of it is remembered, in one transaction.
        """
        rest, saved = iter(found), list[Attempt]()
        # A disk syncs several files in the time of one; few logs' ends at a time are in memory.
        with ThreadPoolExecutor(_FILES_AT_ONCE) as pool:
            while few := tuple(islice(rest, _FILES_AT_ONCE)):
                saved += pool.map(lambda each: self._with_files(*each), few)
        self._revise_all(saved, lambda it, new: replace(it, log=new.log), Did.LOG_SAVED, now)

    def _with_files(self, attempt: Attempt, log: Path | None, description: str) -> Attempt:
        folder = self.folder / "logs"
        with trouble(self.folder):
            archive.save(folder, *attempt.id, "json", description.encode())
            path = archive.save_log(folder, *attempt.id, log)
        return replace(attempt, log=str(path))

    def asked(self) -> tuple[Asked, ...]:
        """Return which jobs people asked to be run again, of requests that were not over then."""
        with trouble(self.folder):
            return self._asked()

    def ask(
        self, keys: Collection[str], view: View, now: datetime, *, failed_only: bool = False
    ) -> tuple[Asked, ...]:
        """Remember that these jobs are to be run again, as `core.asked.ask` says; return all."""
        with self._transaction():
            asked = ask(keys, view, self._asked(), now, failed_only=failed_only)
            self._connection.execute("DELETE FROM reruns")
            self._connection.executemany(
                "INSERT INTO reruns (key, number, calls, asked_at) VALUES (?, ?, ?, ?)",
                [(*each.turn, rows.to_text(each.at)) for each in asked],
            )
            return asked

    def told(self, event: Event, now: datetime) -> None:
        """Remember what people were told."""
        with self._transaction():
            self._journal.write(now, [event])

    def differing_variables(self, variables: Mapping[str, str]) -> tuple[str, ...]:
        """Return which of the variables that jobs get are not as the batch's first jobs got them.

        The first time that there are any, they are remembered, by a digest of each value.
        """
        now = variables_of.digests_of(variables, self.batch_id() or "")
        if not now:
            return ()
        with self._transaction():
            first = self._mark_of(_VARIABLES)
            if first is None:
                self._mark(_VARIABLES, json.dumps(now))
                return ()
            return variables_of.differing(json.loads(first), now)

    def begin_invocation(
        self, command: str, batch: Batch, now: datetime, *, names_unique: bool = True
    ) -> int:
        """Leave the mark that this process works on the batch; return its id.

        `names_unique` is what is known of the cluster: the slots are counted by it from now on.

        Raises LedgerError, with nothing changed, if the events file knows more than the ledger.
        """
        with self._transaction():
            self._journal.check()
            self._mark(_FOLDER, str(batch.folder))
            self._mark(_NAMES, _UNIQUE if names_unique else _FREE)
            use = uses.use_of(batch, self._mark_of(_BATCH_ID) or "", now)
            self._mark(_USES, uses.to_text(uses.added(uses.from_text(self._mark_of(_USES)), use)))
            known = () if self._journal.last() else self._view().attempts
            keys = self._new_keys(batch)
            self._journal.run, started = invocations.begin(
                self._connection, command, batch, keys, now, names_unique=names_unique
            )
            started = replace(started, batch_id=self._mark_of(_BATCH_ID))
            remembered = (Changed(Did.REMEMBERED, attempt) for attempt in known)
            self._journal.write(now, [started, *remembered])
            return self._journal.run

    def tick_invocation(self, invocation: int, now: datetime, *, ended: bool = False) -> None:
        """Renew the mark of this invocation; or, with `ended`, close it."""
        with self._transaction():
            invocations.tick(self._connection, invocation, now, ended=ended)
            if ended:
                self._journal.write(now, [Ended()])

    def batch_folder(self) -> str | None:
        """Return which folder the batch was in when somebody last worked on it."""
        with trouble(self.folder):
            return self._mark_of(_FOLDER)

    def earlier_use(self, batch: Batch, now: datetime) -> uses.EarlierUse:
        """Return what of the batch's success is of another folder, or of another definition."""
        with trouble(self.folder):
            mark, kept = self._mark_of(_BATCH_ID) or "", uses.from_text(self._mark_of(_USES))
        jobs = map(self.view().job, batch.keys)
        lasts = [job.last for job in jobs if job.state is State.SUCCEEDED]
        succeeded = (each for each in lasts if each is not None)
        return uses.earlier_use(kept, uses.use_of(batch, mark, now), succeeded)

    def latest_tick(self) -> datetime | None:
        """Return the latest time that any invocation gave a sign at, by its own clock."""
        with trouble(self.folder):
            return invocations.latest_tick(self._connection)

    def live_invocations(self, now: datetime) -> tuple[invocations.Invocation, ...]:
        """Return the invocations that work on this batch now, oldest first."""
        with trouble(self.folder):
            return invocations.alive(self._connection, now)

    def journal(self) -> dict[int, str]:
        """Return the journal's lines by their numbers; the events file is a copy of them."""
        with trouble(self.folder):
            return self._journal.lines()

    def _begin_batch_id(self) -> None:
        """Give the ledger a mark of its own, once, that no other ledger has."""
        if self.batch_id() is None:
            with self._transaction():
                statement = "INSERT OR IGNORE INTO marks (name, value) VALUES (?, ?)"
                self._connection.execute(statement, (_BATCH_ID, uuid.uuid4().hex))

    def _new_keys(self, batch: Batch) -> tuple[str, ...] | None:
        """Return the batch's keys unless they are those that were recorded last; record them."""
        keys = json.dumps(batch.keys)
        if self._mark_of(_KEYS) == keys:
            return None
        self._mark(_KEYS, keys)
        return batch.keys

    def _view(self, condition: str = "TRUE", values: tuple[str, ...] = ()) -> View:
        query = f"SELECT {_COLUMNS} FROM attempts WHERE {condition}"
        attempts = [rows.attempt_of(tuple(row)) for row in self._connection.execute(query, values)]
        proved_at = rows.from_text(self._mark_of(_PROVED_AT))
        names_unique = self._mark_of(_NAMES) != _FREE
        return View.of(attempts, proved_at=proved_at, names_unique=names_unique)

    def _asked(self) -> tuple[Asked, ...]:
        query = "SELECT key, number, calls, asked_at FROM reruns ORDER BY rowid"
        found = self._connection.execute(query)
        return tuple(Asked(tuple(row)[:3], rows.from_text(row["asked_at"])) for row in found)

    def _mark_of(self, name: str) -> str | None:
        query = "SELECT value FROM marks WHERE name = ?"
        row = self._connection.execute(query, (name,)).fetchone()
        return row["value"] if row else None

    def _mark(self, name: str, value: str | None) -> None:
        statement = "INSERT OR REPLACE INTO marks (name, value) VALUES (?, ?)"
        if value is not None:
            self._connection.execute(statement, (name, value))

    def _write(self, attempts: Iterable[Attempt]) -> None:
        self._connection.executemany(
            f"INSERT OR REPLACE INTO attempts ({_COLUMNS}) VALUES ({_MARKS})",
            [rows.row_of(attempt) for attempt in attempts],
        )

    def _forget(self, attempts: Iterable[Attempt]) -> None:
        self._connection.executemany(
            "DELETE FROM attempts WHERE key = ? AND number = ?", [each.id for each in attempts]
        )

    def _revise(
        self,
        attempt: Attempt,
        change: Callable[[Attempt], Attempt],
        did: Did,
        now: datetime,
    ) -> bool:
        """Apply `change` to the attempt as it is now, which another process may have altered.

        Return whether that changed anything.
        """
        return bool(self._revise_all([attempt], lambda it, _: change(it), did, now))

    def _revise_all(
        self,
        attempts: Collection[Attempt],
        change: Callable[[Attempt, Attempt], Attempt],
        did: Did,
        now: datetime,
    ) -> list[Attempt]:
        """Apply `change` to each attempt as it is now, and as it is given; all in one transaction.

        Return, as they now are, those that it changed.
        """
        if not attempts:
            return []
        with self._transaction():
            return self._change_all(attempts, change, did, now)

    def _change_all(
        self,
        attempts: Collection[Attempt],
        change: Callable[[Attempt, Attempt], Attempt],
        did: Did,
        now: datetime,
        why: Why | None = None,
    ) -> list[Attempt]:
        """Do the same within a transaction; `why` is of what a person's yes made the batch's."""
        pairs = ((self._attempt(given.id), given) for given in attempts)
        revised = [(it, change(it, given)) for it, given in pairs if it is not None]
        changed = [after for before, after in revised if after != before]
        self._write(changed)
        happened = (Changed(did, after, why if after.agreed else None) for after in changed)
        self._journal.write(now, happened)
        return changed

    def _attempt(self, its_id: tuple[str, int]) -> Attempt | None:
        query = f"SELECT {_COLUMNS} FROM attempts WHERE key = ? AND number = ?"
        row = self._connection.execute(query, its_id).fetchone()
        return rows.attempt_of(tuple(row)) if row is not None else None

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        with trouble(self.folder):
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield
                self._connection.execute("COMMIT")
            except BaseException:
                self._connection.rollback()
                raise
        self._journal.publish()


def _awaits_answer(it: Attempt, called: Attempt) -> bool:
    return (it.unanswered or it.waiting_for_name) and it.turn == called.turn


def _open(folder: Path) -> sqlite3.Connection:
    make_private(folder)
    connection = sqlite3.connect(folder / FILE_NAME, timeout=_BUSY_TIMEOUT_S, isolation_level=None)
    connection.execute("PRAGMA journal_mode = DELETE")
    connection.execute("PRAGMA synchronous = FULL")
    schema.migrate(connection)
    return connection


def _read_only(folder: Path) -> sqlite3.Connection:
    """Return a copy in memory, empty if there is no ledger yet: looking never makes a file."""
    memory = sqlite3.connect(":memory:", isolation_level=None)
    path = folder / FILE_NAME
    if path.exists():
        # Not mode=ro: the journal that a killed writer left must be rolled back by whoever is next.
        uri = f"{path.absolute().as_uri()}?mode=rw"
        with closing(sqlite3.connect(uri, uri=True, timeout=_BUSY_TIMEOUT_S)) as source:
            source.backup(memory)
    schema.migrate(memory)
    return memory
