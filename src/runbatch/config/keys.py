"""The KEYS that a person names on the command line: `37`, `37,50`, `40-60`, or a key as it is."""

import re
from collections.abc import Iterable, Iterator

from runbatch.core.batch import MOST_JOBS, Batch
from runbatch.core.errors import BatchError

_RANGE = re.compile(r"([0-9]{1,9})-([0-9]{1,9})")


def parse_keys(words: Iterable[str], batch: Batch) -> frozenset[str]:
    """Return the keys of the batch that the words name; raise BatchError for any other."""
    known = frozenset(batch.keys)
    return frozenset(key for word in words for key in _keys_of(word, known))


def _keys_of(word: str, known: frozenset[str]) -> Iterator[str]:
    """Yield the keys of one word; one that is a key itself is taken as that."""
    if word in known:
        yield word
        return
    for part in word.split(","):
        yield from _keys_of_part(part.strip(), known)


def _keys_of_part(part: str, known: frozenset[str]) -> Iterator[str]:
    match = _RANGE.fullmatch(part)
    if part in known or match is None:
        named = [part]
    else:
        first, last = int(match[1]), int(match[2])
        if not 0 <= last - first < MOST_JOBS:
            raise BatchError(f"KEYS {part!r}", "write the lower key first, like 40-60.")
        named = [str(key) for key in range(first, last + 1)]
    for key in named:
        if key not in known:
            problem = f"the batch has no job {key!r}; KEYS are written 37, 37,50 or 40-60."
            raise BatchError(f"KEYS {part!r}", problem)
        yield key
