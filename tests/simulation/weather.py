"""What a seed decides: the batch, the cluster, and which faults are about, how often."""

import random
from dataclasses import dataclass, field, replace
from enum import StrEnum

from tests.runai_standin import Chatter, Delays, Fault, Others, Settings, Switches, Trouble

from runbatch.core.batch import Batch, ClusterChoice, Mount, Run, range_of

PROJECT = "talmo-lab"
PREFIX = "gwas"
FIRST_KEY = 2
# Other people's, some of whose names look like ours: other batches, and what is no job's key.
OTHERS_NAMES = ("mchen-notebook-{n}", "gwas-2-{n}", "gwas-{n}-test", "xgwas-{n}", "gwas-x{n}")


class Mishap(StrEnum):
    """What goes wrong outside the cluster: on the way to it, on the machine, or by people."""

    NEVER_SENT = "a call fails on the way there"
    ANSWER_LOST = "a call takes effect, its answer is lost"
    HANGS = "a call hangs to its limit, without effect"
    HANGS_DONE = "a call takes effect and hangs to its limit"
    LATE = "a call takes effect after it was given up"
    SLOW = "an answer takes its time"
    KILLED = "the process is killed"
    OUTAGE = "nothing is reached for a while"
    DISK_FULL = "the disk is full"
    CLOCK_FORWARD = "the clock is set forward"
    CLOCK_BACK = "the clock is set back"
    BESIDE = "two processes work on the batch"
    NARROWED = "a process works on a part of the batch"
    DELETED = "a person deletes a workload"
    ERASED = "a workload is gone at once"
    EMPTIED = "a person deletes every workload of the batch"
    SUSPENDED = "a person stops a workload"
    RESUMED = "a person resumes a workload"
    RESTARTED = "the cluster starts an ended workload again"
    BY_HAND = "a person starts a job by hand"
    NO_EXIT_CODE = "no exit code is told"
    BAD_ANSWER = "logs, describe or kubectl answers badly"
    CLEARED = "a person deletes what has ended, with the tool"
    CUT_OFF = "a person deletes every workload, with the tool"
    COLLEAGUE = "a colleague's workload takes the name of a job"
    REBOOTED = "the machine restarts: every process and all that runs is gone"
    NAMED = "a person names jobs to be run again, and once more after a kill"


# A new workload may stay unlisted for so long.
LONGEST_LAG_S = 60
# For each trouble of the cluster: its highest rate, and the most seconds it lasts.
TROUBLES: dict[Trouble, tuple[float, float]] = {
    Trouble.NOT_LOGGED_IN: (0.05, 0),
    Trouble.LOGIN_EXPIRED: (0.05, 0),
    Trouble.DNS_FAILURE: (0.1, 0),
    Trouble.BUSY: (0.2, 0),
    Trouble.POLICY_REFUSAL: (0.2, 0),
    Trouble.NAME_CONFLICT: (0.2, 0),
    Trouble.LOST_ANSWER: (0.6, 0),
    Trouble.CONFLICT_WITH_ITSELF: (0.4, 0),
    Trouble.FALSE_REFUSAL: (0.4, 0),
    Trouble.IDLE_DELETE: (1.0, 0),
    Trouble.NO_EFFECT: (0.2, 0),
    Trouble.EMPTY_LIST: (0.2, 0),
    Trouble.CUT_LIST: (0.2, 0),
    Trouble.STALE_LIST: (0.6, 90),
    Trouble.LIST_LAG: (1.0, LONGEST_LAG_S),
    Trouble.ODD_PHASE: (0.1, 0),
    Trouble.NO_LOGS: (0.9, 0),
    Trouble.OTHER_ID: (0.2, 0),
    Trouble.NO_ID: (0.2, 0),
    Trouble.TWO_IDS: (0.2, 0),
    Trouble.SLOW_DELETE: (0.5, 300),
    Trouble.STUCK_DELETE: (0.1, 0),
    Trouble.STUCK_PENDING: (0.1, 0),
    Trouble.STUCK_INITIALIZING: (0.1, 0),
    Trouble.MOUNT_RACE: (0.5, 0),
    Trouble.PREEMPTION: (0.3, 0),
    Trouble.STOPPED: (0.1, 0),
    Trouble.DEGRADED: (0.3, 120),
}
# A workload is evicted for good: drawn last, see `weather_of`.
EVICTION_RATE = 0.4
ODD_WORDS = ("Frozen", "Phase_9", "", "succeeded?", "Unknown", "Deleting", "42")
# How a server says no to a submit, whether or not it has done it.
REFUSALS = (
    "403 Forbidden: insufficient permissions",
    "The workload request does not comply with the policy set by the administrator",
    "project 'talmo-lab' was not found",
    "The length of a workload name must not exceed 63 characters",
    'failed to create workload: invalid reference "lab/gwas:1"',
)
TEXTS = {Trouble.ODD_PHASE: ODD_WORDS, Trouble.FALSE_REFUSAL: REFUSALS}
HIGHEST_RATES: dict[Mishap, float] = {
    Mishap.NEVER_SENT: 0.1,
    Mishap.ANSWER_LOST: 0.1,
    Mishap.HANGS: 0.05,
    Mishap.HANGS_DONE: 0.05,
    Mishap.LATE: 0.1,
    Mishap.SLOW: 0.2,
    Mishap.KILLED: 0.05,
    Mishap.NO_EXIT_CODE: 1.0,
}
# In every history so many of the answers of `logs`, `describe` and `kubectl` are bad.
BAD_ANSWERS_RATE = 0.2
# So many of these in a history, at most.
MOST_DEEDS = {
    Mishap.OUTAGE: 2,
    Mishap.DISK_FULL: 2,
    Mishap.CLOCK_FORWARD: 2,
    Mishap.CLOCK_BACK: 2,
    Mishap.DELETED: 3,
    Mishap.ERASED: 3,
    Mishap.EMPTIED: 1,
    Mishap.SUSPENDED: 3,
    Mishap.RESTARTED: 4,
    Mishap.BY_HAND: 3,
}
MOST_COLLEAGUES = {Mishap.COLLEAGUE: 3}
MOST_REBOOTS = {Mishap.REBOOTED: 2}
SHARE_OF_KINDS = 0.3
# With a list that is behind, and a new workload that is not listed yet: shorter than the doubt
# of an empty list. Past that it is believed, and no tool can tell.
LONGEST_BLACKOUT_S = 360
DELAYS = Delays(
    creating=(1, 3),
    pending=(1, 20),
    initializing=(2, 20),
    running=(20, 150),
    mount_failure=(2, 8),
    deleting=(2, 40),
    preempted=(5, 30),
)


