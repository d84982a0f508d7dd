"""What holds for any mix of attempts, any wish and any listing."""

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.unit.core.mixes import KEYS, listings, times, views, wishes
from tests.unit.core.values import PATIENCE, at, attempts_of, batch, looked, planned

from runbatch.core.actions import Action, Plan, Refuse, Release, Reserve, Submit
from runbatch.core.attempt import Attempt, Listing, Verdict
from runbatch.core.job import View
from runbatch.core.snapshot import snapshot_of

OWN = KEYS[:-1]
thoroughly = settings(max_examples=80, deadline=None, database=None, derandomize=True)


@thoroughly
@given(st.data(), views(), st.integers(1, 4), times)
def test_whatever_the_ledger_holds_a_plan_keeps_the_cap_and_doubles_no_job(
    data: st.DataObject, known: View, cap: int, seconds: int
) -> None:
    left = planned(known, data.draw(wishes(known)), seconds, of=batch(*OWN, cap=cap))
    slots = slots_after(known, left)
    assert len(slots) <= max(cap, len(known.in_flight))
    before = known.in_flight | known.leaving(PATIENCE.leaving_since(at(seconds)))
    occupied = slots | before
    assert len(occupied) <= max(cap, len(before))
    assert left.starved == 0 or len(occupied) >= cap
    assert not (left.done and left.actions)
    keys = [key_of(step) for step in left.actions]
    assert len(set(keys)) == len(keys)
    for step in left.actions:
        assert key_of(step) in OWN or isinstance(step, Release)
        check_number(known, step)
        check_name_is_free(known, step)


@thoroughly
@given(views(), listings(), times)
def test_whatever_is_listed_nothing_is_forgotten_and_no_slot_freed_without_evidence(
    known: View, answer: Listing, seconds: int
) -> None:
    learned = looked(known, answer, seconds)
    if not learned.view.trusted:
        assert learned.view.jobs == known.jobs
        return
    running = {each.name for each in answer.observations if not each.stage.ended}
    assert running <= {f"gwas-{key}" for key in learned.view.in_flight}
    after = {attempt.id: attempt for attempt in attempts_of(learned.view)}
    forgotten = {each.id for each in learned.forgotten}
    for before in attempts_of(known):
        if before.id in forgotten:
            check_forgotten(before, answer)
            continue
        check_slot(before, after[before.id], answer)
        if before.is_verdict(Verdict.SUCCEEDED):
            assert after[before.id].outcome == before.outcome

    taken = snapshot_of(batch(*OWN), learned.view, at(seconds))
    assert sum(taken.counts.values()) == len(taken.jobs)
    assert taken.in_flight == learned.view.slots

    shown = {each.uid for each in answer.observations}
    twice = looked(learned.view, answer, seconds)
    assert not [change for change in twice.changes if change.after.uid in shown]


def key_of(action: Action) -> str:
    if isinstance(action, Refuse):
        action = action.submit
    return action.key if isinstance(action, Submit | Reserve) else action.attempt.key


def slots_after(known: View, left: Plan) -> frozenset[str]:
    """The keys that hold a slot once the plan's actions have begun."""
    taken = {step.key for step in left.actions if isinstance(step, Submit | Reserve)}
    return known.in_flight | taken


def check_number(known: View, step: Action) -> None:
    """A step is about the newest attempt, or the one after it."""
    last = known.job(key_of(step)).last
    if isinstance(step, Submit) and step.instead_of is not None:
        assert step.instead_of == last
        assert step.number == last.number
    elif isinstance(step, Submit | Reserve):
        assert step.number == (last.number + 1 if last else 1)


def check_name_is_free(known: View, step: Action) -> None:
    """No submit while another attempt of the job holds a slot, or its workload is there."""
    if isinstance(step, Submit):
        others = [each for each in known.job(step.key).attempts if each.number != step.number]
        assert not any(other.holds_slot or other.listed for other in others)


def check_forgotten(before: Attempt, answer: Listing) -> None:
    """Only what no submit made, what is gone by several listings, and never the only attempt."""
    assert before.calls == 0
    assert before.number > 1
    assert before.missed >= 2
    assert not before.is_verdict(Verdict.SUCCEEDED)
    assert before.uid not in {each.uid for each in answer.observations}


def check_slot(before: Attempt, after: Attempt, answer: Listing) -> None:
    """A slot is held still, unless an end was shown, or three listings agree that it is gone."""
    if before.holds_slot and not after.holds_slot:
        ends = {each.uid for each in answer.observations if each.stage.ended}
        left_after_its_end = before.ended_at is not None and not after.listed
        assert after.uid in ends or left_after_its_end or after.missed == 3
