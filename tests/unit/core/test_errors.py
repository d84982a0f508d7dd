"""Whose fault an error is, and what it says."""

import pytest

from runbatch.core import errors
from runbatch.core.attempt import Evidence
from runbatch.core.errors import BatchError, ClusterError, LedgerError, RunbatchError, Unreachable


@pytest.mark.parametrize("kind", ["Rejected", "NameTaken", "Busy", "Unreachable", "Unauthorized"])
def test_what_a_cluster_did_not_do(kind: str) -> None:
    assert issubclass(getattr(errors, kind), ClusterError)


@pytest.mark.parametrize("kind", [BatchError, ClusterError, LedgerError])
def test_everything_raised_on_purpose_has_one_root(kind: type[RunbatchError]) -> None:
    others = {BatchError, ClusterError, LedgerError} - {kind}
    assert issubclass(kind, RunbatchError)
    assert not any(issubclass(kind, other) for other in others)


@pytest.mark.parametrize(
    ("place", "message", "within"),
    [
        pytest.param("[jobs]", "[jobs]: none.", "batch.toml: [jobs]: none.", id="with a place"),
        pytest.param("", "none.", "batch.toml: none.", id="without one"),
    ],
)
def test_a_batch_error_names_the_place_and_the_file(place: str, message: str, within: str) -> None:
    error = BatchError(place, "none.")
    assert str(error) == message
    assert str(error.within("batch.toml")) == within
    assert error.within("batch.toml").problem == "none."


def test_an_error_keeps_its_kind_and_bears_what_is_known_all_the_same() -> None:
    error = Unreachable("describe is silent.").knowing(Evidence(exit_code=2))
    assert isinstance(error, Unreachable)
    assert str(error) == "describe is silent."
    assert error.known == Evidence(exit_code=2)
