"""What the ledger's tests are about: a batch, a moment, and an attempt that was called then."""

from datetime import UTC, datetime

from runbatch.core.attempt import Attempt, Patience
from runbatch.core.batch import Batch, Run

NOW = datetime(2026, 1, 5, 9, 30, tzinfo=UTC)
BATCH = Batch(prefix="gwas", keys=("1", "2", "3"), integer_keys=True, run=Run(command=("true",)))
PATIENCE = Patience(grace_s=60, doubt_s=600)


def called(key: str, number: int = 1) -> Attempt:
    return Attempt(key=key, number=number, reserved_at=NOW, called_at=NOW, calls=1)
