"""The texts with which a call ends badly (Run:ai facts, 6).

A text that is not in the reference is marked here as unconfirmed: a tool must not depend on it.
"""

from .switches import Trouble


class CallError(Exception):
    """A call that ends with exit code 1; the text is printed after `Error: ` on stderr."""


LOST_ANSWER = (
    'Post "https://runai.example.org/api/v1/workloads": context deadline exceeded '
    "(Client.Timeout exceeded while awaiting headers)"
)  # unconfirmed: what the Go HTTP client says when a reply does not come in time

REFUSALS = {
    Trouble.NOT_LOGGED_IN: "Authentication failed. please log in with 'runai login'",  # unconfirmed
    Trouble.LOGIN_EXPIRED: "Authentication failed. the token has expired",
    Trouble.DNS_FAILURE: "DNS lookup failed for 'runai.example.org': server misbehaving",
    Trouble.BUSY: "503 Service Unavailable: Please try again in few minutes.",
    Trouble.NO_PERMISSION: "403 Forbidden: insufficient permissions",
    Trouble.POLICY_REFUSAL: (
        "The workload request does not comply with the policy set by the administrator"
    ),
    Trouble.REFUSED: "500 Internal Server Error",  # unconfirmed
}

NAME_TOO_LONG = "The length of a workload name must not exceed {limit} characters"
NAME_MALFORMED = (
    "The workload name must consist of lower case alphanumeric characters or '-', and start "
    "with an alphabetic character."
)
VALUE_TOO_LONG = "environment variable {name}: value for Value must have at most 10000 characters"
ASSET_NOT_FOUND = "environment asset '{name}' was not found"  # unconfirmed
NOT_FOUND = "no workload was found"
LOGS_NOT_READY = "failed to print logs. workload is not ready to stream: pod is not ready"
LOGS_NO_POD = "failed to print logs. workload is not ready to stream: pod not found"
LOGS_NO_WORKLOAD = "could not locate desired workload"
LOGS_STOPPED = "one of requested resource was not found: not found"
LOGS_GONE = "unable to retrieve container logs for containerd://{uid}"
NO_TERMINAL = "could not open a new TTY: open /dev/tty"


def name_taken(kind: str, name: str) -> str:
    """Return the text for a name that is taken (the word for a training is inferred)."""
    return f"{kind.capitalize()} named '{name}' already exists in the project"


def project_not_found(project: str) -> str:
    """Return the text for an unknown project (unconfirmed, Run:ai facts, 6)."""
    return f"project '{project}' was not found"
