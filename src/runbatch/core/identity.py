"""Which of a job's attempts a listed workload is.

A listing may show a workload under another id for a moment, without one, or twice. What else it
shows of it decides then: when it was created, by the cluster's own clock, and its attempt's number.
Where names are unique, two of one name that were created in the same second are one. Where they are
not, a batch queue may create two at once: there each id of the cluster's own is another workload.
"""

from collections.abc import Iterable
from dataclasses import replace

from runbatch.core.attempt import Attempt, Observation
from runbatch.core.job import Job

# What begins so stands in for the id of a workload that was listed without one.
NO_ID = "created "
# And so the id of one that is listed without a time of its creation too.
NOTHING = f"{NO_ID}None"


def is_own_id(uid: str | None) -> bool:
    """Whether this is the cluster's own id of a workload, and not what stands in for one."""
    return bool(uid) and not str(uid).startswith(NO_ID)


def is_same_id(one: str | None, other: str | None) -> bool:
    """Whether both are one id: capitals and blanks around it tell no two workloads apart."""
    return one is not None and other is not None and _plain(one) == _plain(other)


def _plain(uid: str) -> str:
    return uid.strip().lower()


def sort_out(
    job: Job, rows: Iterable[Observation]
) -> tuple[dict[tuple[str, int], Observation], list[Observation]]:
    """Return the row of each attempt that is listed, and the rows that none of them can be.

    A row that shows an attempt under its own id outranks all others of it.
    """
    found: dict[tuple[str, int], Observation] = {}
    unknown: list[Observation] = []
    for row in rows:
        if attempt := _by_id(job, row):
            found[attempt.id] = row
        else:
            unknown.append(row)
    strangers: list[Observation] = []
    for row in sorted(unknown, key=_age):
        attempt = _by_birth(job, row) or _by_name(job, row)
        same = found.setdefault(attempt.id, row) if attempt else row
        is_another = attempt is None or not (row.uid == NOTHING or _are_one(job, same, row))
        if is_another and not any(_are_one(job, each, row) for each in strangers):
            strangers.append(row)
    return found, strangers


def is_known(job: Job, row: Observation) -> bool:
    """Whether an attempt's own id, or its time of creation, shows that the row is that attempt."""
    return _by_id(job, row) is not None or _by_birth(job, row) is not None


def may_be_known(job: Job, row: Observation) -> bool:
    """Whether the row may be an attempt that was called, with no id known on one of the sides."""
    attempt = _by_name(job, row)
    return attempt is not None and attempt.called_at is not None


def named(attempt: Attempt, row: Observation) -> Attempt:
    """Return the attempt with its id and its time of creation, as this row of it leaves them.

    The first id of the cluster's own stays, until two listings in a row show another.
    """
    created_at = row.created_at or attempt.created_at
    uid, other = attempt.uid, None
    if not is_own_id(uid):
        uid = row.uid or uid
    elif is_own_id(row.uid) and not is_same_id(row.uid, uid):
        is_agreed = is_same_id(row.uid, attempt.other_uid)
        uid, other = (row.uid, None) if is_agreed else (uid, row.uid)
    return replace(attempt, uid=uid, other_uid=other, created_at=created_at)


def _by_id(job: Job, row: Observation) -> Attempt | None:
    if row.uid == NOTHING:
        return None
    return next((each for each in job.attempts if is_same_id(each.uid, row.uid)), None)


def _by_birth(job: Job, row: Observation) -> Attempt | None:
    """Return the attempt that was created just then, and has no other number.

    Of one that nobody here submitted, the number is ours and need not be the workload's own. Where
    the cluster shows no number, the time decides alone: to take one workload for two may start a
    job twice, or delete its success.
    """
    born = (each for each in job.attempts if _was_born(job, each, row))
    return next((each for each in born if _fits(each, row)), None)


def _fits(attempt: Attempt, row: Observation) -> bool:
    return not attempt.calls or row.number in (None, attempt.number)


def _by_name(job: Job, row: Observation) -> Attempt | None:
    """Return the attempt that a row must be which neither an id nor a time tells of.

    The newest one, if no id of it is known yet. What shows neither an id nor a time is what was
    listed last: nothing says that it is new. An unknown id without a time is a new attempt, even
    where its number is known: somebody may have started the job again by hand. It holds a slot of
    its own, and never outranks one that is listed (`reconcile`).
    """
    last = job.last
    if last is None:
        return None
    if row.uid == NOTHING:
        numbered = (each for each in job.attempts if each.number == row.number)
        return next(numbered, None) or job.holder or last
    is_other = None not in (last.created_at, row.created_at) and not _is_as_old(last, row)
    return None if is_own_id(last.uid) or is_other else last


def _is_as_old(one: Attempt | Observation, row: Observation) -> bool:
    return one.created_at is not None and one.created_at == row.created_at


def _age(row: Observation) -> tuple[bool, float]:
    """Return what sorts the oldest first, and last what has no time of its creation."""
    return row.created_at is None, row.created_at.timestamp() if row.created_at else 0


def _are_one(job: Job, one: Observation, row: Observation) -> bool:
    return is_same_id(one.uid, row.uid) or _was_born(job, one, row)


def _was_born(job: Job, one: Attempt | Observation, row: Observation) -> bool:
    """Whether the time of their creation shows that both are one."""
    may_be_two = not job.names_unique and is_own_id(one.uid) and is_own_id(row.uid)
    return _is_as_old(one, row) and not may_be_two
