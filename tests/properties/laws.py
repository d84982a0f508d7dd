"""What is never lost or rewritten, by whatever a listing shows."""

from runbatch.core.attempt import Attempt, Listing, Observation, Verdict
from runbatch.core.reconcile import Change
from runbatch.core.stage import Stage

# Of these, none tells that a workload which had ended runs again.
NOT_RUNNING = (Stage.SUCCEEDED, Stage.FAILED, Stage.LEAVING, Stage.LEAVING, Stage.UNKNOWN)
FIXED = ("key", "number", "reserved_at", "calls", "follows")
ONCE = ("called_at", "submitted_at", "uid")
OF_THE_END = ("ended_at", "outcome", "evidence", "delete_asked_at", "log")


def check_change(change: Change, listing: Listing) -> None:
    """An attempt is what it was, but for what the listing says."""
    before, after = change.before, change.after
    shown = next((each for each in listing.observations if each.uid == after.uid), None)
    if before is None:
        assert shown is not None, "an attempt out of nowhere"
        return
    for name in FIXED:
        assert getattr(after, name) == getattr(before, name), name
    for name in ONCE:
        assert getattr(before, name) in (None, getattr(after, name)), name
    assert not before.is_verdict(Verdict.SUCCEEDED) or after.is_verdict(Verdict.SUCCEEDED)
    assert before.refusal is None or after.refusal == before.refusal or shown is not None
    check_end(before, after, shown)


def check_end(before: Attempt, after: Attempt, shown: Observation | None) -> None:
    """What is known of an end goes away only if it runs again, or was taken for gone, or did well.

    A verdict outlives that it runs again, until there is another end.
    A slot is freed only when an end is shown, or several listings agree that it is gone.
    """
    is_back = shown is not None and before.is_verdict(Verdict.VANISHED)
    runs_again = shown is not None and shown.stage not in NOT_RUNNING
    did_well = shown is not None and shown.stage is Stage.SUCCEEDED
    ended_anew = before.ended_at is None and after.ended_at is not None
    for name in OF_THE_END:
        known = getattr(before, name)
        if known is not None and getattr(after, name) != known:
            assert runs_again or did_well or is_back or ended_anew, name
    if before.holds_slot and not after.holds_slot:
        is_shown_ended = shown is not None and shown.stage.ended
        had_ended = before.ended_at is not None and shown is None
        assert is_shown_ended or had_ended or after.missed == 3
