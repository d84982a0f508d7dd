"""What a third party is sent of an error: its kind, in our own words."""

import pytest

from runbatch.core import errors
from runbatch.core.batch import Batch, Run
from runbatch.core.errors import BatchError, RunbatchError
from runbatch.views.notice import notice_of_error

BATCH = Batch(prefix="gwas", keys=("patient-7",), integer_keys=False, run=Run(command=("x",)))
SAID = "gwas-patient-7: Run:ai: refused: TOKEN=s3cr3t in /home/me/batch.toml"
KINDS = {
    errors.Rejected: "The cluster refuses what is asked of it.",
    errors.NameTaken: "The cluster did not do what was asked, or did not answer.",
    errors.Busy: "The cluster did not do what was asked, or did not answer.",
    errors.Unreachable: "The cluster did not do what was asked, or did not answer.",
    errors.Unauthorized: "The cluster asks for a new login.",
    errors.LedgerError: "The ledger cannot be read or written.",
}


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        *(pytest.param(kind(SAID), why, id=kind.__name__) for kind, why in KINDS.items()),
        pytest.param(
            BatchError(SAID, SAID), "The batch, or what was asked of it, is wrong.", id="BatchError"
        ),
    ],
)
def test_it_tells_the_kind_and_nothing_that_was_said(error: RunbatchError, reason: str) -> None:
    message = notice_of_error(BATCH, error)
    assert message.title == "gwas: ended by an error"
    more = "What was submitted goes on. Where the command ran, it has told more."
    assert message.body.splitlines() == [reason, more]
    assert message.type == "failure"
