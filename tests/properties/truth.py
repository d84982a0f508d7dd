"""A pretend cluster: what is really there, and what it may leave out of a listing.

It lies only as far as a cluster may (see `Patience`): a new workload may be unlisted for a while,
one that was listed may be missing from two listings in a row, and nobody else's end is known.
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import count

from tests.unit.core.values import PATIENCE, listing

from runbatch.core.attempt import Evidence, Listing, Observation
from runbatch.core.stage import Stage

MARKER = "INFRASTRUCTURE MOUNT FAILURE: /data is not a mount point"
UNLISTED_AT_FIRST = timedelta(seconds=PATIENCE.grace_s - 10)
MOST_OMISSIONS = PATIENCE.agreeing_listings - 1


@dataclass
class TrueWorkload:
    """One workload. `is_known` is False from when it came to life by itself until it is listed."""

    key: str
    uid: str
    number: int
    made_at: datetime
    stage: Stage = Stage.QUEUED
    ended_at: datetime | None = None
    exit_code: int | None = None
    is_known: bool = True
    was_listed: bool = False
    omitted: int = 0

    def may_be_omitted(self, now: datetime) -> bool:
        if self.was_listed:
            return self.omitted < MOST_OMISSIONS
        return now - self.made_at < UNLISTED_AT_FIRST


@dataclass
class Truth:
    """The workloads there are, by key: no two share a name."""

    live: dict[str, TrueWorkload] = field(default_factory=dict)
    uids: Iterator[int] = field(default_factory=count)

    def make(self, key: str, number: int, now: datetime, *, by_us: bool) -> TrueWorkload:
        uid = f"uid-{next(self.uids)}"
        self.live[key] = TrueWorkload(key, uid, number, now, is_known=by_us)
        return self.live[key]

    def find(self, uid: str | None) -> TrueWorkload | None:
        return next((each for each in self.live.values() if each.uid == uid), None)

    @property
    def running(self) -> list[TrueWorkload]:
        return [each for each in self.live.values() if each.ended_at is None]

    @property
    def ended(self) -> list[TrueWorkload]:
        return [each for each in self.live.values() if each.ended_at is not None]

    def end(self, workload: TrueWorkload, exit_code: int, now: datetime) -> None:
        workload.stage = Stage.FAILED if exit_code else Stage.SUCCEEDED
        workload.exit_code = exit_code
        workload.ended_at = now

    def wake(self, workload: TrueWorkload) -> None:
        """The cluster starts an ended workload again, by itself."""
        workload.stage, workload.ended_at, workload.exit_code = Stage.RUNNING, None, None
        workload.is_known = False

    def listing(self, omitted: Collection[str], now: datetime, *, tells_ends: bool) -> Listing:
        """What is listed now, without those of these keys that may be left out."""
        shown = []
        for each in self.live.values():
            if each.key in omitted and each.may_be_omitted(now):
                each.omitted += 1
                continue
            each.omitted, each.was_listed, each.is_known = 0, True, True
            shown.append(observation_of(each, tells_ends=tells_ends))
        return listing(*shown)

    @property
    def surely_in_flight(self) -> set[str]:
        """The keys that are at work, but for those that came to life unseen."""
        return {each.key for each in self.running if each.is_known}


def observation_of(workload: TrueWorkload, *, tells_ends: bool) -> Observation:
    return Observation(
        name=f"gwas-{workload.key}",
        uid=workload.uid,
        stage=workload.stage,
        number=workload.number if tells_ends else None,
        ended_at=workload.ended_at if tells_ends else None,
    )


def evidence_of(workload: TrueWorkload | None, *, tells_codes: bool, has_log: bool) -> Evidence:
    """What the cluster tells of it: an exit code, or only what the log of a mount failure says."""
    if workload is None:
        return Evidence()
    is_mount = workload.exit_code == 2
    return Evidence(
        exit_code=workload.exit_code if tells_codes else None,
        marker=MARKER if is_mount and has_log else None,
    )
