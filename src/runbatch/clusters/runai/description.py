"""What `runai ... describe -o json` printed -> evidence: the node and the last events.

The exact shape is unconfirmed (Run:ai facts, 7). So pods and events are looked for
wherever they stand, and in any capitals; what is not there is not known.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from runbatch.clusters.shell.values import values_in
from runbatch.clusters.shell.words import text_of
from runbatch.core.attempt import Evidence
from runbatch.core.identity import is_same_id

_MOST_EVENTS = 20
_NO_MEMORY = "OOMKilled"
# Under these stands what tells whose the description is; an asset or a pod has an id too.
_HEADS = ("meta", "metadata", "workload", "workspace", "training", "data")
_IDS = ("id", "uuid", "workloadid", "uid")

Object = Mapping[str, Any]


def evidence_of(text: str, uid: str) -> Evidence:
    """Return what the description tells of the workload; nothing if it is of another uid."""
    found = _object_in(text)
    told = list(_ids(found))
    if told and not any(is_same_id(each, uid) for each in told):
        return Evidence()
    nodes = [node for pod in _rows(found, "pods") if (node := _node(pod))]
    events = [_event(each) for each in _rows(found, "events") if _of(each, "reason")]
    events = events[-_MOST_EVENTS:]
    return Evidence(
        events=tuple(events),
        memory_event=next((event for event in events if _NO_MEMORY in event), None),
        node=nodes[-1] if nodes else None,
    )


def _object_in(text: str) -> Object:
    """Return the first JSON object of the text, whatever chatter stands before it."""
    return next((value for value in values_in(text) if isinstance(value, dict)), {})


def _ids(found: Object) -> Iterator[str]:
    """Yield what the workload is called: Run:ai's own id, and perhaps that of Kubernetes."""
    heads = [found]
    for head in heads:
        yield from (text_of(told) for name in _IDS if (told := _of(head, name)))
        heads += (inner for name in _HEADS if isinstance(inner := _of(head, name), dict))


def _rows(found: Object, name: str) -> Iterator[Object]:
    """Yield the objects of each list of this name."""
    for each in _objects(found):
        rows = _of(each, name)
        if isinstance(rows, dict):
            rows = _of(rows, "items")
        if isinstance(rows, list):
            yield from (row for row in rows if isinstance(row, dict))


def _objects(found: Any) -> Iterator[Object]:
    """Yield each object of a value, those in it too; none is nested too deeply for that."""
    left = [found]
    while left:
        value = left.pop()
        if isinstance(value, dict):
            yield value
            value = list(value.values())
        if isinstance(value, list):
            left += reversed(value)


def _node(pod: Object) -> str | None:
    """Return the node that a pod is on, in the pod itself or in its `spec`."""
    for each in _objects(pod):
        node = _of(each, "nodename", "node")
        if isinstance(node, dict):
            node = _of(node, "name")
        if isinstance(node, str):
            return text_of(node)
    return None


def _event(event: Object) -> str:
    message = _of(event, "message", "note") or ""
    return text_of(f"{_of(event, 'reason')}: {message}")


def _of(found: Object, *names: str) -> Any:
    """Return what stands there by the first of these names, in any capitals; None for nothing."""
    plain = {name.lower(): value for name, value in found.items()}
    return next((plain[name] for name in names if plain.get(name)), None)
