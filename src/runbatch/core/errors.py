"""The errors of runbatch, by whose fault they are.

    RunbatchError
    ├── BatchError          yours: the batch or the call is wrong; nothing was submitted
    ├── ClusterError        the cluster did not do what was asked
    │   ├── Rejected        it refused, nothing was done, and it would refuse again
    │   ├── Denied          it said no, but may have done what was asked
    │   ├── NameTaken       a workload of that name exists; it may be ours
    │   ├── Busy            it asks us to slow down
    │   ├── Unreachable     no answer, or none that can be trusted: the outcome is unknown
    │   │   └── NoLog       it says that there is no log, which may be so only now
    │   └── Unauthorized    a person must log in; what runs goes on running
    └── LedgerError         the record on disk cannot be read or written

A failed *job* is never an exception: it is a verdict (see `runbatch.core.failure`).
"""

from runbatch.core.attempt import Evidence


class RunbatchError(Exception):
    """Anything runbatch raises on purpose; its text is one message made for the user."""


class BatchError(RunbatchError):
    """The batch, or what was asked of it, is wrong, and nothing was touched.

    `place` says where (`[jobs] range`), `problem` what is wrong and what is allowed.
    """

    def __init__(self, place: str, problem: str) -> None:
        super().__init__(f"{place}: {problem}" if place else problem)
        self.place = place
        self.problem = problem

    def within(self, outer: str) -> "BatchError":
        """Return the same error with its place put inside `outer`, usually a file's name."""
        return self.at(f"{outer}: {self.place}" if self.place else outer)

    def at(self, place: str) -> "BatchError":
        """Return the same error with its place said in other words."""
        return BatchError(place, self.problem)


class EarlierUseWarning(UserWarning):
    """Jobs of this prefix succeeded from another folder or with another definition; Python says so.

    It is a warning, which `warnings.simplefilter("error", EarlierUseWarning)` makes an error before
    anything is submitted.
    """


class ClusterError(RunbatchError):
    """A cluster did not do what was asked of it. `known` is what it told of an end all the same."""

    known: Evidence | None = None

    def knowing(self, known: Evidence) -> "ClusterError":
        """Return the same error that bears this evidence."""
        error = type(self)(*self.args)
        error.known = known
        return error


class Rejected(ClusterError):
    """It refused, nothing was done, and it would refuse the same request again."""


class Denied(ClusterError):
    """The cluster said no, but it may have done what was asked: only a listing can tell.

    A "403 Forbidden" has answered a submit that took effect all the same. So has any refusal that
    comes from a server: between its effect and its answer there is a network, and a second try.
    """


class NameTaken(ClusterError):
    """A workload of this name exists; only a listing can tell whether it is ours."""


class Busy(ClusterError):
    """The cluster asks for fewer or later requests; the request may or may not have been done."""


class Unreachable(ClusterError):
    """No answer, or none that can be trusted: the outcome is unknown."""


class NoLog(Unreachable):
    """The cluster says that there is no log: not yet, not any more, or not just now.

    One such answer proves nothing: a log that was not ready has been there a minute later.
    """


class Unauthorized(ClusterError):
    """The login is missing or has expired; a person must log in, what runs goes on running."""


class LedgerError(RunbatchError):
    """The record on disk cannot be read or written."""
