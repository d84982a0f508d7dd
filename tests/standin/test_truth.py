"""The record of what really happened."""

from tests.runai_standin import Change, Delays, Others, Phase, Settings, Truth

from .conftest import Make, submit


def changes(*lines: tuple[str, str, Phase]) -> Truth:
    """Return a truth of (uid, name, phase), a second apart."""
    made = [
        Change(float(at_s), uid, name, "talmo-lab", "batch", phase)
        for at_s, (uid, name, phase) in enumerate(lines)
    ]
    return Truth(tuple(made), (), ())


def test_active_is_every_phase_but_the_ended_ones_and_gone() -> None:
    truth = changes(
        ("1", "a", Phase.CREATING),
        ("2", "b", Phase.STOPPED),
        ("1", "a", Phase.COMPLETED),
        ("3", "c", Phase.DEGRADED),
        ("2", "b", Phase.GONE),
        ("4", "d", Phase.PENDING),
    )
    assert truth.max_active() == 2
    assert truth.max_active(lambda name: name in "cd") == 2
    assert truth.max_active(lambda name: name in "ad") == 1


def test_an_ended_workload_that_is_deleted_holds_its_name_only() -> None:
    truth = changes(
        ("1", "a", Phase.FAILED),
        ("2", "b", Phase.RUNNING),
        ("1", "a", Phase.DELETING),
        ("2", "b", Phase.DELETING),
    )
    assert truth.max_active() == 2
    assert truth.max_active(ended_deleting=False) == 1


def test_two_workloads_of_one_name_overlap_until_the_first_is_gone() -> None:
    first = [("1", "a", Phase.RUNNING), ("1", "a", Phase.DELETING)]
    gone, second = ("1", "a", Phase.GONE), ("2", "a", Phase.CREATING)
    assert changes(*first, gone, second).overlapping() == set()
    assert changes(*first, second, gone).overlapping() == {"a"}


def test_the_record_tells_the_batch_from_other_people(make: Make) -> None:
    standin = make(Settings(others=Others(running=5)))
    submit(standin, "gwas-1")
    standin.call("workspace", "submit", "theirs", "-i", "x:1", owner="other")
    standin.advance(100)
    truth = standin.truth()
    assert truth.names() == {"gwas-1"}
    assert truth.max_active() == 1
    assert truth.max_active(lambda _name: True) == 7
    assert truth.live() == {"gwas-1": Phase.RUNNING}


def test_calls_are_recorded_with_their_effect(make: Make) -> None:
    standin = make(Settings(call_s=2.0))
    submit(standin, "gwas-1")
    standin.call("workspace", "list")
    standin.call("workspace", "delete", "gwas-1")
    standin.call("workspace", "delete", "gwas-2")
    (uid,) = {change.uid for change in standin.truth().changes}
    calls = standin.truth().calls
    assert [call.effect for call in calls] == [f"created {uid}", "", f"deleted {uid}", "none"]
    assert [call.exit_code for call in calls] == [0, 0, 0, 1]
    assert [call.at_s for call in calls] == [2.0, 4.0, 6.0, 8.0]
    assert [call.name for call in standin.truth().calls_of("delete")] == ["gwas-1", "gwas-2"]
    assert calls[1].argv == ("workspace", "list")


def test_settings_survive_the_folder(make: Make) -> None:
    settings = Settings(
        epoch_s=0.0,
        delays=Delays(creating=(7, 7)),
        others=Others(names=("x-{n}",)),
        outcome_rates={2: 0.5},
        outcomes={"a": (1, 2)},
    )
    kept = make(settings).settings
    assert kept.delays == settings.delays
    assert kept.others == settings.others
    assert kept.outcome_rates == {2: 0.5}
    assert tuple(kept.outcomes["a"]) == (1, 2)
