"""The judge of a history: each promise, checked against what the simulated cluster really did."""

import sqlite3
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from tests.runai_standin import Change, MemoryStore, Phase
from tests.runai_standin.lifecycle import EVICTED
from tests.runai_standin.shapes import other_id, timestamp
from tests.runai_standin.workload import ENDED, Step, Workload
from tests.simulation.stage import Stage, WallClock
from tests.simulation.weather import DELAYS, LONGEST_LAG_S, MOST_REBOOTS, Mishap

from runbatch.core.actions import Why
from runbatch.core.attempt import RESTARTED, Attempt, Verdict
from runbatch.core.batch import Batch
from runbatch.core.job import Job, State, View
from runbatch.core.reconcile import Change as Learnt
from runbatch.core.reconcile import Learned
from runbatch.core.snapshot import snapshot_of
from runbatch.ledger.store import FILE_NAME, Ledger
from runbatch.views.json import snapshot_json
from runbatch.workbench import NO_LOG_AGREED

# Once the faults are over, a person resumes what was stopped.
TENDED_EVERY_S = 600
# How often a process looks.
POLL_INTERVAL_S = 30
# So long nothing at all may be listed before that is believed.
EMPTY_DOUBT_S = 600
# A job may be followed after these only.
FOLLOWED = (Verdict.MOUNT_FAILURE, Verdict.INFRASTRUCTURE_FAILURE, Verdict.VANISHED)
CODES = {Verdict.MOUNT_FAILURE: 2, Verdict.CONFIGURATION_ERROR: 1, Verdict.OUT_OF_MEMORY: 137}


# Whose slots are taken, told once more: by the rows alone.
SLOTS = """
SELECT count(DISTINCT key) FROM attempts WHERE refusal IS NULL AND CASE
    WHEN seen_at IS NOT NULL AND missed = 0 THEN phase NOT IN ('Completed', 'Failed')
    ELSE ended_at IS NULL END
"""
ROWS = "SELECT key, number, uid, verdict, ended_at FROM attempts"


class Broken(AssertionError):
    """A promise was not kept."""


def hold(is_kept: bool, text: str) -> None:
    """Raise Broken unless it is kept."""
    if not is_kept:
        raise Broken(text)


@dataclass
class Named:
    """What a person wants to be run again: these keys, and what is to be followed."""

    keys: frozenset[str] = frozenset()
    failed_only: bool = False
    to_follow: dict[str, tuple[str, int, int]] | None = None


