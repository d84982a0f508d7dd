"""What people should know of success that is of another folder, or of another definition."""

from collections.abc import Iterator

from runbatch.ledger.uses import EarlierUse
from runbatch.views.text import plural, printable
from runbatch.views.totals import Totals

_MOST_NAMED = 6


def elsewhere_lines(earlier: EarlierUse) -> Iterator[str]:
    """Yield a sentence on the jobs that succeeded from each other folder."""
    for folder, count in earlier.elsewhere.items():
        jobs = plural(count, "job")
        yield f"{jobs} of this prefix succeeded from {printable(folder)}; not started again."


def changed_lines(earlier: EarlierUse) -> Iterator[str]:
    """Yield a sentence on the jobs that succeeded as another definition, if any did."""
    if earlier.with_others:
        names = ", ".join(map(printable, earlier.changed[:_MOST_NAMED]))
        jobs = plural(earlier.with_others, "job")
        yield f"{jobs} succeeded before {names} changed; not started again unless --rerun says so."


def elsewhere_line(earlier: EarlierUse, totals: Totals, jobs: int) -> str | None:
    """Return how many jobs ran now, where others had succeeded from another folder."""
    if not earlier.elsewhere:
        return None
    ran = totals.as_json()["submitted"]
    before = sum(earlier.elsewhere.values())
    folders = ", ".join(map(printable, earlier.elsewhere))
    return f"{ran} of {jobs} ran now; {before} succeeded before, from {folders}."
