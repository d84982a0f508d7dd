"""What the program's complaint means: whose fault, and the way out (Run:ai reference, 1.6, 5).

There is no table of exit codes; only the texts tell. A text nobody knows tells nothing: then the
outcome is unknown.
"""

import re

from runbatch.core.errors import (
    Busy,
    ClusterError,
    NameTaken,
    Rejected,
    Unauthorized,
    Unreachable,
)

_LOGIN = 'Log in again with "runai login"'

# In this order: a text may hold more than one of the words. Each: words, error, what to say.
_FAULTS: tuple[tuple[tuple[str, ...], type[ClusterError], str], ...] = (
    (("token has expired", "token is expired"), Unauthorized, f"the login has expired. {_LOGIN}"),
    (
        ("authentication failed", "unauthorized", "not logged in", "please log in"),
        Unauthorized,
        f"not logged in. {_LOGIN}",
    ),
    (("already exists",), NameTaken, ""),
    (
        ("does not comply with the policy",),
        Rejected,
        "refused by the administrator's policy: {text} Ask what it allows, or change [run].",
    ),
    (
        ("insufficient permissions", "sufficient permissions", "forbidden"),
        Rejected,
        "no rights for this: {text} Ask for access to the project.",
    ),
    (("unknown flag", "unknown command"), Rejected, "this version of runai is not known: {text}"),
    (
        ("try again in few minutes", "service unavailable", "too many requests"),
        Busy,
        "busy, it asks to try again later.",
    ),
    (
        (
            "dns lookup failed",
            "no such host",
            "connection refused",
            "no route",
            "deadline exceeded",
        ),
        Unreachable,
        "no connection: {text} Is the VPN up?",
    ),
    (
        ("must not exceed", "must consist of", "must have at most", "invalid", "required flag"),
        Rejected,
        "refused: {text}",
    ),
)
_GONE = ("no workload was found", "could not locate desired workload", "workload not found")
_NO_LOG = ("not ready", "pod not found", "was not found", "unable to retrieve container logs")
_LONGEST_TEXT = 300


def fault_of(text: str, project: str) -> ClusterError:
    """Return the error that stands for what the program printed when it failed."""
    said = _last_line(text)
    # A name in quotes is anybody's choice of words; it decides nothing.
    lowered = re.sub(r"'[^']*'|\"[^\"]*\"", "", said).lower()
    if "project" in lowered and ("not found" in lowered or "does not exist" in lowered):
        hint = f'no project {project!r}: {said} "runai project list" names yours.'
        return Rejected(f"Run:ai: {hint}")
    for words, kind, message in _FAULTS:
        if any(word in lowered for word in words):
            return kind(f"Run:ai: {(message or '{text}').format(text=_sentence(said))}")
    return Unreachable(f"Run:ai: {_sentence(said or 'it failed without a word')}")


def is_gone(text: str) -> bool:
    """Whether the program says that there is no such workload (any more)."""
    return any(words in text.lower() for words in _GONE)


def has_no_log(text: str) -> bool:
    """Whether the program says that there is no log yet, or none any more."""
    return is_gone(text) or any(words in text.lower() for words in _NO_LOG)


def _last_line(text: str) -> str:
    """Return the complaint: the last line that begins with `Error:`, else the last there is."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    errors = [line for line in lines if line.startswith("Error:")]
    found = (errors or lines or [""])[-1]
    return found.removeprefix("Error:").strip()[:_LONGEST_TEXT]


def _sentence(text: str) -> str:
    return text if text.endswith((".", "!", "?")) else f"{text}."
