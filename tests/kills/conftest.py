"""How often to kill, and what it took, told at the end."""

import os
from dataclasses import dataclass

import pytest

FEW = 20


@dataclass(frozen=True)
class Kills:
    """How many kills on each cluster, and whether jobs in doubt are waited for, for minutes."""

    number: int
    waits: bool


@pytest.fixture
def kills() -> Kills:
    """Return the KILLS of the environment; without it a few, in the time of a usual test."""
    number = os.environ.get("KILLS")
    return Kills(int(number or FEW), waits=number is not None)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    for report in terminalreporter.getreports("passed"):
        for name, told in report.user_properties:
            if name == "toll":
                terminalreporter.write_line(told)
