"""Whose a workload is that has the name of one of the batch's jobs: what it says of itself."""

from collections.abc import Sequence
from dataclasses import replace

import pytest
from tests.unit.core.values import (
    PATIENCE,
    RETRY,
    START,
    accepted,
    actions,
    advised,
    at,
    batch,
    called,
    failed,
    listed,
    listing,
    looked,
    observation,
    refused,
    reserved,
    reserved_after,
    succeeded,
    vanished,
    view,
)

from runbatch.core.actions import Delete, Refuse, Release, Reserve, Submit, Why
from runbatch.core.attempt import UNKNOWN_ORIGIN, Attempt, Origin
from runbatch.core.errors import Unreachable
from runbatch.core.failure import RetryPolicy, next_retry_at
from runbatch.core.job import View
from runbatch.core.planner import plan
from runbatch.core.reconcile import Learned
from runbatch.core.stage import Stage
from runbatch.core.whose import Claims, People
from runbatch.core.wish import Wish, rerun
from runbatch.views.removal import removal_json, removal_of, removal_question, removal_text

OURS = Claims("our-mark")
MARKED = Origin(prefix="gwas", key="37", batch="our-mark")
ANOTHER_LEDGERS = Origin(prefix="gwas", key="37", batch="their-mark")
UNMARKED = Origin(prefix="gwas", key="37")
OWN_OLD = replace(ANOTHER_LEDGERS, owner="Ann@lab")
KNOWN = listed("9", origin=Origin(owner="Ann@lab"))


def seen(known: View, origin: Origin, *, login: str | None = "", yes: bool = False) -> Learned:
    """What a listing teaches that shows one workload of job 37 which says this of itself."""
    shown = replace(listing(observation(uid="new", origin=origin)), login=login)
    agreed = frozenset({"new"}) if yes else frozenset()
    return looked(known, shown, 30, claims=Claims("our-mark", agreed))


@pytest.mark.parametrize(
    ("origin", "login"),
    [
        pytest.param(UNKNOWN_ORIGIN, "", id="it says nothing at all"),
        pytest.param(UNMARKED, None, id="its prefix and key are ours: so may be a colleague's"),
        pytest.param(Origin(owner="Ann@lab"), None, id="our own, of which nobody here knows"),
        pytest.param(Origin(owner="bob@lab"), "User: ann@lab", id="a colleague's"),
        pytest.param(ANOTHER_LEDGERS, None, id="another ledger's"),
    ],
)
@pytest.mark.parametrize("known", [view(), view(KNOWN), view(succeeded(missed=3))])
def test_what_nothing_shows_to_be_ours_is_neither_counted_nor_adopted_without_a_yes(
    known: View, origin: Origin, login: str | None
) -> None:
    learned = seen(known, origin, login=login)
    assert "new" not in {each.uid for each in learned.view.attempts}
    assert learned.view.in_flight == known.in_flight
    assert [each.observation.uid for each in learned.strangers] == ["new"]
    agreed = seen(known, origin, login=login, yes=True)
    (adopted,) = (each for each in agreed.view.attempts if each.uid == "new")
    assert (adopted.agreed, adopted.holds_slot, adopted.origin) == (True, True, origin)
    assert not agreed.strangers


@pytest.mark.parametrize(
    ("prefix", "key"), [("gwas-3", "7"), ("gwas", "3-7"), ("GWAS", "37"), (None, "7"), ("x", None)]
)
@pytest.mark.parametrize("known", [view(), view(called()), view(accepted(uid=None))])
def test_what_says_that_it_is_another_batch_s_is_not_ours_although_we_called_a_submit(
    known: View, prefix: str | None, key: str | None
) -> None:
    learned = seen(known, Origin(prefix=prefix, key=key))
    assert "new" not in {each.uid for each in learned.view.attempts}
    (stranger,) = learned.strangers
    assert stranger.against is not None
    assert "it says that it is job" in stranger.against


def test_a_person_may_say_yes_to_what_a_submit_of_ours_did_not_make() -> None:
    learned = seen(view(called()), Origin(prefix="gwas-3", key="7"), yes=True)
    (change,) = learned.changes
    assert (change.adopts, change.after.agreed, change.after.number) == (True, True, 1)


