"""Hypothesis strategies: any mix of attempts that a ledger may hold, and any listing upon it.

Each job's history is drawn from a pool of all that can be, so that an example costs few draws.
"""

import itertools
from collections.abc import Iterator
from dataclasses import replace

from hypothesis import strategies as st
from tests.unit.core.values import (
    BROKEN,
    CONFIGURATION,
    DONE,
    MOUNT,
    PHASES,
    accepted,
    at,
    called,
    denied,
    failed,
    listed,
    listing,
    refused,
    reserved,
    reserved_after,
    succeeded,
    vanished,
    view,
)

from runbatch.core.attempt import Attempt, Listing, Observation
from runbatch.core.job import View
from runbatch.core.stage import Stage
from runbatch.core.wish import Wish

KEYS = ("2", "3", "4", "370")
MISSED = range(4)
times = st.integers(-100, 400)


def _listed_once(key: str, number: int) -> Iterator[Attempt]:
    """Every attempt that a listing once showed: running, leaving, ended, missing or gone."""
    for missed in MISSED:
        for phase in PHASES:
            if not phase.ended:
                yield listed(key, phase, number, missed=missed)
        yield listed(key, number=number, missed=missed, outcome=DONE)
        for asked in (None, at(0), at(100)):
            for outcome in (MOUNT, BROKEN, CONFIGURATION, None):
                yield failed(key, number, 50, outcome, missed=missed, delete_asked_at=asked)
            yield succeeded(key, number, 50, missed=missed, delete_asked_at=asked)
            leaving = failed(key, number, 50, missed=missed, delete_asked_at=asked)
            yield replace(leaving, seen_stage=Stage.LEAVING)
    yield vanished(key, number, 200)


def _newest(key: str, number: int) -> Iterator[Attempt]:
    """Every attempt that can be a job's newest but a slot that waits for its name."""
    yield from _listed_once(key, number)
    yield refused(key, number)
    for missed in MISSED:
        yield called(key, number, missed=missed)
        yield denied(key, number, missed=missed)
        yield accepted(key, number, missed=missed)
        yield accepted(key, number, missed=missed, uid=None)


def _histories(key: str) -> Iterator[tuple[Attempt, ...]]:
    """Every life of a job: each attempt but the newest has ended or vanished and is gone.

    Where the newest one has no workload yet, the one before it may be anything that was listed.
    """
    yield ()
    yield (reserved(key),)
    for before in ((), (failed(key, missed=3),), (vanished(key), failed(key, 2, missed=3))):
        number = len(before) + 1
        yield from ((*before, last) for last in _newest(key, number))
        for last in _listed_once(key, number):
            yield (*before, last, reserved_after(last))
            yield (*before, last, reserved_after(last, follows=at(-1)))
            yield (*before, last, called(key, number + 1, missed=3))
            yield (*before, last, called(key, number + 1, missed=3, follows=last.ended_at))


_POOLS = {key: list(_histories(key)) for key in KEYS}


@st.composite
def views(draw: st.DrawFn) -> View:
    rows_seen = draw(st.sampled_from([None, 0, -700]))
    drawn = [draw(st.sampled_from(_POOLS[key])) for key in KEYS]
    return view(*itertools.chain.from_iterable(drawn), rows_seen=rows_seen)


@st.composite
def wishes(draw: st.DrawFn, known: View) -> Wish:
    turns = [job.last.turn for job in known.jobs.values() if job.last]
    some = st.frozensets(st.sampled_from(turns)) if turns else st.just(frozenset())
    start, retry, wait = (draw(st.booleans()) for _ in range(3))
    return Wish(start=start, retry=retry, wait=wait, stale=draw(some), rerun=draw(some))


_SHOWN = {
    key: [
        None,
        *(
            Observation(name=f"gwas-{key}", uid=uid, stage=phase)
            for uid in (f"{key}.1", f"{key}.2", f"{key}.3", "theirs")
            for phase in PHASES
        ),
    ]
    for key in KEYS
}


@st.composite
def listings(draw: st.DrawFn) -> Listing:
    """A listing: for each key nothing, or one workload, of a known uid or another."""
    shown = [draw(st.sampled_from(_SHOWN[key])) for key in KEYS]
    return listing(*(each for each in shown if each), others=draw(st.integers(0, 1)))
