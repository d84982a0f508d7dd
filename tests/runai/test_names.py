"""Whose a name is: one that is taken, by one of ours or by somebody else; and the project's."""

import json
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
from tests.runai.conftest import MakeRig
from tests.runai.rig import PACE, QUICK, Rewriting, forbidden
from tests.runai.test_pure import WORKLOAD
from tests.runai_standin import Fault, Settings, Switches, Trouble

from runbatch.clusters.runai.cluster import RunaiCluster
from runbatch.clusters.shell.program import Reply
from runbatch.core.errors import ClusterError, Denied, NameTaken, Unreachable
from runbatch.core.job import State
from runbatch.core.wish import Wish
from runbatch.runner import Ears, Runner
from runbatch.views.removal import removal_of

OURS = {"name": "gwas-37", "id": "u", "projectName": "lab", "type": "Workspace", "phase": "Failed"}
THEIRS = {**OURS, "id": "v", "type": "Training", "submittedBy": "a@lab"}
DELETED = {"deletedAt": "2026-01-05T09:30:00Z"}


@pytest.mark.parametrize(
    ("rows", "kind"),
    [
        pytest.param([OURS], NameTaken, id="ours, which will be listed"),
        pytest.param([OURS | DELETED], NameTaken, id="ours, which leaves"),
        pytest.param([THEIRS | DELETED], NameTaken, id="somebody else's, which leaves"),
        pytest.param([], NameTaken, id="nobody's that is listed"),
        pytest.param([{**THEIRS, "name": "gwas-38"}], NameTaken, id="another name"),
        pytest.param([THEIRS], Denied, id="somebody else's"),
        pytest.param([OURS | DELETED, THEIRS], Denied, id="somebody else's, ours long gone"),
        pytest.param([THEIRS | DELETED, OURS], NameTaken, id="ours, somebody else's long gone"),
    ],
)
def test_only_a_name_that_somebody_else_keeps_is_denied(
    rows: list[dict[str, Any]], kind: type[ClusterError]
) -> None:
    def runai(words: Sequence[str], limit_s: float) -> Reply:
        if words == ["version"]:
            return Reply(0, "2.23.1", "")
        if "list" in words:
            return Reply(0, json.dumps({"workloads": rows}), "")
        return Reply(1, "", "Error: workload gwas-37 already exists")

    with pytest.raises(ClusterError) as told:
        RunaiCluster("lab", "workspace", execute=runai).submit(WORKLOAD)
    assert type(told.value) is kind
    assert ("a Training of a@lab" in str(told.value)) == (kind is Denied)


def test_a_retry_outlasts_its_old_workload_that_leaves_and_is_said_to_be_deleted(
    make: MakeRig,
) -> None:
    def deleted(row: dict[str, Any]) -> None:
        if row["phase"] == "Deleting":
            row |= DELETED

    slow = Switches(faults=(Fault(Trouble.SLOW_DELETE, seconds=600),))
    settings = Settings(delays=replace(QUICK, running=(20, 40)), outcomes={"gwas-3": (2, 0)})
    rig = make(last=2, cap=2, settings=settings, switches=slow)
    rig.run()
    with rig.ledger() as ledger:
        execute = Rewriting(rig, deleted)
        cluster = RunaiCluster("talmo-lab", "workspace", execute=execute, kubectl=forbidden)
        ears = Ears(event=rig.said.append)
        wish = Wish(retry=True)
        after = Runner(rig.batch, cluster, ledger, wish, rig.clock, PACE, ears=ears).run("retry")
    assert any("the name is taken" in text for text in rig.lines("TROUBLE"))
    assert not rig.lines("REFUSED")
    assert after.counts[State.SUCCEEDED] == 2
    assert rig.standin.truth().overlapping(rig.is_ours) == set()


COLLEAGUE = ("-e", "RUNBATCH_PREFIX=gwas", "-e", "RUNBATCH_KEY=3", "-e", "RUNBATCH_BATCH=theirs")
OTHER_BATCH = ("-e", "RUNBATCH_PREFIX=gwas-x", "-e", "RUNBATCH_KEY=3")