@dataclass(frozen=True, slots=True)
class Weather:
    """All that is settled before a history begins."""

    seed: int
    batch: Batch
    settings: Settings
    switches: Switches
    clears_s: float  # faults stop
    rates: dict[Mishap, float] = field(default_factory=dict)
    deeds: tuple[tuple[float, Mishap], ...] = ()
    is_shared: bool = False  # two processes at once


def weather_of(seed: int) -> Weather:
    """Return what this seed decides."""
    dice = random.Random(seed)
    clears_s = dice.uniform(200, 720)
    batch = _batch(dice)
    weather = Weather(
        seed=seed,
        batch=batch,
        settings=_settings(seed, dice),
        switches=_switches(dice, clears_s),
        clears_s=clears_s,
        rates=_some(dice, HIGHEST_RATES),
        deeds=tuple(_deeds(dice, clears_s, MOST_DEEDS)),
        is_shared=dice.random() < 0.5,
    )
    # New draws come last, so that a seed stays the history that it was.
    colleagues = _deeds(dice, clears_s, MOST_COLLEAGUES)
    deeds = (*weather.deeds, *colleagues, *_deeds(dice, clears_s, MOST_REBOOTS))
    switches = weather.switches
    if dice.random() < SHARE_OF_KINDS:
        eviction = Fault(Trouble.EVICTION, rate=EVICTION_RATE * dice.random(), until_s=clears_s)
        switches = replace(switches, faults=(*switches.faults, eviction))
    return replace(weather, deeds=tuple(sorted(deeds)), switches=switches)


def _batch(dice: random.Random) -> Batch:
    jobs = dice.randint(2, 5)
    kind = dice.choice(["workspace", "training"])
    return Batch(
        prefix=PREFIX,
        keys=range_of(FIRST_KEY, FIRST_KEY + jobs - 1),
        integer_keys=True,
        variable="TRAIT_INDEX",
        cap=dice.randint(1, 4),
        cluster=ClusterChoice(kind="runai", project=PROJECT, workload=kind),
        run=Run(
            command=("run",),
            image="lab/gwas:1",
            mounts=(Mount("/hpi/data", "/data"),),
            guard=dice.random() < 0.5,
        ),
    )


def _settings(seed: int, dice: random.Random) -> Settings:
    return Settings(
        seed=seed,
        generation=dice.choice(["2.18", "2.22", "2.25", "3.0"]),
        slots=dice.choice([1, 16]),
        nodes=3,
        delays=DELAYS,
        outcome_rates={1: 0.1, 2: dice.choice([0.1, 0.5]), 137: 0.05, 3: 0.05},
        others=Others(
            running=dice.choice([0, 1, 3]),
            per_hour=dice.choice([0, 6]),
            duration_s=(60, 600),
            names=OTHERS_NAMES,
        ),
    )


def _switches(dice: random.Random, clears_s: float) -> Switches:
    faults = []
    for trouble, (rate, seconds) in TROUBLES.items():
        if dice.random() < SHARE_OF_KINDS:
            fault = Fault(
                trouble,
                rate=rate * dice.random(),
                until_s=clears_s,
                seconds=round(seconds * dice.random(), 3),
                text=dice.choice(TEXTS.get(trouble, ("",))),
            )
            faults.append(fault)
            if trouble is Trouble.FALSE_REFUSAL:
                # With a list that is never late, the next look would tell that it was none.
                faults.append(Fault(Trouble.LIST_LAG, until_s=clears_s, seconds=LONGEST_LAG_S))
    if dice.random() < SHARE_OF_KINDS:
        faults.append(_blackout(dice, clears_s))
    return Switches(
        faults=tuple(faults),
        chatter=dice.choice(list(Chatter)),
        list_environment=dice.random() < 0.5,
        newest_first=dice.random() < 0.5,
        backoff_honoured=dice.random() < 0.9,
    )


def _blackout(dice: random.Random, clears_s: float) -> Fault:
    """Return a time in which every list is empty, as where the VPN has dropped."""
    from_s = dice.uniform(0, clears_s)
    until_s = min(clears_s, from_s + dice.uniform(0, LONGEST_BLACKOUT_S))
    return Fault(Trouble.EMPTY_LIST, from_s=from_s, until_s=until_s)


def _some(dice: random.Random, highest: dict[Mishap, float]) -> dict[Mishap, float]:
    return {
        mishap: rate * dice.random()
        for mishap, rate in highest.items()
        if dice.random() < SHARE_OF_KINDS
    }


def _deeds(
    dice: random.Random, clears_s: float, most_deeds: dict[Mishap, int]
) -> list[tuple[float, Mishap]]:
    return sorted(
        (dice.uniform(0, clears_s), mishap)
        for mishap, most in most_deeds.items()
        if dice.random() < SHARE_OF_KINDS
        for _ in range(dice.randint(1, most))
    )