class Promises:
    """Watches the cluster's truth and the ledger, and raises Broken at the first breach."""

    def __init__(
        self, stage: Stage, wall: WallClock, store: MemoryStore, batch: Batch, folder: Path
    ) -> None:
        self._stage = stage
        self._wall = wall
        self._store = store
        self._batch = batch
        self._folder = folder
        self._ledger = Ledger(folder)
        self._known = 0
        self._phases: dict[str, Phase] = {}
        self._own_ids: dict[tuple[str, str | None], str] = {}
        self._woken_at_s: dict[str, float] = {}
        self._in_flight = 0
        self._decided_on_s: dict[tuple[str, int], float] = {}
        self._hand: Mishap | None = None
        self._by_hand: set[str] = set()
        self._colleagues: set[str] = set()
        self._to_clear: set[str] = set()
        self._retries: defaultdict[str, set[int]] = defaultdict(set)
        self._no_log_since_s: dict[str, float] = {}
        self._succeeded: set[tuple[str, int, str]] = set()
        self._why: dict[tuple[str, int], Why | None] = {}
        self._asked_for: Counter[str] = Counter()
        self._rerun: defaultdict[str, set[int]] = defaultdict(set)
        self.was_disturbed = False

    def close(self) -> None:
        """Let go of the ledger."""
        self._ledger.close()

    def is_ours(self, name: str) -> bool:
        """Whether a workload of this name is one of the batch's jobs."""
        prefix, _, key = name.rpartition("-")
        return prefix == self._batch.prefix and key.isdigit()

    # -- the truth ---------------------------------------------------------------------------

    def look(self) -> list[Change]:
        """Take notice of what has happened on the cluster since."""
        new = self._store.changes_after(self._known)
        self._known += len(new)
        for change in new:
            if self.is_ours(change.name):
                self._notice(change)
        return new

    def _notice(self, change: Change) -> None:
        before = self._phases.get(change.uid)
        if before is None:
            twins = [uid for uid in self._live(change.name) if uid != change.uid]
            hold(not twins, f"{change.name} is there twice")
        # What is deleted does not wake: that would excuse whatever is lost with it.
        is_awake = change.phase not in (*ENDED, Phase.DELETING, Phase.GONE)
        if before in ENDED and is_awake:
            self._woken_at_s[change.uid] = change.at_s
        if before is None and change.owner == "other":
            self._colleagues.add(change.uid)
        elif before is None and self._hand is not None:
            self._woken_at_s[change.uid] = change.at_s + LONGEST_LAG_S
            self._by_hand.add(change.uid)
        self._phases[change.uid] = change.phase
        if before is None:
            self._remember_ids(self._workload(change.uid))

    def _remember_ids(self, workload: Workload) -> None:
        """Remember what a list may call the workload: another id, or the time that it was born."""
        cluster = self._store.load()
        born = timestamp(cluster, workload.created_s)
        for shown in (workload.uid, other_id(cluster.chance, workload.uid), f"created {born}"):
            self._own_ids[workload.name, shown] = workload.uid

    def _own_id(self, key: str, uid: str | None) -> str:
        """Return the true id of a job's workload, whatever a list called it; "" if it has none."""
        return self._own_ids.get((self._batch.workload_name(key), uid), "")

    @contextmanager
    def by_hand(self, mishap: Mishap) -> Iterator[None]:
        """Whatever changes inside is nobody's call."""
        self.look()
        self._hand = mishap
        try:
            yield
            self.was_disturbed = bool(self.look())
        finally:
            self._hand = None

    def _workload(self, uid: str) -> Workload:
        return self._store.workload(uid)

    def _live(self, name: str) -> list[str]:
        """Return the uids of what has this name."""
        there = (uid for uid, phase in self._phases.items() if phase is not Phase.GONE)
        return [uid for uid in there if self._workload(uid).name == name]

    def _active(self, listed_at_s: float) -> set[str]:
        """Return the names in flight, but for what woke by itself since a listing.

        What was started by hand is the batch's only once a person has said so.
        """
        known = {each.uid for each in self._ledger.view().attempts}
        not_ours = self._colleagues | (self._by_hand - known)
        return {
            self._workload(uid).name
            for uid, phase in self._phases.items()
            if phase not in ENDED
            and phase is not Phase.GONE
            and uid not in not_ours
            and self._woken_at_s.get(uid, -1) < listed_at_s
        }

    def running(self) -> dict[str, str]:
        """Return the name of all that runs under names of the batch's jobs, by its uid."""
        self.look()
        live = {uid: name for name in self._names() for uid in self._live(name)}
        return {uid: name for uid, name in live.items() if self._phases[uid] not in ENDED}

    def hanging(self) -> list[str]:
        """Return the names of what would hang for ever: nothing is due for it."""
        live = (self._workload(uid) for name in self._names() for uid in self._live(name))
        return [
            each.name
            for each in live
            if each.phase not in ENDED and each.due is Step.NOTHING and not each.waiting_since_s
        ]

    def _names(self) -> list[str]:
        return [self._batch.workload_name(key) for key in self._batch.keys]

    # -- after a call ------------------------------------------------------------------------

    def after_call(self, words: Sequence[str], listed_at_s: float, command: str) -> None:
        """Check what a command's call did, by a process that saw the cluster as of then."""
        before = dict(self._phases)
        new = self.look()
        for change in new:
            is_ours = self.is_ours(change.name) and change.uid not in self._colleagues
            hold(is_ours, f"{change.name} is not ours, and {change.phase}")
            if change.phase is Phase.CREATING:
                self._check_start(change)
            elif change.phase is Phase.DELETING:
                self._check_deletion(change, before[change.uid], listed_at_s, command)
            else:
                raise Broken(f"{' '.join(words[:3])} made {change.name} {change.phase}")

    def _check_start(self, change: Change) -> None:
        asked = self._workload(change.uid).request
        number = int(dict(asked.environment)["RUNBATCH_ATTEMPT"])
        job = self._ledger.view().job(self._key(change.name))
        known = [each for each in job.attempts if each.number == number]
        hold(bool(known) and known[0].called_at is not None, f"{change.name} is not in the ledger")
        hold(job.holds_slot, f"{change.name} runs without a slot")
        # What woke by itself since its slot was taken is nobody's fault.
        decided_on_s = self._decided_on_s.get((job.key, number), -1)
        active = self._active(decided_on_s) | {change.name}
        hold(len(active) <= self._batch.cap, f"{len(active)} in flight: {sorted(active)}")
        earlier = [each for each in job.attempts if each.number < number]
        if self._is_named((job.key, number)):
            self._check_rerun(job.key, number)
        else:
            self._check_follows(change, earlier)

    def _check_rerun(self, key: str, number: int) -> None:
        """Check that a job is begun for a person no more often than one has asked for it.

        One that was erased before any listing showed it is called again, and counts once.
        """
        self._rerun[key].add(number)
        begun, asked = len(self._rerun[key]), self._asked_for[key]
        hold(begun <= asked, f"{key} was begun {begun} times for a person who asked {asked} times")

    def _is_named(self, attempt: tuple[str, int]) -> bool:
        """Whether the slot of this attempt was taken since a person had named its job."""
        return self._why.get(attempt) is Why.RERUN

    def _retries_before(self, failure: Attempt) -> int:
        """Return how many retries the job has had with the one after this failure."""
        named = (number for number in self._rerun[failure.key] if number <= failure.number)
        return failure.number - sum(1 for _ in named)

    def typed(self, named: "Named", view: View) -> None:
        """Take notice that a person wants these jobs to be run again, each once.

        The same words go on with that, until each was followed and has ended since.
        """
        jobs = {key: view.job(key) for key in named.keys}
        if named.to_follow is not None:
            is_held = any(job.holds_slot for job in jobs.values())
            lasts = {key: job.last.turn for key, job in jobs.items() if job.last is not None}
            if is_held or lasts.items() & named.to_follow.items():
                return
        self._asked_for.update(named.keys)
        named.to_follow = {
            key: job.last.turn
            for key, job in jobs.items()
            if job.last and not job.holds_slot
            if job.state is State.FAILED or not named.failed_only
        }

    def _check_follows(self, change: Change, earlier: Sequence[Attempt]) -> None:
        """Check why the job is started again; what somebody started by hand is another story."""
        while any(self._own_id(each.key, each.uid) in self._by_hand for each in earlier[1:]):
            earlier = earlier[1:]
        for each in earlier:
            if self._is_named((each.key, each.number + 1)):
                continue
            codes = self._codes(each)
            is_wrong = bool(codes) and codes[-1] == 1 and not each.is_verdict(Verdict.VANISHED)
            hold(not is_wrong, f"a configuration error was retried: {change.name}, {each.outcome}")
            verdict = each.outcome.verdict if each.outcome else None
            hold(verdict in FOLLOWED, f"{change.name} was started again after {each.outcome}")
        if earlier and earlier[-1].was_broken:
            # One that was erased before any listing showed it is called again, and counts once.
            self._retries[change.name].add(earlier[-1].number + 1)
            most = self._batch.retry.max_retries
            count = max(len(self._retries[change.name]), self._retries_before(earlier[-1]))
            hold(count <= most, f"{change.name} was retried {count} times")
            self._check_delay(change, earlier[-1])

    def _check_delay(self, change: Change, failure: Attempt) -> None:
        """Check the delay in the cluster's own time, but for what a clock was set forward.

        Once it was set back, two processes know of each other's time only as of their last look.
        """
        ended_s = self._workload(self._own_id(failure.key, failure.uid)).completed_s
        if ended_s is None:
            return
        unknown_s = POLL_INTERVAL_S if self._wall.back_s else 0
        waited = timedelta(seconds=change.at_s - ended_s + self._wall.forward_s + unknown_s + 1)
        due = self._batch.retry.delay_before(self._retries_before(failure))
        hold(waited >= due, f"{change.name} was retried after {waited}, not {due}")

    def _check_deletion(
        self, change: Change, before: Phase, listed_at_s: float, command: str
    ) -> None:
        woke = self._woken_at_s.get(change.uid, -1) >= listed_at_s
        may_run = woke or command == "delete --all"
        hold(before in ENDED or may_run, f"{change.name} was deleted while {before}")
        job = self._ledger.view().job(self._key(change.name))
        found = [each for each in job.attempts if self._own_id(each.key, each.uid) == change.uid]
        hold(bool(found), f"{change.name}: what was deleted is not in the ledger")
        (attempt,) = found
        is_broken = attempt.was_broken
        is_named = job.last is not None and self._is_named(job.last.id)
        is_fit = attempt.outcome is not None if command == "delete" else is_broken or is_named
        hold(is_fit or may_run, f"{attempt.outcome} was deleted")
        log = self._folder / "logs" / f"{attempt.key}.{attempt.number}.log"
        hold(log.exists(), f"{change.name} was deleted, its log is not saved")
        # What is cut off may not have printed anything yet.
        since_s = self._no_log_since_s.get(change.name, self._stage.now_s)
        is_lost = (
            before not in ENDED
            or woke
            or self._stage.now_s - since_s >= NO_LOG_AGREED.total_seconds()
        )
        is_kept = bool(log.read_bytes()) or is_lost
        hold(is_kept, f"a log was lost: {change.name} was deleted, and what was saved is empty")

    def asked_for_log(self, name: str, *, is_there: bool) -> None:
        """Take notice of what the cluster said of a log."""
        if is_there:
            self._no_log_since_s.pop(name, None)
        else:
            self._no_log_since_s.setdefault(name, self._stage.now_s)

    def _key(self, name: str) -> str:
        return name.rpartition("-")[2]

    # -- after the ledger --------------------------------------------------------------------

    def after_ledger(
        self, method: str, words: Sequence[Any], result: Any, listed_at_s: float
    ) -> None:
        """Check what a process has just concluded, which saw the cluster as of then."""
        if method == "record":
            self._check_learned(result)
        elif method == "reserve" and result:
            count = len(self._ledger.view().in_flight)
            hold(count <= max(self._batch.cap, self._in_flight), f"{count} slots are held")
            self._in_flight = count
            self._decided_on_s.setdefault(words[0].id, listed_at_s)
            # One that was refused is called again for another reason, and is still what it was.
            if words[1] is None:
                self._why[words[0].id] = words[3]
        elif method == "judged":
            self._check_verdict(words[0])
        elif method == "erased":
            for each in words[0]:
                phase = self._phases.get(self._own_id(each.key, each.uid))
                hold(phase is Phase.GONE, f"{each.key} is not gone, but {phase}")

    def _check_learned(self, learned: Learned) -> None:
        self._in_flight = len(learned.view.in_flight)
        for job in learned.view.jobs.values():
            self._check_attempts(job)
        for change in learned.changes:
            self._check_whose(change)
        for before, after in ((each.before, each.after) for each in learned.changes):
            is_new = before is None or before.ended_at != after.ended_at
            if after.ended_at is None or not is_new:
                continue
            name = self._batch.workload_name(after.key)
            if not after.listed:
                own_id = self._own_id(after.key, after.uid)
                there = [uid for uid in self._live(name) if uid == (own_id or uid)]
                there = [uid for uid in there if uid not in self._woken_at_s]
                there = [uid for uid in there if uid not in self._colleagues]
                hold(not there, f"{name} has not vanished: {self._phases.get(own_id)}")
            else:
                self._check_end(name, after)

    def _check_attempts(self, job: Job) -> None:
        """Check that each attempt with an id is one of the cluster's workloads, and another one."""
        ids = [self._own_id(each.key, each.uid) for each in job.attempts if each.uid is not None]
        hold("" not in ids, f"{job.key} has an attempt that never was")
        hold(len(set(ids)) == len(ids), f"{job.key} has two attempts that are one workload")

    def _check_whose(self, change: Learnt) -> None:
        """Check that a colleague's workload is never taken for the batch's."""
        before, after = change.before, change.after
        name = self._batch.workload_name(after.key)
        uid = self._own_id(after.key, after.uid)
        hold(uid not in self._colleagues, f"{name} is a colleague's, and was taken for ours")
        if uid in self._by_hand and (before is None or before.uid is None):
            self._woken_at_s[uid] = max(self._stage.now_s, self._woken_at_s[uid])

    def _check_end(self, name: str, after: Attempt) -> None:
        past = {word for _, word in self._workload(self._own_id(after.key, after.uid)).history}
        word = after.phase or ""
        hold(word in past, f"{name} was never {word}")
        if after.is_verdict(Verdict.SUCCEEDED):
            hold("Completed" in past, f"{name} never succeeded")

    def _check_verdict(self, attempt: Attempt) -> None:
        """Check the verdict against the exit codes, which the cluster itself never tells."""
        if attempt.outcome is None or attempt.uid is None:
            return
        code = CODES.get(attempt.outcome.verdict)
        codes = self._codes(attempt)
        hold(code is None or code in codes, f"{attempt.key} is no {attempt.outcome}: {codes}")
        if attempt.is_verdict(Verdict.INFRASTRUCTURE_FAILURE):
            hold(self._was_evicted(attempt), f"{attempt.key} is no {attempt.outcome}: {codes}")

    def _was_evicted(self, attempt: Attempt) -> bool:
        """Whether one of the attempt's pods was evicted for good, in truth."""
        own_id = self._own_id(attempt.key, attempt.uid)
        pods = self._workload(own_id).pods if own_id else []
        return any(pod.phase == EVICTED for pod in pods)

    def _codes(self, attempt: Attempt) -> list[int | None]:
        """Return the true exit codes of an attempt's pods; none if it is no workload."""
        own_id = self._own_id(attempt.key, attempt.uid)
        return [pod.exit_code for pod in self._workload(own_id).pods] if own_id else []

    # -- at the end of a command, and of all -------------------------------------------------

    def after_command(self) -> None:
        """Check what `status --json` would say now against the rows of the ledger's file."""
        shown = snapshot_json(snapshot_of(self._batch, self._ledger.view(), self._wall.now()))
        with closing(sqlite3.connect(self._folder / FILE_NAME)) as file:
            rows = file.execute(ROWS).fetchall()
            (held,) = file.execute(SLOTS).fetchone()
        told = [
            (job["key"], each["number"], each["uid"], each["verdict"])
            for job in shown["jobs"]
            for each in job["attempts"]
        ]
        standing = [(*row[:3], row[3] if row[4] else None) for row in rows]
        hold(set(told) == set(standing), f"status says {told}, the ledger {rows}")
        hold(shown["in_flight"] == held, f"status says {shown['in_flight']} in flight, not {held}")
        hold(sum(shown["counts"].values()) == len(shown["jobs"]), f"{shown['counts']}")
        done = [row for row in rows if row[3] == Verdict.SUCCEEDED.value]
        succeeded = {(*row[:2], self._own_id(row[0], row[2])) for row in done}
        hold(self._succeeded <= succeeded, f"{self._succeeded - succeeded} had succeeded")
        self._succeeded = succeeded

    def ended_by_restart(self, view: View, batch: Batch) -> frozenset[tuple[str, int, int]]:
        """Return the last attempts of these jobs that a restart of the machine has ended."""
        lasts = (view.job(key).last for key in batch.keys)
        return frozenset(last.turn for last in lasts if last and last.outcome == RESTARTED)

    def after_submit(self, restarted: frozenset[tuple[str, int, int]]) -> None:
        """Check that one submit was enough for all that a restart had ended when it began."""
        left = restarted & self.ended_by_restart(self._ledger.view(), self._batch)
        hold(not left, f"a restart had ended them, and a submit left them: {sorted(left)}")

    def bound_s(self) -> float:
        """Return within how many seconds after the last fault every job must have ended.

        However unlucky: one after the other, each with all its retries, after one attempt that
        vanished and one that was cut off; each waits for the grace of a lost submit, for an empty
        project to be believed, for its delay, for a clock that was set back, and for the listings
        that tell.
        """
        spans = (DELAYS.creating, DELAYS.pending, DELAYS.initializing_full, DELAYS.running,
                 DELAYS.preempted, DELAYS.deleting)  # fmt: skip
        life_s = sum(high for _, high in spans)
        delay_s, grace_s, looks_s = 300, 2 * 240, 12 * 60 + TENDED_EVERY_S
        each_s = life_s + delay_s + grace_s + EMPTY_DOUBT_S + looks_s + self._wall.back_s
        most_named = max(self._asked_for.values(), default=0)
        attempts = self._batch.retry.max_retries + 4 + MOST_REBOOTS[Mishap.REBOOTED] + most_named
        return each_s * attempts * len(self._batch.keys)

    def at_the_end(self, settled_at_s: float | None) -> None:
        """Check that nothing is left to do, and nothing left behind."""
        view = self._ledger.view()
        states = {key: view.job(key).state.value for key in self._batch.keys}
        hold(settled_at_s is not None, f"after {self._stage.now_s:.0f} s: {states}")
        hold(not view.in_flight, f"slots are still held: {sorted(view.in_flight)}")
        self.look()
        active = self._active(self._stage.now_s) & set(self._names())
        hold(not active, f"still running: {sorted(active)}")
        for key in self._batch.keys:
            self._check_job(view.job(key))

    def before_clearing(self) -> None:
        """Remember what of the batch has ended: what a person starts meanwhile is not meant."""
        ended = {uid for uid, phase in self._phases.items() if phase in ENDED}
        self._to_clear = ended - self._colleagues - self._by_hand

    def after_clearing(self) -> None:
        """Check that nothing of that is left on the cluster."""
        left = [name for name in self._names() if self._to_clear & set(self._live(name))]
        hold(not left, f"could not be cleared away: {left}")

    def _check_job(self, job: Job) -> None:
        last = job.last
        is_known = last is not None and (last.outcome is not None or last.refusal is not None)
        hold(is_known, f"{job.key} was lost: {last}")
        if last is None or self._phases.get(self._own_id(last.key, last.uid)) is not Phase.FAILED:
            return
        # It is still there, and so is all that tells how it ended. A success is never undone,
        # whoever starts its workload again.
        codes = self._codes(last)
        is_over = last.is_verdict(Verdict.SUCCEEDED)
        may_retry = last.retries < self._batch.retry.max_retries and not is_over
        is_given_up = may_retry and not last.agreed and bool(codes) and codes[-1] == 2
        hold(not is_given_up, f"a mount failure was given up: {job.key}, {last.outcome}")
