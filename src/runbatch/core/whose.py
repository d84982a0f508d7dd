"""Whose a workload is that has the name of one of the batch's jobs: what it says of itself decides.

The ledger's own mark makes a workload the batch's. Another's prefix, key or mark, or another owner,
speaks against that. Where neither is so, the ledger must have called a submit for it, or a person
must say yes.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from runbatch.core.attempt import Attempt, Observation, Origin
from runbatch.core.job import Job, View


@dataclass(frozen=True, slots=True)
class Claims:
    """By what a workload is the batch's, besides its name.

    `batch_id` is the mark that the ledger gives to each workload it submits; None while there is no
    ledger. `agreed` are the uids of workloads that a person said yes to.
    """

    batch_id: str | None = None
    agreed: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Stranger:
    """A workload that has the name of the batch's job `key`, and that is not the batch's.

    `against` is what speaks against it, None where nothing does. One `of_another_batch` never is
    ours, whatever a person says.
    """

    key: str
    observation: Observation
    against: str | None
    of_another_batch: bool = False

    @property
    def description(self) -> str:
        """Return what people are to know of it."""
        owner = self.observation.origin.owner
        whose = f" of {owner}" if owner is not None else ""
        why = self.against or "this ledger did not submit it"
        return f"a workload{whose} ({self.observation.phase.value}): {why}"

    @property
    def taker(self) -> str:
        """Return by what the name is taken, and what a person can do."""
        agree = "" if self.of_another_batch else ' If it is yours, "runbatch submit" asks.'
        way_out = "Choose another prefix, or delete that workload."
        return f"{self.description}. {way_out}{agree}"


@dataclass(frozen=True, slots=True)
class People:
    """Who submits the batch's workloads, as far as is known, in small letters.

    `owners` are known to have done so. `login` is what the cluster says of who is logged in now.
    """

    owners: frozenset[str]
    login: str = ""

    def may_be(self, owner: str) -> bool:
        """Whether this owner is one of them, or nothing is known of them."""
        is_known = bool(self.owners or self.login)
        return owner in self.owners or owner in self.login or not is_known


@dataclass(frozen=True, slots=True)
class Sorted:
    """The batch's own workloads, by key; those of them that only a person's yes made so; the rest.

    `agreed` holds uids.
    """

    ours: Mapping[str, Sequence[Observation]]
    agreed: frozenset[str]
    strangers: tuple[Stranger, ...]

    @property
    def taken(self) -> dict[str, str]:
        """Return by key why a name cannot be had."""
        return {each.key: each.taker for each in self.strangers}


def sort_out(
    named: Mapping[str, Sequence[Observation]],
    view: View,
    prefix: str,
    claims: Claims,
    login: str | None = None,
) -> Sorted:
    """Return which of the workloads that have names of the batch's jobs are the batch's."""
    people = People(owners_of(view.attempts), (login or "").casefold())
    ours: dict[str, list[Observation]] = {}
    agreed: set[str] = set()
    strangers: list[Stranger] = []
    for key, observations in named.items():
        job = view.job(key)
        for each in observations:
            stranger = _stranger(job, each, prefix, claims, people)
            if stranger is None or _is_agreed(stranger, claims):
                ours.setdefault(key, []).append(each)
                agreed |= {each.uid} if stranger is not None else set()
            else:
                strangers.append(stranger)
    return Sorted(ours, frozenset(agreed), tuple(strangers))


def _is_agreed(stranger: Stranger, claims: Claims) -> bool:
    return stranger.observation.uid in claims.agreed and not stranger.of_another_batch


def _stranger(
    job: Job, seen: Observation, prefix: str, claims: Claims, people: People
) -> Stranger | None:
    """Return the workload as a stranger's; None if it is the batch's."""
    if any(each.uid == seen.uid for each in job.attempts):
        return None
    if is_marked(seen.origin, claims.batch_id):
        return None
    if other := another_batch(seen.origin, prefix, job.key):
        return Stranger(job.key, seen, other, of_another_batch=True)
    against = speaks_against(seen.origin, people)
    was_called = job.last is not None and job.last.uid is None and job.last.called_at is not None
    return None if was_called and against is None else Stranger(job.key, seen, against)


def is_marked(origin: Origin, batch_id: str | None) -> bool:
    """Whether a workload bears the mark of this ledger."""
    return origin.batch is not None and origin.batch == batch_id


def another_batch(origin: Origin, prefix: str, key: str) -> str | None:
    """Return what a workload says of the other batch that it is of, None if it names none."""
    if origin.prefix in (None, prefix) and origin.key in (None, key):
        return None
    return f"it says that it is job {origin.key or key} of the batch {origin.prefix or prefix}"


def speaks_against(origin: Origin, people: People) -> str | None:
    """Return why a workload without this ledger's mark is another's, None if nothing says so."""
    if origin.owner is not None and not people.may_be(origin.owner.casefold()):
        return "another person submitted it"
    return "another ledger submitted it" if origin.batch is not None else None


def owners_of(attempts: Iterable[Attempt]) -> frozenset[str]:
    """Return the people who submitted the batch's own workloads, as far as the cluster tells."""
    owners = (each.origin.owner for each in attempts if each.calls)
    return frozenset(owner.casefold() for owner in owners if owner is not None)
