"""Two processes on one ledger, in any order, restarted, killed and with a full disk.

The model is a dict of attempts. A process acts on what was once seen, however long ago that was: an
attempt in a bundle need not be as it is any more.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, invariant, multiple, rule
from tests.properties.laws import check_change
from tests.unit.core.values import PATIENCE, at, attempts_of, batch

from runbatch.core.attempt import Attempt, Evidence, Listing, Observation, Outcome, Verdict
from runbatch.core.errors import BatchError, LedgerError
from runbatch.core.job import View
from runbatch.core.reconcile import learn
from runbatch.core.stage import Stage
from runbatch.core.whose import Claims
from runbatch.ledger.store import Ledger

CAP = 2
KEYS = ("2", "3", "4")
BATCH = batch(*KEYS, cap=CAP)
# While the disk is full, attempts of this key cannot be written: a listing fails half way.
FULL_FOR = "3"
FULL = (
    "CREATE TEMP TRIGGER IF NOT EXISTS full BEFORE INSERT ON main.attempts "
    f"WHEN NEW.key = '{FULL_FOR}' BEGIN SELECT RAISE(ABORT, 'disk full'); END"
)
FAILURES = [(2, Verdict.MOUNT_FAILURE), (1, Verdict.CONFIGURATION_ERROR)]

processes = st.sampled_from((0, 1))
keys = st.sampled_from(KEYS)
# What a listing shows under a job's name: the newest attempt's workload, an older one's, another's.
phases = st.sampled_from(
    [*Stage, *(Stage.RUNNING, Stage.FAILED, Stage.FAILED, Stage.SUCCEEDED) * 5]
)
shown = st.tuples(
    st.sampled_from(["newest"] * 6 + ["older", "theirs"]),
    phases,
    st.none() | st.integers(-50, 500),
)
listings = st.dictionaries(keys, shown)


class Processes(RuleBasedStateMachine):
    """Every rule is one call that a process makes, and what must have come of it."""

    # Reserved, refused or never answered: may be submitted. Called: its answer may come. Ended.
    idle: Bundle[Attempt] = Bundle("idle")
    called: Bundle[Attempt] = Bundle("called")
    ended: Bundle[Attempt] = Bundle("ended")

    def __init__(self) -> None:
        super().__init__()
        self.folder = TemporaryDirectory()
        self.ledgers = [self.opened(), self.opened()]
        self.known: list[frozenset[tuple[str, int]]] = [frozenset(), frozenset()]
        self.full: set[int] = set()
        self.model: dict[tuple[str, int], Attempt] = {}
        self.proved_at: datetime | None = None
        self.workload_type: str | None = None
        self.now = at(0)

    def opened(self, *, read_only: bool = False) -> Ledger:
        ledger = Ledger(Path(self.folder.name, "ledger"), read_only=read_only)
        # Nobody cuts the power here; to wait for the disk would only cost time.
        ledger._connection.execute("PRAGMA synchronous = OFF")
        return ledger

    @property
    def view(self) -> View:
        """What every process must see."""
        return View.of(self.model.values(), proved_at=self.proved_at)

    def write(self, process: int, act: Callable[[Ledger], Any], *after: Attempt) -> Any:
        """Let a process write what makes these attempts true; None, and nothing, if it fails."""
        try:
            result = act(self.ledgers[process])
        except LedgerError:
            assert process in self.full
            return None
        self.model |= {each.id: each for each in after}
        return result

    def revise(
        self,
        process: int,
        seen: Attempt,
        act: Callable[[Ledger], object],
        change: Callable[[Attempt], Attempt],
    ) -> Any:
        """Let a process write something about an attempt as it now is; return it to a bundle."""
        if seen.id not in self.model:
            act(self.ledgers[process])
            return multiple()
        self.write(process, act, change(self.model[seen.id]))
        return self.model[seen.id]

    def reserve(self, process: int, new: Attempt, instead_of: Attempt | None) -> Any:
        """Let a process ask for a slot; whether it gets it depends on nothing but what is."""
        slots = self.view.in_flight
        is_as_seen = self.model.get(new.id) == instead_of
        if new.key in slots:
            may = is_as_seen and instead_of is not None
        else:
            may = is_as_seen and len(slots) < CAP
        done = self.write(process, lambda it: it.reserve(new, instead_of, CAP), *[new] * may)
        assert done in (may, None)
        assert not done or new.key in slots or len(self.view.in_flight) <= CAP
        return new if done else multiple()

    @rule(seconds=st.sampled_from([1, 20, 90, 700, -60]))
    def time_passes(self, seconds: int) -> None:
        self.now = self.now + (at(seconds) - at(0))

    @rule(targets=(idle, called), process=processes, key=keys)
    def submit_the_first(self, process: int, key: str) -> Any:
        return self.reserve(process, self.begun(self.new(key, 1)), None)

    @rule(targets=(idle, called), process=processes, last=ended)
    def submit_the_next(self, process: int, last: Attempt) -> Any:
        return self.reserve(process, self.begun(self.new(last.key, last.number + 1)), None)

    @rule(target=idle, process=processes, last=ended)
    def reserve_the_next(self, process: int, last: Attempt) -> Any:
        new = self.new(last.key, last.number + 1)
        return self.reserve(process, replace(new, follows=last.ended_at), None)

    @rule(targets=(idle, called), process=processes, attempt=idle)
    def submit_it(self, process: int, attempt: Attempt) -> Any:
        return self.reserve(process, self.begun(attempt), attempt)

    def new(self, key: str, number: int) -> Attempt:
        return Attempt(key=key, number=number, reserved_at=self.now)

    def begun(self, attempt: Attempt) -> Attempt:
        calls = attempt.calls + 1
        begun = replace(attempt, called_at=self.now, calls=calls, missed=0)
        return replace(begun, refusal=None, denial=None)

    @rule(process=processes, attempt=called, is_uid_told=st.booleans())
    def the_cluster_says_yes(self, process: int, attempt: Attempt, is_uid_told: bool) -> None:
        uid = f"{attempt.key}.{attempt.number}" if is_uid_told else None
        self.revise(
            process,
            attempt,
            lambda it: it.submitted(attempt, uid, self.now),
            lambda it: replace(
                it, submitted_at=self.now, uid=it.uid or uid, refusal=None, denial=None
            ),
        )

    @rule(target=idle, process=processes, attempt=called)
    def the_cluster_says_no(self, process: int, attempt: Attempt) -> Any:
        return self.revise(
            process,
            attempt,
            lambda it: it.refused(attempt, "no such image", self.now),
            lambda it: self.answered(it, attempt, refusal="no such image"),
        )

    @rule(process=processes, attempt=called)
    def the_cluster_denies_it(self, process: int, attempt: Attempt) -> None:
        self.revise(
            process,
            attempt,
            lambda it: it.denied(attempt, "403", self.now),
            lambda it: self.answered(it, attempt, denial="403"),
        )

    def answered(self, it: Attempt, attempt: Attempt, **no: Any) -> Attempt:
        """A no changes nothing where more is known by now, or another call is under way."""
        is_open = it.calls == attempt.calls and it.refusal is None
        return replace(it, **no) if is_open and not (it.submitted_at or it.uid) else it

    @rule(process=processes, attempt=idle)
    def release(self, process: int, attempt: Attempt) -> None:
        self.write(process, lambda it: it.release(attempt, self.now))
        if self.model.get(attempt.id) == attempt:
            del self.model[attempt.id]

    @rule(process=processes, attempt=ended, failure=st.sampled_from(FAILURES))
    def judge(self, process: int, attempt: Attempt, failure: tuple[int, Verdict]) -> None:
        """A verdict is about the end that its evidence is of, and is reached once."""
        code, verdict = failure
        outcome = Outcome(verdict, f"exit code {code}")
        evidence = Evidence(exit_code=code)

        def judged(it: Attempt) -> Attempt:
            is_of_it = it.ended_at is not None and it.ended_at == attempt.ended_at
            if it.outcome is not None or not is_of_it:
                return it
            return replace(it, evidence=evidence, outcome=outcome)

        after = replace(attempt, evidence=evidence, outcome=outcome)
        self.revise(process, attempt, lambda it: it.judged(after, self.now), judged)

    @rule(target=ended, process=processes, attempt=ended)
    def save_the_log(self, process: int, attempt: Attempt) -> Any:
        log = str(Path(self.folder.name, "ledger", "logs", f"{attempt.key}.{attempt.number}.log"))
        return self.revise(
            process,
            attempt,
            lambda it: it.save_log(attempt, None, "{}", self.now),
            lambda it: replace(it, log=log),
        )

    @rule(target=ended, process=processes, attempt=ended)
    def ask_to_delete(self, process: int, attempt: Attempt) -> Any:
        def asked(it: Attempt) -> Attempt:
            is_same = it.ended_at == attempt.ended_at
            return replace(it, delete_asked_at=self.now) if is_same else it

        after = self.revise(
            process, attempt, lambda it: it.delete_asked([attempt], self.now, CAP), asked
        )
        return after if isinstance(after, Attempt) and after.ended_at else multiple()

    @rule(
        target=ended,
        process=processes,
        rows=listings,
        others=st.integers(0, 1),
        is_late=st.booleans(),
    )
    def record(self, process: int, rows: dict[str, Any], others: int, is_late: bool = False) -> Any:
        """A listing comes, perhaps one that was asked for long ago."""
        listing = self.listing(rows, others)
        asked = self.known[process] if is_late else self.view.called
        agreed = frozenset(each.uid for each in listing.observations)
        claims = Claims(agreed=agreed)
        expected = learn(BATCH, self.view, listing, asked, self.now, PATIENCE, claims)
        after = [change.after for change in expected.changes]
        learned = self.write(
            process,
            lambda it: it.record(listing, asked, BATCH, self.now, PATIENCE, agreed),
            *after,
        )
        if learned is None:
            return multiple()
        assert learned == expected
        for each in expected.forgotten:
            del self.model[each.id]
        assert learned.view.trusted or not learned.changes
        self.proved_at = learned.view.proved_at
        self.known[process] = learned.view.called
        for change in learned.changes:
            check_change(change, listing)
        return multiple(*(each for each in attempts_of(learned.view) if each.ended_at))

    @rule(target=ended, process=processes, phase=phases)
    def record_all_alike(self, process: int, phase: Stage) -> Any:
        """Every workload that there can be is listed, in one phase."""
        rows = dict.fromkeys(self.view.jobs, ("newest", phase, None))
        return self.record(process, rows, others=1)

    @rule(target=ended, process=processes)
    def record_none(self, process: int) -> Any:
        return self.record(process, {}, others=1)

    def listing(self, rows: dict[str, Any], others: int) -> Listing:
        observations = [
            Observation(
                name=f"gwas-{key}",
                uid=self.uid(key, whose),
                stage=phase,
                ended_at=None if seconds is None else at(seconds),
            )
            for key, (whose, phase, seconds) in rows.items()
        ]
        return Listing(tuple(observations), proves_absence=bool(observations or others))

    def uid(self, key: str, whose: str) -> str:
        last = self.view.job(key).last
        number = last.number if last else 1
        match whose:
            case "newest":
                return (last and last.uid) or f"{key}.{number}"
            case "older":
                return f"{key}.{number - 1}"
            case _:
                return f"{key} of somebody else"

    @rule(process=processes, workload=st.sampled_from(["workspace", "training"]))
    def restart(self, process: int, workload: str) -> None:
        """A process that begins says which type of workloads it is about."""
        self.ledgers[process].close()
        self.ledgers[process] = self.opened()
        self.full.discard(process)
        if self.workload_type in (None, workload) or not self.view.in_flight:
            self.ledgers[process].begin_type("workload", workload)
            self.workload_type = workload
        else:
            with pytest.raises(BatchError, match="wait until they end"):
                self.ledgers[process].begin_type("workload", workload)

    @rule(process=processes, key=keys)
    def die_in_a_transaction(self, process: int, key: str) -> None:
        connection = self.ledgers[process]._connection
        connection.execute("BEGIN IMMEDIATE")
        connection.execute("DELETE FROM attempts WHERE key = ?", (key,))
        connection.execute("UPDATE attempts SET uid = NULL, ended_at = NULL")
        self.restart(process, "workspace")

    @rule(process=processes)
    def fill_the_disk(self, process: int) -> None:
        self.ledgers[process]._connection.execute(FULL)
        self.full.add(process)

    @invariant()
    def everybody_sees_what_is_recorded(self) -> None:
        looking = self.opened(read_only=True)
        for ledger in (*self.ledgers, looking):
            assert ledger.view() == self.view
        looking.close()

    def teardown(self) -> None:
        for ledger in self.ledgers:
            ledger.close()
        self.folder.cleanup()


TestTwoProcessesOnOneLedger = Processes.TestCase
