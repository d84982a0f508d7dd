"""`kill -9` of a command, of the call that it is making, or of both; and what that hit."""

import random
import subprocess
import time
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from enum import Enum, auto

import psutil
from tests.kills.scene import CAP, SCRIPT, Doing, Scene

# So many are not left to chance alone, but wait for a submit or a delete to begin.
AMBUSHES = 0.5
LONGEST_AMBUSH_S = 1.5
# A call that is killed may leave its job in doubt for minutes; the others need slots too.
MOST_LOST = CAP - 3


class Aim(Enum):
    """Who is killed."""

    COMMAND = auto()
    BOTH = auto()
    CALL = auto()


@dataclass
class Toll:
    """What the kills hit, and how much was done in spite of them."""

    kills: int = 0
    of_calls_alone: int = 0
    under_way: Counter[str] = field(default_factory=Counter)
    batches: int = 0
    runs: int = 0
    in_doubt: int = 0

    def __str__(self) -> str:
        return (
            f"{self.kills} kills ({self.of_calls_alone} of a call alone), while a submit was "
            f"under way: {self.under_way['submit']}, a delete: {self.under_way['delete']}; "
            f"{self.batches} batches, {self.batches * len(SCRIPT)} jobs ran {self.runs} times; "
            f"in doubt, with their slot held: {self.in_doubt}"
        )


@dataclass
class Killer:
    """Who kills in one batch; `lost` counts the submits and deletes whose call was killed."""

    scene: Scene
    chance: random.Random
    toll: Toll
    lost: int = 0

    def strike(self, process: subprocess.Popen[str]) -> bool:
        """Kill the command, the call that it is making, or both; return whether it may go on.

        All are frozen first: what was under way is then a fact, and no guess.
        """
        if self.chance.random() < AMBUSHES:
            self._lie_in_wait(process)
        if process.poll() is not None:
            return False
        command = psutil.Process(process.pid)
        doing = self._freeze(command)
        aim = self.chance.choice(tuple(Aim))
        spares_calls = doing.verb is not None and self.lost >= MOST_LOST
        calls = [] if aim is Aim.COMMAND or spares_calls else [*doing.calls]
        victims = calls if calls and aim is Aim.CALL else [command, *calls]
        for each in (command, *doing.calls):
            with suppress(psutil.NoSuchProcess):
                each.kill() if each in victims else each.resume()
        self.lost += doing.verb is not None and bool(calls)
        self.toll.kills += 1
        self.toll.of_calls_alone += command not in victims
        self.toll.under_way[doing.verb or "neither"] += 1
        return command not in victims

    def _lie_in_wait(self, process: subprocess.Popen[str]) -> None:
        """Return when the command has begun a submit or a delete, has ended, or time is up."""
        deadline = time.monotonic() + LONGEST_AMBUSH_S
        command = psutil.Process(process.pid)
        while process.poll() is None and time.monotonic() < deadline:
            with suppress(psutil.Error):
                if self.scene.doing_of(command).verb is not None:
                    return
            time.sleep(0.001)

    def _freeze(self, command: psutil.Process) -> Doing:
        """Stop the command and then the programs it waits for; return what they are doing."""
        command.suspend()
        while command.status() not in (psutil.STATUS_STOPPED, psutil.STATUS_ZOMBIE):
            time.sleep(0.001)
        doing = self.scene.doing_of(command)
        for each in doing.calls:
            with suppress(psutil.NoSuchProcess):
                each.suspend()
        return doing
