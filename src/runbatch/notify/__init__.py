"""Word to a person elsewhere, through any service that Apprise knows. The URL is a secret.

Apprise works in a process of its own, see `courier`. So it ends in time whatever a service does,
nobody sees what it logs, and a command that sends no word does not load it. The URL is handed over
through a pipe: lists of processes do not show it.
"""

import json
import subprocess
import sys
from dataclasses import asdict, dataclass
from typing import Any, Literal

from runbatch.core.errors import BatchError
from runbatch.notify import courier

CALL_LIMIT_S = 60


@dataclass(frozen=True, slots=True)
class Message:
    """What a person is told: a title, a few lines, and how good the news are."""

    title: str
    body: str
    type: Literal["success", "warning", "failure"]


def check_url(place: str, url: str) -> None:
    """Return if a service understands the URL, sending nothing; else raise BatchError.

    The error names the `place` the URL stands in, never the URL.
    """
    match _call({"url": url}):
        case 0:
            return
        case courier.NOT_UNDERSTOOD:
            problem = (
                "no service understands this URL; write one as Apprise has it, like mailto://."
            )
        case _:
            problem = f"the URL could not be checked within {CALL_LIMIT_S} s; is Apprise installed?"
    raise BatchError(place, problem)


def send(url: str, message: Message) -> bool:
    """Send the message once; return whether the service took it."""
    return _call({"url": url, "message": asdict(message)}) == 0


def _call(order: dict[str, Any]) -> int | None:
    """Return how the courier ended; None if it could not be called, or not in time."""
    try:
        done = subprocess.run(
            [sys.executable, courier.__file__],
            input=json.dumps(order).encode(),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
            timeout=CALL_LIMIT_S,
            check=False,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return done.returncode
