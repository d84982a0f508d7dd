"""Names: from a job's key to its workload's name and back, and to a name that a disk accepts."""

import hashlib
import re
from collections.abc import Collection
from urllib.parse import quote, unquote

from runbatch.core.attempt import Attempt
from runbatch.core.errors import BatchError
from runbatch.core.reference import Ref

# Kubernetes takes 63, but over 50 failed in some clusters, and pods append suffixes.
LONGEST_NAME = 50
PREFIX = re.compile(r"[a-z](?:[-a-z0-9]*[a-z0-9])?")
_INTEGER = re.compile(r"0|[1-9][0-9]*")
_LONGEST_FILE_NAME = 120


def workload_name(prefix: str, key: str) -> str:
    """Return the name of the job's workload, the same for each attempt."""
    return f"{prefix}-{key}"


def ref_of(attempt: Attempt, prefix: str) -> Ref:
    """Return what names the attempt's workload to the cluster."""
    return Ref(workload_name(prefix, attempt.key), attempt.uid or "")


def attempt_name(workload: str, number: int) -> str:
    """Return what people read of an attempt: the workload's name, from the second on `(attempt n)`.

    The name is the same for each attempt, and most jobs have only one.
    """
    return workload if number == 1 else f"{workload} (attempt {number})"


def key_of(name: str, prefix: str, *, integers: bool, known: Collection[str]) -> str | None:
    """Return the key of the batch's job that bears this name, or None if it is not the batch's.

    With integer keys any whole number is the batch's (`gwas-370`), and nothing else (`gwas-2-37` is
    the batch gwas-2's); with other keys, only one that is `known`.
    """
    if not name.startswith(f"{prefix}-"):
        return None
    key = name[len(prefix) + 1 :]
    return key if key in known or (integers and is_integer(key)) else None


def is_integer(key: str) -> bool:
    """Whether the key is a whole number, written plainly."""
    return _INTEGER.fullmatch(key) is not None


def check_prefix(prefix: str) -> None:
    """Raise BatchError unless the prefix can begin a workload's name."""
    if not PREFIX.fullmatch(prefix):
        problem = "write lower-case letters, digits and dashes, a letter first and no dash last."
        raise BatchError(f"prefix = {prefix!r}", problem)


def check_name(prefix: str, key: str) -> None:
    """Raise BatchError unless the job's workload can have its name."""
    name = workload_name(prefix, key)
    if not key:
        raise BatchError(f"[jobs] key {key!r}", "a key needs at least one character.")
    if len(name) > LONGEST_NAME:
        problem = f"the name {name!r} has {len(name)} characters, {LONGEST_NAME} are allowed."
        raise BatchError(f"[jobs] key {key!r}", f"{problem} Shorten the prefix or the key.")


def file_name(text: str) -> str:
    """Return a file name for any text: readable, never a path, and no two texts share one."""
    quoted = quote(text, safe="").replace(".", "%2E")
    if len(quoted) <= _LONGEST_FILE_NAME:
        return quoted
    return f"{quoted[:80]}={hashlib.sha256(text.encode()).hexdigest()[:32]}"


def text_of_file_name(name: str) -> str | None:
    """Return the text that `file_name` made this of; None if that cannot be told any more."""
    text = unquote(name)
    return text if file_name(text) == name else None
