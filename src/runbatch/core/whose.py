"""Whose a workload is that has the name of one of the batch's jobs: what it says of itself decides.

The ledger's own mark makes a workload the batch's. So does a submit that the ledger called for it,
unless what the workload says contradicts that: another batch, another person, another ledger. All
others are strangers, and only a person's yes makes one of them the batch's.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from runbatch.core import identity
from runbatch.core.attempt import Attempt, Observation, Origin
from runbatch.core.errors import Unreachable
from runbatch.core.job import Job, View

NOT_OURS = "this ledger did not submit it"


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

    `against` is what it says that contradicts a person's claim to it, None where nothing does: so
    it is where the same person lost the ledger that submitted it.
    """

    key: str
    observation: Observation
    against: str | None

    @property
    def description(self) -> str:
        """Return what people are to know of it."""
        origin = self.observation.origin
        whose = f" of {origin.owner}" if origin.owner is not None else ""
        which = "another ledger submitted it" if origin.batch else NOT_OURS
        return f"a workload{whose} ({self.observation.word}): {self.against or which}"

    @property
    def taker(self) -> str:
        """Return by what the name is taken, and what a person can do."""
        if_not = "Choose another prefix, or delete that workload."
        return f'{self.description}. If it is yours, "runbatch submit" without --yes asks. {if_not}'


@dataclass(frozen=True, slots=True)
class People:
    """Who submits the batch's workloads, as far as is known, in small letters.

    `owners` are known to have done so. `login` is all that the cluster says of who is logged in
    now, None while it cannot be asked. Its form is not known.
    """

    owners: frozenset[str] = frozenset()
    login: str | None = ""

    def can_tell(self, owner: str) -> bool:
        """Whether they are known by names of this form; a login `Ann Smith` tells no `ann@lab`."""
        login = self.login or ""
        return bool(self.owners) or (bool(login) and ("@" in owner) == ("@" in login))

    def know(self, owner: str) -> bool:
        """Whether this owner is one of them. Ann is named in `user: ann`, not in `joann@lab`."""
        name = owner.casefold()
        words = rf"(?<![\w.@+-]){re.escape(name)}(?!\.?[\w@+-])"
        return name in self.owners or re.search(words, self.login or "") is not None


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
    login: str | None = "",
) -> Sorted:
    """Return which of the workloads that have names of the batch's jobs are the batch's.

    Raises Unreachable if only who is logged in could tell, and that cannot be asked now.
    """
    people = People(owners_of(view.attempts), login.casefold() if login is not None else None)
    ours: dict[str, list[Observation]] = {}
    agreed: set[str] = set()
    strangers: list[Stranger] = []
    for key, observations in named.items():
        job = view.job(key)
        for each in observations:
            is_ours = _is_ours(job, each, prefix, claims, people)
            if is_ours or each.uid in claims.agreed:
                ours.setdefault(key, []).append(each)
                agreed |= set() if is_ours else {each.uid}
            else:
                strangers.append(Stranger(key, each, _against(job, each, prefix, people)))
    return Sorted(ours, frozenset(agreed), tuple(strangers))


def _is_ours(job: Job, seen: Observation, prefix: str, claims: Claims, people: People) -> bool:
    """Whether the workload is known, bears the mark, or is what one of our submits made."""
    if is_marked(seen.origin, claims.batch_id) or identity.is_known(job, seen):
        return True
    if not identity.may_be_known(job, seen) or contradiction(seen.origin, prefix, job.key, people):
        return False
    if seen.origin.owner is not None and people.login is None and not people.owners:
        raise Unreachable(f"{seen.name} is there; who is logged in cannot be told now.")
    return True


def is_marked(origin: Origin, batch_id: str | None) -> bool:
    """Whether a workload bears the mark of this ledger."""
    return origin.batch is not None and origin.batch == batch_id


def contradiction(origin: Origin, prefix: str, key: str, people: People) -> str | None:
    """Return why our submit did not make a workload without our mark, None if nothing says so."""
    if other := another_batch(origin, prefix, key):
        return other
    owner = origin.owner
    if owner is not None and people.can_tell(owner) and not people.know(owner):
        return "another person submitted it"
    return "another ledger submitted it" if origin.batch is not None else None


def _against(job: Job, seen: Observation, prefix: str, people: People) -> str | None:
    """Return what contradicts a person's claim to a stranger's workload.

    Another ledger's mark does not: the person may have lost that ledger.
    """
    unmarked = replace(seen.origin, batch=None)
    if found := contradiction(unmarked, prefix, job.key, people):
        return found
    is_known = unmarked.owner is None or people.can_tell(unmarked.owner)
    return None if is_known else "whether that is you cannot be told"


def another_batch(origin: Origin, prefix: str, key: str) -> str | None:
    """Return what a workload says of the other batch that it is of, None if it names none."""
    if origin.prefix in (None, prefix) and origin.key in (None, key):
        return None
    return f"it says that it is job {origin.key or key} of the batch {origin.prefix or prefix}"


def owners_of(attempts: Iterable[Attempt]) -> frozenset[str]:
    """Return the people who submitted the batch's own workloads, as far as the cluster tells."""
    owners = (each.origin.owner for each in attempts if not each.agreed)
    return frozenset(owner.casefold() for owner in owners if owner is not None)
