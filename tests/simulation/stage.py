"""Time and turns: parts of a play that run one at a time, each until it waits, in seeded order."""

import heapq
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count

from greenlet import GreenletExit, getcurrent, greenlet


@dataclass
class Stage:
    """A single thread on which processes, people and the network take turns.

    Whoever plays calls `pause` to let time pass; the next one due goes on. `moved` is told how many
    seconds have passed.
    """

    moved: Callable[[float], None]
    now_s: float = 0.0
    _agenda: list[tuple[float, int, Callable[[], object]]] = field(default_factory=list)
    _order: Iterator[int] = field(default_factory=count)
    _parts: list[greenlet] = field(default_factory=list)

    def at(self, at_s: float, deed: Callable[[], object]) -> None:
        """Have something done at a second, or now if that has passed."""
        heapq.heappush(self._agenda, (max(at_s, self.now_s), next(self._order), deed))

    def play(self, part: Callable[[], None], at_s: float) -> None:
        """Begin a part that may pause."""
        player = greenlet(part)
        self._parts.append(player)
        self.at(at_s, player.switch)

    def pause(self, seconds: float) -> None:
        """Let others play for so long."""
        player = getcurrent()
        self.at(self.now_s + seconds, player.switch)
        if player.parent is not None:
            player.parent.switch()

    def run(self, until_s: float, is_over: Callable[[], bool]) -> None:
        """Play until it is over, or until a second."""
        while self._agenda and self._agenda[0][0] <= until_s and not is_over():
            at_s, _, deed = heapq.heappop(self._agenda)
            if at_s > self.now_s:
                self.moved(at_s - self.now_s)
                self.now_s = at_s
            deed()

    def clear(self) -> None:
        """Send everybody home in the middle of what they do."""
        for player in self._parts:
            player.throw(GreenletExit)


@dataclass
class WallClock:
    """The clock of the machine: the stage's time, but for what somebody set it forward or back."""

    stage: Stage
    start: datetime
    forward_s: float = 0.0
    back_s: float = 0.0

    def now(self) -> datetime:
        """Return what the clock shows."""
        shown_s = self.stage.now_s + self.forward_s - self.back_s
        return self.start + timedelta(seconds=shown_s)

    def jump(self, seconds: float) -> None:
        """Set the clock forward, or with a negative number back."""
        if seconds > 0:
            self.forward_s += seconds
        else:
            self.back_s -= seconds


def utc(unix_s: float) -> datetime:
    """Return a Unix time as an aware datetime."""
    return datetime.fromtimestamp(unix_s, UTC)
