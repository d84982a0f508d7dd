"""A terminal that takes no output holds nothing up: Ctrl-S, a laptop that sleeps."""

import pytest
from tests.e2e.shell import Journal, Shell, toml, wait_until
from tests.e2e.terminal import on_terminal

FAST = ("--yes", "--wait", "--poll-interval", "0.05")


@pytest.mark.parametrize("is_read", [True, False], ids=["stopped by Ctrl-S", "read by nobody"])
def test_a_submit_goes_on_without_its_terminal(
    shell: Shell, journal: Journal, *, is_read: bool
) -> None:
    """Jobs that fail are told in a line each: the terminal's buffer is full long before the end."""
    shell.write(toml(journal.command(seconds=0, then="sys.exit(3)"), last=60, cap=4))
    long = {"COLUMNS": "200"}
    with on_terminal(shell, "submit", *FAST, columns=200, env=long) as terminal:
        terminal.wait_for_bytes(b"in flight (max 4)")
        if is_read:
            terminal.type(b"\x13")
        wait_until(lambda: len(journal.begun()) == 60)
        terminal.type(b"\x11")
        assert terminal.wait() == 3
        assert "60 failed" in terminal.raw.decode()
