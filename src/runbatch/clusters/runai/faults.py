"""What the program's complaint means: whose fault, and the way out (Run:ai facts, 6).

There is no table of exit codes; only the texts tell. A text nobody knows tells nothing: then the
outcome is unknown, and only a listing can tell. A refusal in the server's words is Denied:
such an answer has come to a submit that took effect. Rejected are only the words with which the
program itself ends while it reads its command line, before it asks the server for anything: an
unknown flag or command, a flag whose value cannot be parsed, and a required flag that is not there.
"""

import re

from runbatch.core.errors import (
    Busy,
    ClusterError,
    Denied,
    NameTaken,
    Rejected,
    Unauthorized,
    Unreachable,
)

_LOGIN = 'Log in again with "runai login"'

# In this order: a text may hold more than one of the words. Each: words, error, what to say.
_FAULTS: tuple[tuple[str, type[ClusterError], str], ...] = (
    (r"token (has|is) expired", Unauthorized, f"the login has expired. {_LOGIN}"),
    (
        (
            r"authentication failed|unauthorized|not logged in|log ?in again|please log ?in"
            r"|invalid token|invalid_grant|token is not active"
        ),
        Unauthorized,
        f"not logged in. {_LOGIN}",
    ),
    (r"already exists", NameTaken, "the name is taken: {text}"),
    (
        r"does not comply with the policy",
        Denied,
        "refused by the administrator's policy: {text} Ask what it allows, or change [run].",
    ),
    (
        r"project \S* ?(was |is )?(not found|does not exist|doesn't exist)",
        Denied,
        'no such project: {text} "runai project list" names yours.',
    ),
    (
        r"(in|not have) ?sufficient permissions|403 forbidden",
        Denied,
        "no rights for this: {text} Ask for access to the project.",
    ),
    (
        r"unknown (shorthand )?(flag|command)",
        Rejected,
        'this version of runai is not known: {text} Known are 2.18 to 3.0; see "runai version".',
    ),
    (
        r"try again in few minutes|service unavailable|too many requests",
        Busy,
        "busy, it asks to try again later.",
    ),
    (
        r"dns lookup failed|no such host|connection refused|no route|deadline exceeded",
        Unreachable,
        "no connection: {text} Is the VPN up?",
    ),
    (
        r"invalid (argument|value) '' for ('' flag|flag -)|required flag",
        Rejected,
        "refused: {text}",
    ),
    (
        r"must not exceed|must consist of|must have at most|invalid (argument|value|reference)",
        Denied,
        "refused: {text}",
    ),
)
_GONE = ("no workload was found", "could not locate desired workload", "workload not found")
_NO_LOG = (
    "workload is not ready to stream",
    "pod not found",
    "requested resource was not found",
    "unable to retrieve container logs",
)
_ERROR = re.compile(r"^error:?\s", re.IGNORECASE | re.MULTILINE)
_QUOTED = re.compile(r"'[^']*'|\"[^\"]*\"")
_LONGEST_TEXT = 300


def fault_of(text: str) -> ClusterError:
    """Return the error that stands for what the program printed when it failed."""
    said = complaint_in(text)
    # A name in quotes is anybody's choice of words; it decides nothing.
    plain = _QUOTED.sub("''", said).lower()
    for pattern, kind, message in _FAULTS:
        if re.search(pattern, plain):
            return kind(f"Run:ai: {message.format(text=said)}")
    return Unreachable(f"Run:ai: {said}" if said else "Run:ai: it failed without a word.")


def no_version(text: str) -> Unreachable:
    """Return what stands for an output of `runai version` in which no known version is found."""
    said = complaint_in(text) or "nothing."
    problem = f'"runai version" names no version that runbatch knows. It printed: {said}'
    return Unreachable(f"Run:ai: {problem} Known are 2.18 to 3.0.")


def is_gone(text: str) -> bool:
    """Whether the program says that there is no such workload (any more)."""
    return any(words in text.lower() for words in _GONE)


def has_no_log(text: str) -> bool:
    """Whether the program says that there is no log yet, or none any more."""
    return is_gone(text) or any(words in text.lower() for words in _NO_LOG)


def complaint_in(text: str) -> str:
    """Return what stands behind the last `Error:`, without the usage; else all that was said.

    It is one sentence that is not too long, or nothing.
    """
    starts = [match.end() for match in _ERROR.finditer(text)]
    said = text[starts[-1] :] if starts else text
    lines = said.partition("\nUsage:")[0].split()
    return _sentence(" ".join(lines)[:_LONGEST_TEXT])


def _sentence(text: str) -> str:
    return text if not text or text.endswith((".", "!", "?")) else f"{text}."
