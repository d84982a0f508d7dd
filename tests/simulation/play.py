"""One history: the real commands' parts over a simulated cluster, while everything goes wrong."""

import math
import random
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import cast

from tests.runai_standin import Deed, Plot, StandIn, Trouble
from tests.runai_standin.shapes import OWNERS
from tests.simulation.process import Killed, Process, ProcessClock, SimulatedPlace, SteppedLedger
from tests.simulation.promises import POLL_INTERVAL_S, TENDED_EVERY_S, Named, Promises
from tests.simulation.stage import Stage, WallClock, utc
from tests.simulation.weather import BAD_ANSWERS_RATE, PROJECT, Mishap, Weather

from runbatch.clusters.runai.arguments import Version, submit_args
from runbatch.clusters.runai.table import table_of
from runbatch.clusters.shell.program import Reply
from runbatch.core.batch import Batch
from runbatch.core.errors import ClusterError, LedgerError
from runbatch.core.events import Event
from runbatch.core.snapshot import Snapshot
from runbatch.core.whose import Stranger
from runbatch.core.wish import Wish
from runbatch.core.workload import Workload, workload_of
from runbatch.ledger.store import Ledger
from runbatch.runner import Ears, Pace, Runner
from runbatch.views.removal import removal_of
from runbatch.wiring import Place

PACE = Pace(poll_interval_s=POLL_INTERVAL_S, submit_interval_s=2)
LONGEST_FULL_S = 120
LONGEST_OUTAGE_S = 900
LONGEST_CLEARING_S = 3600
COMMANDS = 2 * ("submit --wait", "submit", "retry", "retry --once") + ("delete", "delete --all")
NAMING = ("submit --rerun", "retry --jobs")
NAMED_RATE = 0.05
NAMED_AT_THE_END_RATE = 0.3
LONGEST_BEFORE_KILL_S = 600
MOST_NAMED = 4
LONGEST_BEFORE_AGAIN_S = 300
DELETIONS = {"delete": Mishap.CLEARED, "delete --all": Mishap.CUT_OFF}


