"""`kubectl`, asked for all pods of a name space: page by page, each of one request, and no more.

`get --raw` alone asks nothing else before, and prints nothing but the error when it fails (seen
with kubectl 1.37.1).
"""

import json
import re
import shutil
from collections.abc import Iterator, Mapping, Sequence
from time import monotonic
from typing import Any
from urllib.parse import quote

from runbatch.clusters.shell.program import NOT_FOUND, Execute, Reply, call
from runbatch.clusters.shell.words import text_of
from runbatch.core.errors import Unreachable

# So long the server may take for an answer.
LIMIT_S = 20.0
# So much longer the call may take: `kubectl` counts neither a login plugin nor its own new tries
# after "too many requests".
_MORE_S = 10
# So long all calls of one look may take together: who else wants to know waits for it.
LOOK_LIMIT_S = 120.0
_PAGE_PODS = 500
# A page of 500 pods is 10 MB, with very long variables too; what is larger is not read.
MOST_BYTES = 100_000_000
_MOST_PAGES = 100
_LONGEST_TEXT = 300
# Lines of a log of its own tell nothing more: `E1127 06:15:29.011291 25974 memcache.go:265] ...`.
_LOG_LINE = re.compile(r"[IWEF]\d{4} \d\d:\d\d:\d\d")
_TELLING = re.compile(
    r"error:|error from server|unable to connect|the connection to", re.IGNORECASE
)
_EXPIRED = re.compile(r"\((Expired|Gone)\)")
_NO_CONTEXT = "current-context is not set"
_PROMPT = "Please enter "
_NO_ANSWER = (
    r"(net/http: request canceled( while waiting for connection)?|context deadline exceeded)"
    r"( \(Client\.Timeout[^)]*\))?"
)
# What changes from call to call; without it one trouble reads the same, and is told once.
_CHANGING = (
    (_NO_ANSWER, "it gave no answer in time"),
    (r"\?[^\s\"']*", ""),  # what is asked for: the page
    (r"\S+:\d+->", ""),  # this side's port
    (r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d[\d:.]*(Z|[+-]\d\d:?\d\d)?", "…"),
    (r"\b[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\b|\b[0-9a-f]{16,}\b", "…"),  # a request's id
)


class Expired(Unreachable):
    """The list of pods took so long that its next page is gone; it has to begin anew."""


def execute_kubectl(words: Sequence[str], limit_s: float) -> Reply:
    """Call the user's `kubectl`; who has none does without, and is told nothing of it."""
    found = shutil.which("kubectl")
    if found is None:
        return Reply(NOT_FOUND, "", "")
    return call(found, words, limit_s, MOST_BYTES)


def within_one_look(kubectl: Execute) -> Execute:
    """Return a `kubectl` whose calls, all together, take no longer than one look may."""
    over_at = monotonic() + LOOK_LIMIT_S

    def within(words: Sequence[str], limit_s: float) -> Reply:
        problem = f"kubectl: the list of pods takes more than {LOOK_LIMIT_S:g} s."
        if (left_s := over_at - monotonic()) <= 0:
            raise Unreachable(problem)
        try:
            return kubectl(words, min(limit_s, left_s))
        except Unreachable as error:
            # Not in the words of the call: what was left for it changes from look to look.
            raise (Unreachable(problem) if monotonic() >= over_at else error) from error

    return within


def has_context(kubectl: Execute, limit_s: float) -> bool:
    """Whether there is a `kubectl`, and it knows whom to ask; raise Unreachable on any other error.

    If not, it would ask this machine, at port 8080, where a stranger may listen (kubectl 1.37.1).
    """
    context = kubectl(["config", "current-context"], limit_s + _MORE_S)
    if context.code == 0:
        return bool(context.out.strip())
    if context.code == NOT_FOUND or _NO_CONTEXT in context.err:
        return False
    raise Unreachable(_problem_in(context))


def pods_in(kubectl: Execute, namespace: str, limit_s: float) -> Iterator[Mapping[str, Any]]:
    """Yield the pods of the name space, no more than a page of them in memory at once.

    Raises Expired on the way, and Unreachable where another try may tell.
    """
    token = ""
    for _ in range(_MOST_PAGES):
        page = _page(_call(kubectl, namespace, token, limit_s))
        yield from (pod for pod in page["items"] or () if isinstance(pod, dict))
        meta = page.get("metadata")
        token = text_of(meta.get("continue") or "") if isinstance(meta, dict) else ""
        if not token:
            return
    raise Unreachable("kubectl: the list of pods does not end.")


def _call(kubectl: Execute, namespace: str, token: str, limit_s: float) -> str:
    path = f"/api/v1/namespaces/{quote(namespace, safe='')}/pods?limit={_PAGE_PODS}"
    if token:
        path += f"&continue={quote(token, safe='')}"
    # What changes stands last: a call is named by its first words.
    words = ["get", f"--request-timeout={limit_s:g}s", "--raw", path]
    reply = kubectl(words, limit_s + _MORE_S)
    if reply.code == 0:
        return reply.out
    problem = _problem_in(reply)
    raise Expired(problem) if token and _EXPIRED.search(problem) else Unreachable(problem)


def _page(text: str) -> Mapping[str, Any]:
    """Return the page; whatever has no list of items, such as a page to log in, is none."""
    try:
        page = json.loads(text)
    except (ValueError, RecursionError):
        page = None
    if not isinstance(page, dict) or not isinstance(page.get("items", 0), list | None):
        problem = "the list of pods is cut short or is not the expected JSON."
        raise Unreachable(f"kubectl: {problem}")
    return page


def _problem_in(reply: Reply) -> str:
    said = complaint_in(reply)
    return f"kubectl: {said}" if said else "kubectl failed silently."


def complaint_in(reply: Reply) -> str:
    """Return the line that tells why the call failed, alike for the same reason; or nothing."""
    if _PROMPT in reply.out:
        return "it asks for a user name: it has no login for its cluster."
    lines = [line.strip() for line in reply.err.splitlines() if line.strip()]
    lines = [line for line in lines if not _LOG_LINE.match(line)]
    telling = [line for line in lines if _TELLING.match(line)] or lines
    said = telling[-1].removeprefix("error: ") if telling else ""
    for pattern, instead in _CHANGING:
        said = re.sub(pattern, instead, said)
    said = said[:_LONGEST_TEXT]
    return said if not said or said.endswith((".", "!", "?")) else f"{said}."
