"""What one simulated process is made of: its clock, its ledger, its way to the cluster."""

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING, Any

from tests.runai.rig import forbidden, pods_json
from tests.runai.test_bad_answers import BAD, said
from tests.simulation.promises import hold
from tests.simulation.stage import WallClock
from tests.simulation.weather import PROJECT, Mishap

from runbatch.clock import SystemClock
from runbatch.clusters.kubectl.pods import MOST_TRIES
from runbatch.clusters.runai.cluster import RunaiCluster
from runbatch.clusters.runai.table import table_of
from runbatch.clusters.shell.program import Reply
from runbatch.core.attempt import Listing
from runbatch.core.errors import LedgerError, Unreachable
from runbatch.ledger.store import Ledger
from runbatch.wiring import Place

if TYPE_CHECKING:
    from tests.simulation.play import Play

# A call that was given up takes effect so much later at most: within the grace of a submit.
LATEST_EFFECT_S = 60
# What was asked for so often in vain is for a person to do.
MOST_DELETIONS = 2
# kubectl says these too: a login that has expired, and a pod that it does not know yet.
BAD_KUBECTL = (
    *BAD,
    said("You must be logged in to the server"),
    Reply(0, '{"apiVersion": "v1", "kind": "List", "items": []}', ""),
)
_WRITES = (
    "record", "reserve", "release", "submitted", "refused", "denied", "judged", "delete_asked",
    "erased", "save_log", "save_logs", "begin_invocation", "tick_invocation", "begin_type", "told",
)  # fmt: skip


class Killed(BaseException):
    """The process is gone, from one step to the next."""


@dataclass
class Process:
    """One invocation of a command, which may be killed at any step; then it can do nothing."""

    play: "Play"
    command: str
    is_dead: bool = False
    deletions: Counter[tuple[str, ...]] = field(default_factory=Counter)  # that were agreed to
    listed_at_s: float = -1.0  # of which moment the last good listing tells
    dies_at_s: float = math.inf
    restarted: frozenset[tuple[str, int, int]] = frozenset()  # what a submit is to start again

    def step(self) -> None:
        """Let others go first, perhaps; perhaps never come back."""
        if self.is_dead:
            raise Killed
        self.play.stage.pause(self.play.dice.random() * 0.5)
        if self.is_dead:  # the machine was restarted meanwhile
            raise Killed
        if self.play.strikes(Mishap.KILLED) or self.play.stage.now_s >= self.dies_at_s:
            self.is_dead = True
            raise Killed

    def sleep(self, seconds: float) -> None:
        """Let time pass."""
        if self.is_dead:
            raise Killed
        self.play.stage.pause(seconds)
        self.step()

    def heard(self, words: Sequence[str], reply: Reply) -> None:
        """Count the deletions that were agreed to: to ask for ever is of no use."""
        if "delete" in words[:3] and reply.code == 0:
            self.deletions[tuple(words)] += 1
            asked = self.deletions[tuple(words)]
            hold(asked <= MOST_DELETIONS, f"{' '.join(words)}: {asked} times, each answered yes")


class ProcessClock(SystemClock):
    """The real clock of the loop, on the stage's time."""

    def __init__(self, process: Process, wall: WallClock) -> None:
        super().__init__(wall=wall.now, elapsed_s=lambda: wall.stage.now_s)
        self.process = process

    def sleep(self, seconds: float) -> None:
        """Let time pass."""
        self.process.sleep(seconds)


@dataclass
class SteppedLedger:
    """The real ledger; the process may die before and after each call, and the disk be full."""

    ledger: Ledger
    process: Process

    def __getattr__(self, name: str) -> Any:
        value = getattr(self.ledger, name)
        if not callable(value):
            return value

        def call(*words: Any, **named: Any) -> Any:
            self.process.step()
            play = self.process.play
            is_full = play.stage.now_s < min(play.full_until_s, play.weather.clears_s)
            if name in _WRITES and is_full:
                play.happened[Mishap.DISK_FULL] += 1
                raise LedgerError("The ledger failed: database or disk is full.")
            result = value(*words, **named)
            play.promises.after_ledger(name, words, result, self.process.listed_at_s)
            self.process.step()
            return result

        return call