class Play:
    """One seed's history; `run` plays it and raises Broken where a promise is."""

    def __init__(self, weather: Weather, folder: Path) -> None:
        self.weather = weather
        self.folder = folder
        self.dice = random.Random(-1 - weather.seed)
        self.bad_dice = random.Random(f"bad {weather.seed}")  # moves no other draw
        self.name_dice = random.Random(f"name {weather.seed}")
        self.standin, self.store = StandIn.in_memory(weather.settings, weather.switches)
        self.stage = Stage(moved=self.store.move)
        self.wall = WallClock(self.stage, utc(self.standin.unix_s))
        self.happened: Counter[str] = Counter()
        self.full_until_s = self.out_until_s = -1.0
        self.kubectl_is_allowed = self.dice.random() < 0.5
        self.said: list[tuple[float, str]] = []
        self.processes: list[Process] = []
        self.settled_at_s: float | None = None
        self.has_named = False
        self.rebooted: set[str] = set()  # the uids of what restarts of the machine have ended
        self.is_cleared: bool | None = None  # False while what has ended is cleared away
        ledger_folder = Place(weather.batch, folder).ledger_folder
        self.promises = Promises(self.stage, self.wall, self.store, weather.batch, ledger_folder)

    # -- chance ------------------------------------------------------------------------------

    def strikes(self, mishap: Mishap) -> bool:
        """Whether this goes wrong now."""
        rate = self.weather.rates.get(mishap)
        if rate is None or self.is_clear or self.dice.random() >= rate:
            return False
        self.happened[mishap] += 1
        self.tell(mishap)
        return True

    def bad_answer(self, kinds: Sequence[Reply]) -> Reply | None:
        """Return what is answered instead of the truth, now and then."""
        is_over = self.is_clear and self.is_cleared is not False
        if is_over or self.bad_dice.random() >= BAD_ANSWERS_RATE:
            return None
        reply = self.bad_dice.choice(kinds)
        self.happened[Mishap.BAD_ANSWER] += 1
        self.tell(f"{Mishap.BAD_ANSWER}: {reply.err or reply.out or 'not a word'}")
        return reply

    @property
    def is_clear(self) -> bool:
        """Whether the faults are over."""
        return self.stage.now_s >= self.weather.clears_s

    @property
    def is_out(self) -> bool:
        """Whether nothing is reached now; count it."""
        is_out = self.stage.now_s < min(self.out_until_s, self.weather.clears_s)
        self.happened[Mishap.OUTAGE] += is_out
        return is_out

    def tell(self, text: str) -> None:
        """Write a line of the history."""
        self.said.append((self.stage.now_s, text))

    # -- the cluster -------------------------------------------------------------------------

    def call(
        self, words: Sequence[str], process: Process, stood_on_s: float | None = None
    ) -> Reply:
        """Have the simulated program do what it is told, by a process that may be gone by now.

        `stood_on_s` is the second that the decision was made on, where it is not the last.
        """
        self.standin.advance(0)
        self.promises.look()
        before = Counter(self.store.load().tally.struck)
        answer = self.standin.call(*words)
        struck = Counter(self.store.load().tally.struck) - before
        is_list = "list" in words[:3] and "project" not in words[:1]
        # An empty list tells nothing of what somebody has started by hand.
        if is_list and answer.exit_code == 0 and Trouble.EMPTY_LIST not in struck:
            behind_s = self._stale_s() if Trouble.STALE_LIST in struck else 0
            process.listed_at_s = self.stage.now_s - behind_s
        if "logs" in words[:3]:
            name = words[words.index("logs") + 1]
            self.promises.asked_for_log(name, is_there=Trouble.NO_LOGS not in struck)
        seen_at_s = process.listed_at_s if stood_on_s is None else stood_on_s
        self.promises.after_call(words, seen_at_s, process.command)
        return Reply(answer.exit_code or 0, answer.stdout, answer.stderr)

    def _stale_s(self) -> float:
        faults = self.weather.switches.faults
        return max((f.seconds for f in faults if f.trouble is Trouble.STALE_LIST), default=0)

    # -- the tool ----------------------------------------------------------------------------

    def invoke(
        self,
        command: str,
        batch: Batch,
        named: Named | None = None,
        dies_at_s: float = math.inf,
    ) -> Snapshot | None:
        """Run one command as a person would; return how the batch then stands, if it ended."""
        named = named or Named()
        process = Process(self, command, dies_at_s=dies_at_s)
        self.processes.append(process)
        self.tell(f"$ {' '.join([command, *sorted(named.keys)])} ({len(batch.keys)} jobs)")
        try:
            snapshot = self._carry_out(command, batch, process, named)
        except Killed:
            self.tell(f"{command} was killed")
            return None
        except (ClusterError, LedgerError) as error:
            self.tell(f"{command} gave up: {error}")
            return None
        finally:
            process.is_dead = True
        self.tell(f"{command} ended")
        self.promises.after_command()
        self.promises.after_submit(process.restarted)
        return snapshot

    def _carry_out(self, command: str, batch: Batch, process: Process, named: Named) -> Snapshot:
        place = SimulatedPlace(batch, self.folder, process)
        clock = ProcessClock(process, self.wall)
        wish = self._wish(command, place, clock, named)
        ledger = place.open_ledger()
        try:
            stepped = cast(Ledger, SteppedLedger(ledger, process))
            ears = Ears(event=self._heard)
            runner = Runner(batch, place.cluster(), stepped, wish, clock, PACE, ears=ears)
            return runner.run(command)
        finally:
            ledger.close()

    def _wish(self, command: str, place: SimulatedPlace, clock: ProcessClock, named: Named) -> Wish:
        look = place.look(clock, judge=command.startswith("retry"))
        look = look.agreed(filter(_is_own, look.learned.strangers))
        view = look.learned.view
        self.promises.typed(named, view)
        if command.startswith("submit"):
            place.process.restarted = self.promises.ended_by_restart(view, place.batch)
        asked = place.ask(named.keys, view, clock.now(), failed_only=named.failed_only)
        match command:
            case "submit --rerun":
                return look.wish_to_submit(wait=True, rerun=asked, keep_going=True)
            case "retry --jobs":
                return look.wish_to_retry(named.keys, asked)
            case "submit" | "submit --wait":
                return look.wish_to_submit(wait=command == "submit --wait")
            case "retry":
                return look.wish_to_retry()
            case "delete" | "delete --all":
                every = command == "delete --all"
                removal = removal_of(place.batch, look.learned.view, every=every)
                return Wish(delete=removal.turns, cut_off=every)
            case _:
                return look.wish_to_retry(once=True)

    def _heard(self, event: Event) -> None:
        self.tell(f"[{event.kind.value}] {event.text}")

    # -- the people --------------------------------------------------------------------------

    def somebody(self) -> None:
        """Type commands until the faults are over."""
        while not self.is_clear:
            batch = self.weather.batch
            if len(batch.keys) > 2 and self.dice.random() < 0.15:
                batch = replace(batch, keys=batch.keys[:2])
                self.happened[Mishap.NARROWED] += 1
            if self.name_dice.random() < NAMED_RATE:
                self._name_again()
            command = self.dice.choice(COMMANDS)
            if command in DELETIONS:
                self.happened[DELETIONS[command]] += 1
            self.invoke(command, batch)
            self.stage.pause(self.dice.uniform(0, 60))

    def _name_again(self, least: int = 1) -> None:
        """Name jobs to be run again; and once more, as people do, when the first was killed."""
        dice, batch = self.name_dice, self.weather.batch
        keys = frozenset(dice.sample(batch.keys, dice.randint(least, len(batch.keys))))
        command = dice.choice(NAMING)
        named = Named(keys, failed_only=command == "retry --jobs")
        dies_at_s = self.stage.now_s + dice.uniform(0, LONGEST_BEFORE_KILL_S)
        for _ in range(MOST_NAMED):
            if self.invoke(command, batch, named, dies_at_s) is not None:
                return
            self.happened[Mishap.NAMED] += 1
            dies_at_s = math.inf
            self.stage.pause(dice.uniform(0, LONGEST_BEFORE_AGAIN_S))

    def somebody_patient(self) -> None:
        """Type commands, and when the faults are over go on until nothing is left to do."""
        self.somebody()
        while self.settled_at_s is None:
            self.invoke("submit --wait", self.weather.batch)
            snapshot = self.invoke("retry", self.weather.batch)
            is_alone = all(process.is_dead for process in self.processes)
            if is_alone and snapshot is not None and _is_settled(snapshot):
                self.settled_at_s = self.stage.now_s
            self.stage.pause(PACE.poll_interval_s)

    def somebody_tidy(self) -> None:
        """Clear away what has ended, while answers are bad once more: no log may be lost."""
        self.is_cleared = False
        self.promises.before_clearing()
        self.invoke("delete", self.weather.batch)
        self.is_cleared = True

    def somebody_choosy(self) -> None:
        """Have jobs run again that have all ended, which is what a kill could repeat."""
        self._name_again(least=len(self.weather.batch.keys))
        self.has_named = True

    def do(self, mishap: Mishap) -> None:
        """Have something happen that is nobody's call."""
        match mishap:
            case Mishap.DISK_FULL:
                self.full_until_s = self.stage.now_s + self.dice.uniform(1, LONGEST_FULL_S)
            case Mishap.OUTAGE:
                self.out_until_s = self.stage.now_s + self.dice.uniform(1, LONGEST_OUTAGE_S)
            case Mishap.CLOCK_FORWARD | Mishap.CLOCK_BACK:
                forward = 1 if mishap is Mishap.CLOCK_FORWARD else -1
                self._jump(forward * self.dice.uniform(1, 900), mishap)
            case Mishap.BY_HAND:
                self._start_by_hand()
            case Mishap.EMPTIED:
                self._erase(sorted(self.standin.truth().live(self.promises.is_ours)), mishap)
            case Mishap.COLLEAGUE:
                self._start_by_colleague()
            case Mishap.REBOOTED:
                self._reboot()
            case _:
                self._disturb(mishap)

    def _jump(self, seconds: float, mishap: Mishap) -> None:
        self.wall.jump(seconds)
        self.happened[mishap] += 1
        self.tell(f"{mishap} by {abs(seconds):.0f} s")

    def _reboot(self) -> None:
        """Have the machine restart that all runs on: what has ended is on its disk."""
        for process in self.processes:
            process.is_dead = True
        running = self.promises.running()
        self.rebooted |= running.keys()
        self._erase(running.values(), Mishap.REBOOTED)

    def _erase(self, names: Iterable[str], mishap: Mishap) -> None:
        for name in names:
            self._deed(Deed.ERASE, name, mishap)

    def _start_by_hand(self) -> None:
        """Start a job as the old scripts did: no RUNBATCH_* tells what it is."""
        batch = self.weather.batch
        workload = workload_of(batch, self.dice.choice(batch.keys), 1)
        plain = replace(workload, env={"TRAIT_INDEX": workload.env["TRAIT_INDEX"]})
        self._call_by_hand(plain, Mishap.BY_HAND, "batch")

    def _start_by_colleague(self) -> None:
        """Start a workload of a job's name as a colleague: with this tool, an old one, or none."""
        batch = self.weather.batch
        mark = self.dice.choice(["theirs", None])
        workload = workload_of(batch, self.dice.choice(batch.keys), 1, mark)
        if self.dice.random() < 0.5:
            workload = replace(workload, env={})
        self._call_by_hand(workload, Mishap.COLLEAGUE, "other")

    def _call_by_hand(self, workload: Workload, mishap: Mishap, owner: str) -> None:
        kind = table_of(self.weather.batch.cluster).workload
        words = submit_args(workload, PROJECT, kind, Version(2, 20))
        with self.promises.by_hand(mishap):
            self.standin.call(*words, owner=owner)
        self._count(mishap)

    def _disturb(self, mishap: Mishap) -> None:
        """Have a person or the cluster do something to one of the workloads."""
        batch = self.weather.batch
        self._deed(_DEEDS[mishap], batch.workload_name(self.dice.choice(batch.keys)), mishap)
        if mishap is Mishap.SUSPENDED:
            at_s = self.stage.now_s + self.dice.uniform(10, 600)
            name = batch.workload_name(self.dice.choice(batch.keys))
            self.stage.at(at_s, lambda: self._deed(Deed.RESUME, name, Mishap.RESUMED))

    def _deed(self, deed: Deed, name: str, mishap: Mishap) -> None:
        with self.promises.by_hand(mishap):
            self.standin.plot([Plot(0.0, deed, name)])
        self._count(mishap)

    def _count(self, mishap: Mishap) -> None:
        if self.promises.was_disturbed:
            self.happened[mishap] += 1
            self.tell(mishap)

    def clear(self) -> None:
        """End all faults, once and for all."""
        self.tell("the faults are over")
        self.standin.switch(replace(self.weather.switches, faults=()))
        self._tend()

    def _tend(self) -> None:
        """Have a person resume what was stopped, and clear away what would hang for ever."""
        self.stage.at(self.stage.now_s + TENDED_EVERY_S, self._tend)
        for name in self.standin.truth().live(self.promises.is_ours):
            self._deed(Deed.RESUME, name, Mishap.RESUMED)
        for name in self.promises.hanging():
            self._deed(Deed.ERASE, name, Mishap.ERASED)

    # -- the history -------------------------------------------------------------------------

    def run(self) -> None:
        """Play until every job has come to an end; raise Broken where a promise was not kept."""
        weather = self.weather
        self.stage.play(self.somebody_patient, 0)
        if weather.is_shared:
            self.happened[Mishap.BESIDE] += 1
            self.stage.play(self.somebody, self.dice.uniform(0, 60))
        for at_s, mishap in weather.deeds:
            self.stage.at(at_s, partial(self.do, mishap))
        self.stage.at(weather.clears_s, self.clear)
        try:
            limit_s = weather.clears_s + self.promises.bound_s()
            self.stage.run(limit_s, lambda: self.settled_at_s is not None)
            self.promises.at_the_end(self.settled_at_s)
            if self.name_dice.random() < NAMED_AT_THE_END_RATE:
                limit_s = self.stage.now_s + self.promises.bound_s()
                self.stage.play(self.somebody_choosy, self.stage.now_s)
                self.stage.run(limit_s, lambda: self.has_named)
            self.stage.play(self.somebody_tidy, self.stage.now_s)
            limit_s = self.stage.now_s + LONGEST_CLEARING_S
            self.stage.run(limit_s, lambda: self.is_cleared is True)
            self.promises.after_clearing()
        finally:
            for process in self.processes:
                process.is_dead = True
            self.stage.clear()
            self.promises.close()


_DEEDS = {
    Mishap.DELETED: Deed.DELETE,
    Mishap.ERASED: Deed.ERASE,
    Mishap.SUSPENDED: Deed.SUSPEND,
    Mishap.RESTARTED: Deed.RESTART,
}


def _is_own(stranger: Stranger) -> bool:
    """Whether a person who reads who submitted it says yes to it."""
    return stranger.observation.origin.owner == OWNERS["batch"]


def _is_settled(snapshot: Snapshot) -> bool:
    ended = all(job.state.value in ("succeeded", "failed") for job in snapshot.jobs)
    return ended and not any(job.next_retry_at for job in snapshot.jobs) and not snapshot.in_flight
