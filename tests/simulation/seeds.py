"""Many histories: played one after the other, or on all cores, and added up."""

import os
import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from tests.runai_standin import Trouble
from tests.simulation.play import Play
from tests.simulation.promises import Broken
from tests.simulation.weather import TROUBLES, Mishap, weather_of

CHUNK = 20
KINDS = (*TROUBLES, Trouble.EVICTION, *Mishap)
# Where there is one, a disk in memory: each history writes its own SQLite file.
SCRATCH = Path("/dev/shm")


@dataclass
class Tally:
    """What was played: `broken` tells, by seed, which promise was not kept."""

    seeds: int = 0
    hours: float = 0.0
    commands: int = 0
    happened: Counter[str] = field(default_factory=Counter)
    broken: dict[int, str] = field(default_factory=dict)

    def add(self, other: "Tally") -> None:
        """Add what another has counted."""
        self.seeds += other.seeds
        self.hours += other.hours
        self.commands += other.commands
        self.happened.update(other.happened)
        self.broken |= other.broken

    @property
    def never(self) -> list[str]:
        """Return the kinds of faults that did not happen once."""
        return [kind.value for kind in KINDS if not self.happened[kind.value]]


def play(seed: int) -> tuple[Tally, Sequence[tuple[float, str]]]:
    """Play one seed; return what was counted, and the lines of its history."""
    with tempfile.TemporaryDirectory(dir=SCRATCH if SCRATCH.is_dir() else None) as folder:
        history = Play(weather_of(seed), Path(folder))
        tally = Tally(seeds=1)
        try:
            history.run()
        except Broken as broken:
            tally.broken[seed] = str(broken)
        tally.hours = history.stage.now_s / 3600
        tally.commands = len(history.processes)
        tally.happened.update({str(kind): count for kind, count in history.happened.items()})
        tally.happened.update(history.store.load().tally.struck)
        return tally, history.said


def play_all(seeds: Iterable[int]) -> Tally:
    """Play these seeds here, one after the other."""
    tally = Tally()
    for seed in seeds:
        tally.add(play(seed)[0])
    return tally


def play_on_all_cores(seeds: Sequence[int]) -> Iterator[Tally]:
    """Yield the tally after each chunk of seeds, played side by side."""
    tally = Tally()
    chunks = [seeds[start : start + CHUNK] for start in range(0, len(seeds), CHUNK)]
    with ProcessPoolExecutor(os.cpu_count()) as pool:
        for done in pool.map(play_all, chunks):
            tally.add(done)
            yield tally
