"""What `runai ... describe -o json` printed -> evidence: the node and the last events.

The exact shape is unconfirmed (Run:ai reference, 2.4 and 11.1); what is not there is not known.
"""

import json
from collections.abc import Mapping
from typing import Any

from runbatch.clusters.runai.words import text_of
from runbatch.core.attempt import Evidence
from runbatch.core.identity import is_same_id

_MOST_EVENTS = 20


def evidence_of(text: str, uid: str) -> Evidence:
    """Return what the description tells of the workload; nothing if it is of another uid."""
    found = _object_in(text)
    told = found.get("id") or found.get("uuid") or found.get("workloadId")
    if told is not None and not is_same_id(text_of(told), uid):
        return Evidence()
    nodes = [each.get("nodeName") for each in _items(found, "pods") if each.get("nodeName")]
    events = [_event(each) for each in _items(found, "events")]
    return Evidence(
        events=tuple(events[-_MOST_EVENTS:]), node=text_of(nodes[-1]) if nodes else None
    )


def _object_in(text: str) -> Mapping[str, Any]:
    """Return the first JSON object of the text, whatever chatter stands before it."""
    decoder = json.JSONDecoder()
    start = text.find("{")
    while start >= 0:
        try:
            value, _ = decoder.raw_decode(text, start)
        except (ValueError, RecursionError):
            start = text.find("{", start + 1)
        else:
            return value if isinstance(value, dict) else {}
    return {}


def _items(found: Mapping[str, Any], name: str) -> list[Mapping[str, Any]]:
    items = found.get(name)
    return [each for each in items if isinstance(each, dict)] if isinstance(items, list) else []


def _event(event: Mapping[str, Any]) -> str:
    return text_of(f"{event.get('reason', '')}: {event.get('message', '')}")
