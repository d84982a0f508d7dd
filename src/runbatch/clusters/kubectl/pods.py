"""An optional source of evidence: `kubectl`, where the user's may read the pods of a name space.

Most users of a shared cluster lack the rights: then it is soon done without. One call tells of all
pods; they are known by the variables that runbatch itself gave them.
"""

import threading
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from runbatch.clusters.kubectl.causes import cause_of
from runbatch.clusters.kubectl.program import (
    LIMIT_S,
    Expired,
    has_context,
    pods_in,
    within_one_look,
)
from runbatch.clusters.shell.program import Execute
from runbatch.clusters.shell.words import text_of
from runbatch.core.attempt import Cause
from runbatch.core.errors import Unreachable
from runbatch.core.names import workload_name
from runbatch.core.workload import KEY_VARIABLE, PREFIX_VARIABLE

# So many looks in vain, or so many in a row with the same answer, and it is no hiccup: no rights,
# another network, or no cluster there. Who has no rights waits so once per process, and not at all
# for a job whose log tells its exit code.
MOST_TRIES = 10
MOST_ALIKE = 3
MOST_TRIES_FOR_A_POD = 3
# So often one look begins the list anew when its next page is gone.
_MOST_TIMES_ANEW = 2
# Kubernetes lost the container: the exit code beside this word is made up, 137 always.
_NOT_KNOWN = "ContainerStatusUnknown"


@dataclass(frozen=True, slots=True)
class PodEnd:
    """How a pod and its job's container ended, as Kubernetes saw it."""

    exit_code: int | None
    reason: str | None
    cause: Cause = Cause.UNKNOWN


class Pods:
    """The ended pods of a name space by the name of their workload.

    No bad answer decides for ever: `kubectl` is asked at each look. Until it has answered once, it
    is waited for `tries` looks, or until it has said the same three times in a row, then done
    without; once it has, an error is always waited out. A pod whose end it does not show is waited
    for as well, for three looks.
    """

    def __init__(
        self, namespace: str, kubectl: Execute, tries: int = MOST_TRIES, limit_s: float = LIMIT_S
    ) -> None:
        self._namespace = namespace
        self._kubectl = kubectl
        self._tries = tries
        self._tries_for_a_pod = min(tries, MOST_TRIES_FOR_A_POD)
        self._limit_s = limit_s
        self._vain_looks = 0
        self._said: list[str] = []
        self._vain_looks_for: Counter[str] = Counter()
        self._has_answered = False
        self._found: Mapping[str, PodEnd] | Unreachable | None = None
        self._lock = threading.Lock()

    def forget(self) -> None:
        """Ask anew when asked next: pods have come and gone."""
        self._found = None

    def end_of(self, name: str) -> PodEnd | None:
        """Return how the pod of the workload ended, None if that is not known.

        Raises Unreachable where another try may tell. One call, answered or not, stands for all
        workloads until `forget`.
        """
        with self._lock:
            if self._found is None:
                self._found = self._ask()
            found = self._found
            if isinstance(found, Unreachable):
                if self._has_answered or not self._is_given_up:
                    raise found
                return None
            return self._end_in(found, name)

    @property
    def _is_given_up(self) -> bool:
        is_alike = len(self._said) == MOST_ALIKE and len(set(self._said)) == 1
        return is_alike or self._vain_looks >= self._tries

    def _end_in(self, found: Mapping[str, PodEnd], name: str) -> PodEnd | None:
        if name in found or not self._has_answered:
            return found.get(name)
        self._vain_looks_for[name] += 1
        if self._vain_looks_for[name] < self._tries_for_a_pod:
            raise Unreachable(f"kubectl shows no end of a pod of {name} yet.")
        return None

    def _ask(self) -> Mapping[str, PodEnd] | Unreachable:
        """Return the ends, none where there is no `kubectl` to ask, or why to ask again."""
        kubectl = within_one_look(self._kubectl)
        try:
            if not has_context(kubectl, self._limit_s):
                return {}
            ends = self._ends(kubectl)
        except Unreachable as error:
            self._vain_looks += 1
            self._said = [*self._said, str(error)][-MOST_ALIKE:]
            return error
        self._has_answered = True
        return ends

    def _ends(self, kubectl: Execute, again: int = _MOST_TIMES_ANEW) -> Mapping[str, PodEnd]:
        try:
            return dict(ends_in(pods_in(kubectl, self._namespace, self._limit_s)))
        except Expired:
            if not again:
                raise
        return self._ends(kubectl, again - 1)


def ends_in(pods: Iterable[Mapping[str, Any]]) -> Iterator[tuple[str, PodEnd]]:
    """Yield workload names and their pods' ends; whatever has another shape is no end."""
    ends: dict[str, list[PodEnd]] = {}
    for pod in pods:
        if _get(pod, "metadata", "deletionTimestamp"):
            continue
        for name, container in _jobs_in(pod):
            if (end := _end_of(pod, container)) is not None:
                ends.setdefault(name, []).append(end)
    # One attempt has one pod; which of two is meant, an older attempt's perhaps, nobody can tell.
    yield from ((name, found[0]) for name, found in ends.items() if len(found) == 1)


def _jobs_in(pod: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Yield the workload's name and its container's: others may stand beside it in the pod."""
    for container in _objects(pod, "spec", "containers"):
        env = {str(each.get("name")): each.get("value") for each in _objects(container, "env")}
        if PREFIX_VARIABLE in env and KEY_VARIABLE in env:
            name = workload_name(str(env[PREFIX_VARIABLE]), str(env[KEY_VARIABLE]))
            yield name, container.get("name")


def _end_of(pod: Mapping[str, Any], container: Any) -> PodEnd | None:
    """Return how the pod's job ended. What ended the whole pod is the reason for all in it."""
    end, of_pod = _end_of_container(pod, container), _end_of_pod(pod)
    if of_pod is None or (end is not None and end.cause is Cause.OUT_OF_MEMORY):
        return end
    return replace(of_pod, exit_code=end.exit_code) if end is not None else of_pod


def _end_of_pod(pod: Mapping[str, Any]) -> PodEnd | None:
    """Return what ended the pod as a whole, if it says so."""
    if _get(pod, "status", "phase") != "Failed":
        return None
    conditions = (
        each
        for each in _objects(pod, "status", "conditions")
        if (each.get("type"), each.get("status")) == ("DisruptionTarget", "True")
    )
    for each in (_get(pod, "status"), *conditions):
        word = text_of(each.get("reason") or "")
        cause = cause_of(word, text_of(each.get("message") or ""))
        if cause is not Cause.UNKNOWN:
            return PodEnd(None, word, cause)
    return None


def _end_of_container(pod: Mapping[str, Any], container: Any) -> PodEnd | None:
    for status in _objects(pod, "status", "containerStatuses"):
        if status.get("name") != container:
            continue
        for state in ("state", "lastState"):
            ended = _get(status, state, "terminated")
            if isinstance(ended, dict) and ended:
                code, reason = ended.get("exitCode"), text_of(ended.get("reason") or "")
                is_code = type(code) is int and reason != _NOT_KNOWN
                return PodEnd(
                    exit_code=code if is_code else None,
                    reason=reason or None,
                    cause=cause_of(reason, text_of(ended.get("message") or "")),
                )
    return None


def _objects(value: Any, *names: str) -> list[Mapping[str, Any]]:
    """Return the objects of the list that stands there, none if there is no list."""
    found = _get(value, *names)
    return [each for each in found if isinstance(each, dict)] if isinstance(found, list) else []


def _get(value: Any, *names: str) -> Any:
    for name in names:
        value = value.get(name) if isinstance(value, dict) else None
    return value