@pytest.mark.parametrize(
    ("words", "owner", "is_listed", "why"),
    [
        (COLLEAGUE, "other", True, "another person submitted it"),
        (COLLEAGUE, "other", False, "another person submitted it"),
        (COLLEAGUE, "batch", True, "another ledger submitted it"),
        (OTHER_BATCH, "batch", True, "it says that it is job 3 of the batch gwas-x"),
        ((), "other", True, "another person submitted it"),
        ((), "batch", False, "this ledger did not submit it"),
    ],
)
def test_a_job_whose_name_is_another_s_is_refused_and_all_others_run(
    make: MakeRig, words: Sequence[str], owner: str, is_listed: bool, why: str
) -> None:
    rig = make(last=4, cap=2, switches=Switches(list_environment=is_listed))
    rig.says_yes = False
    base = ("workspace", "submit", "gwas-3", "-p", "talmo-lab", "-i", "x:1")
    rig.standin.call(*base, *words, owner=owner)
    after = rig.run()
    assert after.counts[State.SUCCEEDED] == 3
    (refused,) = rig.lines("REFUSED")
    assert f"(Creating): {why}" in refused or f"(Pending): {why}" in refused
    assert not rig.lines("ADOPT")
    called = [call.name for call in rig.standin.truth().calls_of("submit")]
    assert called.count("gwas-3") == 1, "the one that is not ours"
    with rig.ledger() as ledger:
        removal = removal_of(rig.batch, ledger.view(), every=True)
    rig.run(Wish(delete=removal.turns, cut_off=True))
    assert list(rig.standin.truth().live(rig.is_ours)) == ["gwas-3"]


def test_an_answer_that_was_lost_needs_no_question_whatever_is_listed(make: MakeRig) -> None:
    for is_listed in (True, False):
        lost = Fault(Trouble.LOST_ANSWER, rate=1.0, until_s=60)
        rig = make(last=2, cap=1, switches=Switches(faults=(lost,), list_environment=is_listed))
        rig.says_yes = False
        assert rig.run().counts[State.SUCCEEDED] == 2
        assert not rig.lines("REFUSED")


@pytest.mark.parametrize(
    ("answers", "logins"),
    [
        pytest.param([Reply(0, "User: Ann@lab\n", "")], ["User: Ann@lab"] * 4, id="at once"),
        pytest.param([Reply(0, "", "")], [""] * 4, id="it prints nothing"),
        pytest.param(
            [Reply(1, "", "whoami: what is that?")] * 3, [None, None, "", ""], id="it never tells"
        ),
        pytest.param(
            [Reply(1, "", "service unavailable")] * 3 + [Reply(0, "Ann@lab", "")],
            [None, None, None, "Ann@lab"],
            id="it is busy for long",
        ),
    ],
)
def test_who_is_logged_in_is_asked_until_it_is_told_and_holds_up_no_listing(
    answers: list[Reply], logins: list[str | None]
) -> None:
    left = iter(answers)

    def runai(words: Sequence[str], limit_s: float) -> Reply:
        if words == ["version"]:
            return Reply(0, "2.23.1", "")
        if "list" in words:
            return Reply(0, json.dumps({"workloads": [OURS | {"submittedBy": "Ann@lab"}]}), "")
        return next(left)

    cluster = RunaiCluster("lab", "workspace", execute=runai)
    assert [cluster.list("gwas").login for _ in logins] == logins
    assert next(left, None) is None
    assert cluster.list("other").login == "", "nobody is asked where nothing has an owner"


TABLE = " Name      GPU Quota\n {}   2.00\n talmo-lab   2.00\n"


@pytest.mark.parametrize(
    ("text", "is_seen"),
    [
        ('{"projects": [{"name": "talmo-lab"}, {"name": "lab"}]}', True),
        ('{"projects": [{"name": "talmo-lab"}, {"name": "lab-2"}, {"name": "my.lab"}]}', False),
        ('{"projects": [{"name": "talmo-lab", "departmentName": "lab"}]}', False),
        ('{"projects": [], "next": null}', False),
        ('[{"name": "lab"}]', True),
        ('{"items": [{"metadata": {"name": "lab"}}]}', True),
        ('A newer version is there.\n{"projects": [{"name": "lab"}]}', True),
        ('{"allProjects": [{"title": "lab"}]}', True),
        ('{"allProjects": [{"title": "talmo-lab"}]}', False),
        ('[{"project": "lab"}]', True),
        (TABLE.format("lab"), True),
        (TABLE.format("lab_2"), False),
        ("", False),
    ],
)
def test_nothing_listed_is_believed_only_where_the_very_project_is_seen(
    text: str, is_seen: bool
) -> None:
    def runai(words: Sequence[str], limit_s: float) -> Reply:
        if words == ["version"]:
            return Reply(0, "2.23.1", "")
        return Reply(0, text if "project" in words else "[]", "")

    cluster = RunaiCluster("lab", "workspace", execute=runai)
    if is_seen:
        assert not cluster.list("gwas").proves_absence
        return
    with pytest.raises(Unreachable, match="the project lab cannot be seen"):
        cluster.list("gwas")
