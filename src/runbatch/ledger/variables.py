"""Which variables a job gets that the batch's first jobs did not get alike.

A local job has the environment of the shell that submits it. No value is kept: only 16 bits of a
digest of each, which tell that it changed, and which very many values have in common.
"""

import hashlib
import hmac
from collections.abc import Mapping

# What differs in each terminal, and tells no job anything.
_USUAL = {
    "_", "COLORTERM", "COLUMNS", "DBUS_SESSION_BUS_ADDRESS", "DISPLAY", "LINES", "LS_COLORS",
    "OLDPWD", "PWD", "SHLVL", "STY", "TERM", "TMUX", "TMUX_PANE", "WAYLAND_DISPLAY", "WINDOW",
    "WINDOWID", "XAUTHORITY",
}  # fmt: skip
_USUAL_BEGINNINGS = ("GPG_", "SSH_", "TERM_", "VSCODE_", "VTE_", "WT_", "XDG_SESSION")


def digests_of(variables: Mapping[str, str], key: str) -> dict[str, str]:
    """Return a few bits of each value by its variable, but for those of the terminal itself."""
    return {
        name: _digest(f"{name}={value}", key)
        for name, value in variables.items()
        if name not in _USUAL and not name.startswith(_USUAL_BEGINNINGS)
    }


def differing(first: Mapping[str, str], now: Mapping[str, str]) -> tuple[str, ...]:
    """Return the names, in order, of the variables that are not as they were at first."""
    names = sorted(first.keys() | now.keys())
    return tuple(name for name in names if first.get(name) != now.get(name))


def _digest(text: str, key: str) -> str:
    data = text.encode("utf-8", "surrogateescape")
    return hmac.new(key.encode(), data, hashlib.sha256).hexdigest()[:4]