@pytest.mark.parametrize(
    ("known", "origin", "login", "against"),
    [
        pytest.param((), UNKNOWN_ORIGIN, "", None, id="it says nothing"),
        pytest.param((), UNMARKED, "", None, id="before there were marks"),
        pytest.param((), ANOTHER_LEDGERS, "", None, id="the ledger was lost, on local"),
        pytest.param((), OWN_OLD, "User: Ann@lab", None, id="the ledger was lost"),
        pytest.param((KNOWN,), OWN_OLD, "", None, id="you submitted others"),
        pytest.param((), OWN_OLD, "", "that is you", id="nobody knows who you are"),
        pytest.param((), OWN_OLD, None, "that is you", id="nobody can be asked who you are"),
        pytest.param((), OWN_OLD, "User: joann@lab", "another person", id="another is logged in"),
        pytest.param((KNOWN,), Origin(owner="bob@lab"), "", "another person", id="a colleague's"),
        pytest.param((), Origin(prefix="gwas-3"), "", "the batch gwas-3", id="another batch's"),
    ],
)
def test_only_what_nothing_contradicts_is_taken_by_a_yes_that_saw_no_name(
    known: Sequence[Attempt], origin: Origin, login: str | None, against: str | None
) -> None:
    (stranger,) = seen(view(*known), origin, login=login).strangers
    assert (stranger.against is None) == (against is None)
    assert (against or "this ledger") in (stranger.against or "this ledger")


@pytest.mark.parametrize(
    ("login", "is_named"),
    [
        ("User: ann@lab\nid 7", True),
        ('{"name":"ann@lab"}', True),
        ("You are ann@lab.", True),
        ("ann@lab.org", False),
        ("joann@lab", False),
        ("ann@lab-2", False),
        ("ann", False),
        ("", False),
    ],
)
def test_a_login_names_a_person_by_a_whole_word(login: str, is_named: bool) -> None:
    assert People(login=login).know("Ann@lab") is is_named


def test_what_bears_the_ledger_s_mark_is_ours_without_a_question() -> None:
    """A ledger that was put back as it was yesterday."""
    learned = seen(view(KNOWN), MARKED)
    (found,) = learned.view.job("37").attempts
    assert (found.uid, found.agreed, found.origin) == ("new", False, MARKED)


@pytest.mark.parametrize(
    "before",
    [
        pytest.param(called(), id="the answer was lost"),
        pytest.param(accepted(uid=None), id="it was accepted"),
        pytest.param(refused(), id="the refusal was none"),
    ],
)
@pytest.mark.parametrize(
    ("origin", "login", "is_ours"),
    [
        pytest.param(MARKED, None, True, id="it bears the mark"),
        pytest.param(UNKNOWN_ORIGIN, None, True, id="old versions show nothing"),
        pytest.param(UNMARKED, None, True, id="submitted before there were marks"),
        pytest.param(Origin(owner="ANN@LAB"), None, True, id="capitals make no other person"),
        pytest.param(Origin(owner="bob@lab"), "logged in: Bob@lab", True, id="you are another"),
        pytest.param(Origin(owner="bob@lab"), None, False, id="a colleague's"),
        pytest.param(ANOTHER_LEDGERS, None, False, id="another ledger's"),
    ],
)
def test_what_the_ledger_called_a_submit_for_is_ours_unless_it_says_otherwise(
    before: Attempt, origin: Origin, login: str | None, is_ours: bool
) -> None:
    learned = seen(view(before, KNOWN), origin, login=login)
    (after,) = learned.view.job("37").attempts
    assert (after.uid == "new") == is_ours
    assert bool(learned.strangers) != is_ours
    assert not after.agreed


def test_a_first_submit_whose_answer_was_lost_needs_to_know_nobody() -> None:
    assert not seen(view(called()), Origin(owner="ann@lab")).strangers
    assert seen(view(called()), Origin(owner="bob@lab"), login="ann@lab").strangers


def test_a_login_that_cannot_be_asked_is_awaited_only_where_it_decides() -> None:
    owned = Origin(owner="ann@lab")
    with pytest.raises(Unreachable, match="gwas-37 is there; who is logged in"):
        seen(view(called()), owned, login=None)
    for known, origin in [
        ((called(), KNOWN), owned),
        ((called(),), UNKNOWN_ORIGIN),
        ((called(),), replace(MARKED, owner="ann@lab")),
    ]:
        assert not seen(view(*known), origin, login=None).strangers


@pytest.mark.parametrize(
    ("owner", "login"), [("ann@lab", "Ann Smith"), ("ann", "User: ann@lab"), ("ann@lab", "")]
)
@pytest.mark.parametrize("before", [called(), accepted(uid=None)])
def test_a_login_in_a_form_of_its_own_disowns_nothing(
    before: Attempt, owner: str, login: str
) -> None:
    assert not seen(view(before), Origin(owner=owner), login=login).strangers
    (stranger,) = seen(view(), Origin(owner=owner), login=login).strangers
    assert stranger.against == "whether that is you cannot be told"