@dataclass
class Wire:
    """The program `runai`, as far as it can be reached."""

    process: Process

    def __call__(self, words: Sequence[str], limit_s: float) -> Reply:
        """Return how the call ended; what may go wrong on the way does."""
        process, play = self.process, self.process.play
        process.step()
        nothing = Unreachable(f"Run:ai: no answer within {limit_s:g} s.")
        if play.is_out or play.strikes(Mishap.NEVER_SENT):
            raise nothing
        if play.strikes(Mishap.HANGS):
            process.sleep(limit_s)
            raise nothing
        if _changes_something(words) and play.strikes(Mishap.LATE):
            at_s = play.stage.now_s + play.dice.uniform(0, limit_s + LATEST_EFFECT_S)
            # It stands on what the process had seen by now, whatever that sees meanwhile.
            play.stage.at(at_s, partial(play.call, words, process, process.listed_at_s))
            process.sleep(limit_s)
            raise nothing
        if play.strikes(Mishap.SLOW):
            process.sleep(play.dice.uniform(0, limit_s / 2))
        reply = self._answer(words)
        if play.strikes(Mishap.HANGS_DONE):
            process.sleep(limit_s)
            raise nothing
        if play.strikes(Mishap.SLOW):
            process.sleep(play.dice.uniform(0, limit_s / 2))
        process.step()
        if play.strikes(Mishap.ANSWER_LOST):
            raise nothing
        process.heard(words, reply)
        return reply

    def _answer(self, words: Sequence[str]) -> Reply:
        is_read = bool({"logs", "describe"} & set(words[:3]))
        bad = self.process.play.bad_answer(BAD) if is_read else None
        if bad is None:
            return self.process.play.call(words, self.process)
        if "logs" in words[:3]:
            name = words[words.index("logs") + 1]
            self.process.play.promises.asked_for_log(name, is_there=False)
        return bad

    def kubectl(self, words: Sequence[str], limit_s: float) -> Reply:
        """Tell of the pods, where that is allowed."""
        self.process.step()
        play = self.process.play
        if not play.kubectl_is_allowed or play.strikes(Mishap.NO_EXIT_CODE):
            return forbidden(words, limit_s)
        if play.is_out or play.strikes(Mishap.HANGS):
            self.process.sleep(limit_s)
            raise Unreachable(f"kubectl: no answer within {limit_s:g} s.")
        if bad := play.bad_answer(BAD_KUBECTL):
            return bad
        return Reply(0, "lab\n" if words[0] == "config" else pods_json(play.standin), "")


class RestartedCluster(RunaiCluster):
    """The real adapter, which also knows what a restart has ended, as that of `local` does."""

    def __init__(self, process: Process, *words: str, **named: Any) -> None:
        super().__init__(*words, **named)
        self._process = process

    def list(self, prefix: str) -> Listing:
        """Return the workloads; what a list that is behind still shows is not told to be gone."""
        listing = super().list(prefix)
        shown = {each.uid for each in listing.observations}
        return replace(listing, restarted=frozenset(self._process.play.rebooted - shown))


def _changes_something(words: Sequence[str]) -> bool:
    return "submit" in words[:3] or "delete" in words[:3]


@dataclass(frozen=True, slots=True)
class SimulatedPlace(Place):
    """Where the batch's state is, and the simulated cluster."""

    process: Process

    def cluster(self, *, for_one_look: bool = False) -> RunaiCluster:
        """Return the real adapter over the simulated program."""
        wire, choice = Wire(self.process), self.batch.cluster
        return RestartedCluster(
            self.process,
            PROJECT,
            table_of(choice).workload,
            execute=wire,
            kubectl=wire.kubectl,
            kubectl_tries=1 if for_one_look else MOST_TRIES,
            calls_at_once=1,
        )
