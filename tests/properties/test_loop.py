"""Planner and reconcile against the truth of a pretend cluster, over any history.

Pure values throughout: the memory is a View, and the machine does what the runner would do with a
plan, one action at a time. Something happens, then the loop looks and acts a few times; what is
left of a plan then is done after the next thing that happens.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from itertools import cycle

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule
from tests.properties.promises import CAP, RETRY, Promises, a_batch
from tests.properties.truth import TrueWorkload, Truth, evidence_of
from tests.unit.core.values import PATIENCE, at, attempts_of, listing, remembering, view

from runbatch.core.actions import Action, Delete, Gather, Plan, Release, Reserve, Submit
from runbatch.core.attempt import Attempt
from runbatch.core.failure import judge
from runbatch.core.job import State, View
from runbatch.core.planner import plan
from runbatch.core.reconcile import learn
from runbatch.core.stage import Stage
from runbatch.core.whose import Claims
from runbatch.core.wish import Wish, rerun, stale

BATCH = a_batch(*(str(key) for key in range(2, 10)))
NARROWED = a_batch("2", "3")
MOST_TICKS = 40  # of half a minute, until every job has come to its end when nothing is in its way
# The word for it says little of whether a workload still runs.
NO_ENDS = [Stage.QUEUED, Stage.RUNNING, Stage.HELD, Stage.LEAVING, Stage.UNKNOWN]


@dataclass(frozen=True)
class Tick:
    """One look, and how many actions of the plan are done before something else happens."""

    seconds: int
    at_once: int = 99
    answers: Sequence[str] = ("yes",)
    omitted: frozenset[str] = frozenset()
    tells_ends: bool = False


picks = st.integers(0, 4)
keys = st.sampled_from([*BATCH.keys, "370"])  # somebody may start any number of our prefix
exit_codes = st.sampled_from([0, 1, 2, 2, 2, 137])
answers = st.sampled_from(
    ["yes"] * 5 + ["yes, no uid", "no", "denied", "done, denied", "lost before", "lost after"]
)
ticks = st.lists(
    st.builds(
        Tick,
        seconds=st.sampled_from([1, 10, 31, 61, 125, 310]),
        at_once=st.integers(0, 4),
        answers=st.lists(answers, min_size=1, max_size=4),
        omitted=st.frozensets(keys, max_size=2),
        tells_ends=st.booleans(),
    ),
    max_size=2,
)


def one_of(workloads: Sequence[TrueWorkload], pick: int) -> TrueWorkload:
    return workloads[pick % len(workloads)]


class Loop(RuleBasedStateMachine):
    """Each rule is something that happens, and then so many ticks of the loop."""

    def __init__(self) -> None:
        super().__init__()
        self.now = at(0)
        self.truth = Truth()
        self.promises = Promises()
        self.memory = view()
        self.batch = BATCH
        self.wish = Wish(start=True, retry=True, wait=True)
        self.todo: list[Action] = []
        self.rows_shown: set[str] = set()
        self.rows_at = self.now

    # What people and the cluster do.

    @precondition(lambda self: self.truth.running)
    @rule(pick=picks, phase=st.sampled_from(NO_ENDS), then=ticks)
    def one_moves(self, pick: int, phase: Stage, then: list[Tick]) -> None:
        one_of(self.truth.running, pick).stage = phase
        self.go_on(then)

    @precondition(lambda self: self.truth.running)
    @rule(pick=picks, exit_code=exit_codes, then=ticks)
    def one_ends(self, pick: int, exit_code: int, then: list[Tick]) -> None:
        self.truth.end(one_of(self.truth.running, pick), exit_code, self.now)
        self.go_on(then)

    @rule(exit_code=exit_codes, then=ticks)
    def all_end(self, exit_code: int, then: list[Tick]) -> None:
        for workload in self.truth.running:
            self.truth.end(workload, exit_code, self.now)
        self.go_on(then)

    @precondition(lambda self: self.truth.ended)
    @rule(pick=picks, exit_code=st.none() | exit_codes, then=ticks)
    def one_runs_again(self, pick: int, exit_code: int | None, then: list[Tick]) -> None:
        """The cluster starts it again by itself; it may end before anybody looks."""
        workload = one_of(self.truth.ended, pick)
        self.truth.wake(workload)
        if exit_code is not None:
            self.truth.end(workload, exit_code, self.now)
        self.go_on(then)

    @precondition(lambda self: self.truth.live)
    @rule(pick=picks, then=ticks)
    def one_goes(self, pick: int, then: list[Tick]) -> None:
        """Its deletion is complete, or somebody deleted it by hand."""
        del self.truth.live[one_of([*self.truth.live.values()], pick).key]
        self.go_on(then)

    @rule(key=keys, then=ticks)
    def somebody_starts_one(self, key: str, then: list[Tick]) -> None:
        if key not in self.truth.live:
            self.truth.make(key, 1, self.now, by_us=False)
        self.go_on(then)

    @rule(
        command=st.sampled_from(["submit", "submit --wait", "retry", "retry --once", "both"]),
        named=st.frozensets(keys, max_size=1),
        is_narrowed=st.booleans(),
        then=ticks,
    )
    def invoke(
        self, command: str, named: frozenset[str], is_narrowed: bool, then: list[Tick]
    ) -> None:
        """The invocation before has ended, perhaps killed in the middle of a plan."""
        before = self.memory
        wishes = {
            "submit": Wish(start=True, stale=stale(before), rerun=rerun(before, named)),
            "submit --wait": Wish(start=True, wait=True, stale=stale(before)),
            "retry": Wish(retry=True),
            "retry --once": Wish(retry=True, once=True),
            "both": Wish(start=True, retry=True, wait=True, stale=stale(before)),
        }
        self.promises.invoked(before)
        self.wish = wishes[command]
        self.batch = NARROWED if is_narrowed else BATCH
        self.todo = []
        self.go_on(then)

    # What the loop does.

    def go_on(self, then: list[Tick]) -> None:
        for tick in then:
            answer = cycle(tick.answers)
            while self.todo:
                self.act(next(answer))
            self.now += timedelta(seconds=tick.seconds)
            self.look(tick)
            for _ in range(min(tick.at_once, len(self.todo))):
                self.act(next(answer))

    def look(self, tick: Tick) -> None:
        answer = self.truth.listing(tick.omitted, self.now, tells_ends=tick.tells_ends)
        asked = self.memory.called
        claims = Claims(agreed=frozenset(each.uid for each in answer.observations))
        learned = learn(self.batch, self.memory, answer, asked, self.now, PATIENCE, claims)
        assert learned.view.trusted
        self.memory = learned.view
        self.promises.listed(answer, self.now)
        self.rows_shown, self.rows_at = {each.uid for each in answer.observations}, self.now
        planned = plan(self.batch, self.memory, self.wish, self.now, PATIENCE)
        self.promises.check_plan(planned, self.memory)
        self.todo = list(planned.actions)

    @rule(then=ticks)
    def there_is_no_answer(self, then: list[Tick]) -> None:
        self.check_nothing_is_done(replace(self.memory, trusted=False))
        self.go_on(then)

    @rule(then=ticks)
    def nothing_at_all_is_listed(self, then: list[Tick]) -> None:
        """Not one row, although there were some: a dropped connection looks like that."""
        is_recent = (self.now - self.rows_at).total_seconds() < PATIENCE.doubt_s
        asked_to_go = {each.uid for each in attempts_of(self.memory) if each.delete_asked_at}
        if is_recent and self.rows_shown - asked_to_go:
            asked, nothing = self.memory.called, listing(others=0)
            learned = learn(self.batch, self.memory, nothing, asked, self.now, PATIENCE)
            assert not learned.changes
            self.check_nothing_is_done(learned.view)
        self.go_on(then)

    def check_nothing_is_done(self, seen: View) -> None:
        assert plan(self.batch, seen, self.wish, self.now, PATIENCE) == Plan()
        self.todo = []

    def act(self, answer: str) -> None:
        """Do the next thing of the plan: the memory first, then the cluster."""
        match self.todo.pop(0):
            case Submit() as step:
                self.promises.check_start(step, self.memory, self.wish, self.now)
                self.submit(step, answer)
            case Reserve() as step:
                self.promises.check_start(step, self.memory, self.wish, self.now)
                new = Attempt(key=step.key, number=step.number, reserved_at=self.now)
                self.remember(replace(new, follows=step.follows))
            case Delete(attempt):
                self.promises.check_delete(attempt, self.memory)
                self.delete(attempt, answer)
            case Gather(attempt):
                self.gather(attempt, answer)
            case Release(attempt):
                self.release(attempt)

    def remember(self, attempt: Attempt) -> None:
        self.memory = remembering(self.memory, attempt)

    def submit(self, step: Submit, answer: str) -> None:
        new = Attempt(key=step.key, number=step.number, reserved_at=self.now)
        was = step.instead_of or new
        called = replace(was, called_at=self.now, calls=was.calls + 1, missed=0)
        called = replace(called, refusal=None, denial=None)
        self.remember(called)
        if step.key in self.truth.live or answer == "lost before":
            return  # the name is taken, or nothing came of it: who knows
        if answer == "no":
            self.remember(replace(called, refusal="no such image"))
            return
        if "denied" in answer:
            self.remember(replace(called, denial="403 Forbidden"))
        if answer == "denied":
            return
        made = self.truth.make(step.key, step.number, self.now, by_us=True)
        assert len(self.truth.surely_in_flight) <= CAP
        if answer.startswith("yes"):
            uid = made.uid if answer == "yes" else None
            self.remember(replace(called, submitted_at=self.now, uid=uid))

    def delete(self, attempt: Attempt, answer: str) -> None:
        """Only what has ended is ever deleted, unless it came to life since the last look."""
        self.remember(replace(attempt, delete_asked_at=self.now))
        workload = self.truth.find(attempt.uid)
        if workload is None or answer == "lost before":
            return
        assert workload.ended_at is not None or not workload.is_known
        workload.stage = Stage.LEAVING
        if answer == "yes":
            del self.truth.live[workload.key]

    def gather(self, attempt: Attempt, answer: str) -> None:
        if answer.startswith("lost"):
            return
        workload = self.truth.find(attempt.uid)
        found = evidence_of(workload, tells_codes=answer == "yes", has_log=answer != "no")
        self.promises.evidence[attempt.uid] = found
        self.remember(replace(attempt, evidence=found, outcome=judge(found, RETRY)))

    def release(self, attempt: Attempt) -> None:
        """What is forgotten never came to be."""
        workload = self.truth.live.get(attempt.key)
        assert workload is None or workload.number != attempt.number or not workload.is_known
        rest = [each for each in attempts_of(self.memory) if each != attempt]
        self.memory = View.of(rest, proved_at=self.memory.proved_at)

    def teardown(self) -> None:
        """Left in peace, every job comes to its end, and no slot stays taken."""
        self.invoke("both", frozenset(), False, then=[])
        for _ in range(MOST_TICKS):
            for workload in [*self.truth.live.values()]:
                if workload.stage is Stage.LEAVING:
                    del self.truth.live[workload.key]
            self.all_end(0, then=[Tick(seconds=30)])
        assert plan(self.batch, self.memory, self.wish, self.now, PATIENCE).done
        assert not self.memory.in_flight
        assert all(self.memory.job(key).state is not State.WAITING for key in BATCH.keys)


TestTheLoop = Loop.TestCase