def test_an_attempt_that_only_waits_for_its_name_is_no_stranger_s() -> None:
    known = view(failed(missed=1), reserved_after(failed()))
    assert seen(known, UNKNOWN_ORIGIN).strangers
    yes = seen(known, UNKNOWN_ORIGIN, yes=True).view.job("37").attempts
    assert [(each.number, each.uid, each.agreed) for each in yes] == [
        (1, "37.1", False),
        (2, "new", True),
    ]


# -- a name that is taken --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("known", "submit"),
    [
        pytest.param((), Submit("37", 1, why=Why.FIRST), id="never started"),
        pytest.param(
            (called(missed=3),), Submit("37", 1, called(missed=3)), id="called again in vain"
        ),
    ],
)
def test_a_submit_of_a_name_that_a_stranger_has_is_a_refusal_and_no_call(
    known: Sequence[Attempt], submit: Submit
) -> None:
    given = seen(view(*known), Origin(owner="bob@lab"), login="ann@lab").view
    given = View(view(*known).jobs, taken=given.taken)
    (step,) = plan(batch("37"), given, START, at(300), PATIENCE).actions
    assert isinstance(step, Refuse)
    assert step.submit == submit
    assert step.taker == (
        "a workload of bob@lab (Running): another person submitted it."
        ' If it is yours, "runbatch submit" without --yes asks. Choose another prefix, or delete'
        " that workload."
    )


def test_a_refusal_without_a_call_waits_for_no_name_and_is_not_mistaken_for_the_workload() -> None:
    taken = reserved(refusal="The name is taken")
    assert not taken.waiting_for_name
    assert not taken.holds_slot
    assert seen(view(taken), UNKNOWN_ORIGIN).strangers


# -- what is left alone ----------------------------------------------------------------------

FOREIGN = failed(agreed=True, origin=Origin(owner="bob@lab"))


def test_a_foreign_failure_is_not_followed_while_its_workload_is_there() -> None:
    named = Wish(start=True, rerun=rerun(view(FOREIGN), {"37"}))
    assert actions(view(FOREIGN), RETRY, 300) == ()
    assert actions(view(FOREIGN), named, 300) == ()
    assert next_retry_at(FOREIGN, RetryPolicy()) is None
    assert "runbatch delete --foreign makes room" in advised(FOREIGN, RetryPolicy())
    deleted = failed(agreed=True, delete_asked_at=at(9), missed=3)
    assert actions(view(deleted), RETRY, 300) == (Submit("37", 2, why=Why.RETRY),)
    assert actions(view(failed()), RETRY, 300) == (Reserve("37", 2, at(0), Why.RETRY),)
    gone = vanished(agreed=True)
    wish = Wish(start=True, stale=frozenset({gone.turn}))
    assert actions(view(gone), wish, 300) == (Submit("37", 2, why=Why.VANISHED),)


def test_room_is_not_made_where_a_foreign_workload_is() -> None:
    """The slot was taken by an older runbatch, which deleted those too."""
    waiting = reserved_after(FOREIGN)
    (step,) = actions(view(FOREIGN, waiting), RETRY, 300)
    assert isinstance(step, Release)


@pytest.mark.parametrize(
    "foreign", [FOREIGN, listed(agreed=True), listed(agreed=True, missed=1), failed(agreed=True)]
)
def test_what_agreed_is_deleted_only_with_foreign(foreign: Attempt) -> None:
    turns = frozenset({foreign.turn})
    assert actions(view(foreign), Wish(delete=turns, cut_off=True), 9) == ()
    wish = Wish(delete=turns, cut_off=True, foreign=True)
    assert actions(view(foreign), wish, 9) == (Delete(foreign),)


def test_delete_names_who_submitted_what_it_leaves_or_takes() -> None:
    known, owned = view(FOREIGN, failed("38"), failed("39", agreed=True)), batch("37", "38", "39")
    left = removal_of(owned, known, every=True)
    assert [each.key for each in left.going] == ["38"]
    assert removal_json(left, ())["leave"] == ["37", "39"]
    assert "not submitted by this ledger, but bob@lab did; see --foreign" in removal_text(left)
    taken = removal_of(owned, known, every=True, foreign=True)
    assert [each.key for each in taken.going] == ["37", "38", "39"]
    assert "This ledger did not submit 2 of them, but bob@lab did." in removal_question(taken)


def test_phases_are_named() -> None:
    shown = listing(observation(uid="x", stage=Stage.QUEUED))
    (stranger,) = looked(view(), shown, 30, claims=OURS).strangers
    assert stranger.description == "a workload (Pending): this ledger did not submit it"
