"""How hard the properties are tried.

By default the same examples each time, so that a red `make test` is never chance. For longer, with
other examples at each run (a failure prints what reproduces it):

    .venv/bin/pytest tests/properties --hypothesis-profile=long
"""

import pytest
from hypothesis import settings

STEADY = settings(max_examples=200, stateful_step_count=50, deadline=None, derandomize=True)
settings.register_profile("steady", STEADY)
settings.register_profile("long", STEADY, max_examples=2000, derandomize=False, print_blob=True)


def pytest_configure(config: pytest.Config) -> None:
    if config.getoption("--hypothesis-profile") is None:
        settings.load_profile("steady")
