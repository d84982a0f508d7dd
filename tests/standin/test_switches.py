"""Every trouble, once: that it happens, when, how often, and what it leaves behind."""

import json
from collections.abc import Callable

import pytest
from tests.runai_standin import (
    Answer,
    Chatter,
    ClientHung,
    ClientKilled,
    Deed,
    Fault,
    Phase,
    Settings,
    StandIn,
    Switches,
    Trouble,
)
from tests.runai_standin.switches import switches_from_plain, switches_to_plain

from .conftest import A_DAY_S, MOUNTS, Make, listed, phases_by_name, submit

TAKEN = "Error: Workspace named 'gwas-1' already exists in the project\n"


def faulty(make: Make, *faults: Fault) -> StandIn:
    """Return a cluster with faults."""
    return make(switches=Switches(faults=faults))


def test_every_trouble_is_tested_here() -> None:
    with open(__file__, encoding="utf-8") as lines:  # noqa: PTH123 - a file beside this test
        text = lines.read()
    missing = [trouble.name for trouble in Trouble if f"Trouble.{trouble.name}" not in text]
    assert missing == []


@pytest.mark.parametrize(
    ("trouble", "text"),
    [
        (
            Trouble.NOT_LOGGED_IN,
            "Authentication failed. please log in with 'runai login'",
        ),
        (Trouble.LOGIN_EXPIRED, "Authentication failed. the token has expired"),
        (
            Trouble.DNS_FAILURE,
            "DNS lookup failed for 'runai.example.org': server misbehaving",
        ),
        (Trouble.BUSY, "503 Service Unavailable: Please try again in few minutes."),
        (Trouble.NO_PERMISSION, "403 Forbidden: insufficient permissions"),
        (Trouble.NO_SUCH_PROJECT, "project 'talmo-lab' was not found"),
        (
            Trouble.POLICY_REFUSAL,
            "The workload request does not comply with the policy set by the administrator",
        ),
        (Trouble.REFUSED, "500 Internal Server Error"),
        (
            Trouble.NAME_CONFLICT,
            "Workspace named 'gwas-1' already exists in the project",
        ),
    ],
)
def test_a_refused_submit_has_no_effect(make: Make, trouble: Trouble, text: str) -> None:
    standin = faulty(make, Fault(trouble))
    answer = submit(standin, "gwas-1")
    assert (answer.exit_code, answer.stdout, answer.stderr) == (1, "", f"Error: {text}\n")
    assert standin.truth().changes == ()
    assert [call.effect for call in standin.truth().calls] == ["none"]


@pytest.mark.parametrize("trouble", [Trouble.LOGIN_EXPIRED, Trouble.DNS_FAILURE, Trouble.BUSY])
def test_every_call_is_hit_but_for_those_that_need_no_cluster(make: Make, trouble: Trouble) -> None:
    standin = faulty(make, Fault(trouble))
    for words in ("whoami", "project list", "workspace list", "training logs a", "workload list"):
        assert standin.call(*words.split()).exit_code == 1
    assert standin.call("version").exit_code == 0


def test_a_window_opens_and_closes(make: Make) -> None:
    standin = faulty(make, Fault(Trouble.LOGIN_EXPIRED, from_s=100, until_s=200))
    codes = []
    for _ in range(4):
        codes.append(standin.call("whoami").exit_code)
        standin.advance(99.999 if len(codes) == 1 else 50.0005)  # 0, 99.999, 150, 200
    assert codes == [0, 0, 1, 0]


def test_a_rate_hits_about_that_share_and_the_same_ones_again(make: Make) -> None:
    faults = (Fault(Trouble.BUSY, rate=0.2, verbs=("list",)),)
    runs = []
    for _ in range(2):
        standin = make(Settings(seed=3), Switches(faults))
        runs.append([standin.call("workspace", "list").exit_code for _ in range(200)])
    assert runs[0] == runs[1]
    assert 20 <= runs[0].count(1) <= 60
    assert standin.call("whoami").exit_code == 0


def test_faults_can_be_about_verbs_numbers_and_names(make: Make) -> None:
    standin = faulty(
        make,
        Fault(Trouble.BUSY, verbs=("submit",), nth=(2,)),
        Fault(Trouble.REFUSED, nth=(6,), text="boom"),
        Fault(Trouble.NO_PERMISSION, names=("other-1", "gwas-2*")),
    )
    names = ("a", "b", "c", "other-1", "other-11", "d", "gwas-2", "gwas-21", "gwas-1")
    codes = [submit(standin, name).exit_code for name in names]
    assert codes == [0, 1, 0, 1, 0, 1, 1, 1, 0]
    assert standin.call("workspace", "list").exit_code == 0


def test_a_refusal_can_have_any_text(make: Make) -> None:
    answer = submit(faulty(make, Fault(Trouble.REFUSED, text="quota exceeded")), "gwas-1")
    assert answer.stderr == "Error: quota exceeded\n"


@pytest.mark.parametrize(
    ("fault", "text"),
    [
        (Fault(Trouble.LOST_ANSWER), "context deadline exceeded"),
        (Fault(Trouble.LOST_ANSWER, text="EOF"), "Error: EOF\n"),
        (Fault(Trouble.CONFLICT_WITH_ITSELF), TAKEN),
        (Fault(Trouble.FALSE_REFUSAL), "403 Forbidden"),
        (Fault(Trouble.FALSE_REFUSAL, text="against the policy"), "Error: against the policy\n"),
    ],
)
def test_an_error_does_not_mean_that_nothing_was_done(make: Make, fault: Fault, text: str) -> None:
    standin = faulty(make, fault)
    answer = submit(standin, "gwas-1")
    assert answer.exit_code == 1
    assert text in answer.stderr
    assert "Creating" not in answer.stdout
    assert phases_by_name(standin) == {"gwas-1": "Creating"}
    assert standin.truth().calls[0].effect.startswith("created ")


def test_a_lost_answer_of_a_refused_call_is_a_refusal(make: Make) -> None:
    standin = faulty(make, Fault(Trouble.LOST_ANSWER))
    assert submit(standin, "Not_A_Name").stderr.startswith("Error: The workload name must")


@pytest.mark.parametrize(("verb", "expected"), [("submit", {}), ("delete", {"gwas-1": "Creating"})])
def test_success_does_not_mean_that_something_was_done(
    make: Make, verb: str, expected: dict[str, str]
) -> None:
    trouble = Trouble.IDLE_DELETE if verb == "delete" else Trouble.NO_EFFECT
    standin = faulty(make, Fault(trouble))
    assert submit(standin, "gwas-1").exit_code == 0
    if verb == "delete":
        assert standin.call("workspace", "delete", "gwas-1").exit_code == 0
    assert phases_by_name(standin) == expected
    assert standin.truth().calls_of(verb)[0].effect == "none"


def test_a_list_can_be_empty(make: Make) -> None:
    standin = faulty(make, Fault(Trouble.EMPTY_LIST, until_s=10))
    submit(standin, "gwas-1")
    answer = standin.call("workspace", "list", "--json")
    assert (answer.exit_code, json.loads(answer.stdout)) == (0, {"workloads": []})
    assert standin.call("workspace", "describe", "gwas-1").exit_code == 0
    standin.advance(10)
    assert set(phases_by_name(standin)) == {"gwas-1"}


def test_a_list_can_be_cut(make: Make) -> None:
    standin = faulty(make, Fault(Trouble.CUT_LIST))
    submit(standin, "gwas-1")
    answer = standin.call("workspace", "list", "--json")
    assert answer.exit_code == 0
    assert answer.stdout.startswith('{"workloads": [{"id"')
    with pytest.raises(json.JSONDecodeError):
        json.loads(answer.stdout)


def test_a_list_can_be_stale(make: Make) -> None:
    standin = faulty(make, Fault(Trouble.STALE_LIST, seconds=60, from_s=200))
    submit(standin, "gwas-1")
    standin.advance(150)
    assert phases_by_name(standin) == {"gwas-1": "Running"}
    standin.call("workspace", "delete", "gwas-1")
    standin.advance(45)
    submit(standin, "gwas-2")
    standin.advance(10)
    assert set(standin.truth().live()) == {"gwas-2"}
    assert phases_by_name(standin) == {"gwas-1": "Running"}
    standin.advance(60)
    assert set(phases_by_name(standin)) == {"gwas-2"}


def test_new_workloads_can_be_invisible_for_a_while(make: Make) -> None:
    standin = faulty(make, Fault(Trouble.LIST_LAG, seconds=30))
    submit(standin, "gwas-1")
    standin.advance(29)
    assert phases_by_name(standin) == {}
    assert standin.call("workspace", "delete", "gwas-1").exit_code == 1
    assert submit(standin, "gwas-1").stderr == TAKEN, "the name is taken though it is not shown"
    standin.advance(1)
    assert set(phases_by_name(standin)) == {"gwas-1"}


def test_some_rows_can_show_words_that_nobody_knows(make: Make) -> None:
    standin = faulty(make, Fault(Trouble.ODD_PHASE, rate=0.3, text="Frobnicating"))
    for key in range(50):
        submit(standin, f"gwas-{key}")
    first, second = phases_by_name(standin), phases_by_name(standin)
    assert 5 <= list(first.values()).count("Frobnicating") <= 25
    assert first != second
    assert set(standin.truth().live().values()) == {Phase.CREATING}


@pytest.mark.parametrize(
    ("trouble", "shown"),
    [
        pytest.param(Trouble.OTHER_ID, (False,), id="another id"),
        pytest.param(Trouble.NO_ID, (None,), id="no id"),
        pytest.param(Trouble.TWO_IDS, (False, True), id="another id, and its own"),
    ],
)
def test_some_rows_can_lack_their_own_id(
    make: Make, trouble: Trouble, shown: tuple[bool | None, ...]
) -> None:
    standin = faulty(make, Fault(trouble, rate=0.3))
    for key in range(50):
        submit(standin, f"gwas-{key}")
    own = {each.name: each.uid for each in standin.truth().workloads}
    ids: dict[str, list[bool | None]] = {}
    for row in listed(standin):
        is_own = None if row["id"] is None else row["id"] == own[row["name"]]
        ids.setdefault(row["name"], []).append(is_own)
    found = [tuple(each) for each in ids.values()]
    assert 5 <= found.count(shown) <= 25
    assert set(found) == {shown, (True,)}


def test_a_plot_can_show_a_word_for_a_while(make: Make) -> None:
    standin = make()
    submit(standin, "gwas-1")
    standin.do(Deed.SHOW, "gwas-1", word="Unknown", seconds=10)
    assert phases_by_name(standin) == {"gwas-1": "Unknown"}
    standin.advance(10)
    assert phases_by_name(standin) != {"gwas-1": "Unknown"}


def test_logs_can_be_gone_once_a_workload_has_ended(make: Make) -> None:
    standin = faulty(make, Fault(Trouble.NO_LOGS))
    submit(standin, "gwas-1")
    standin.advance(100)
    assert standin.call("workspace", "logs", "gwas-1").exit_code == 0
    standin.advance(A_DAY_S)
    answer = standin.call("workspace", "logs", "gwas-1")
    assert answer.exit_code == 1
    assert answer.stderr.startswith("Error: unable to retrieve container logs for containerd://")


@pytest.mark.parametrize(
    ("trouble", "problem", "done"),
    [
        (Trouble.HANG_BEFORE, ClientHung, 0),
        (Trouble.HANG_AFTER, ClientHung, 1),
        (Trouble.KILL_CLIENT_BEFORE, ClientKilled, 0),
        (Trouble.KILL_CLIENT_AFTER, ClientKilled, 1),
    ],
)
def test_a_call_may_never_answer(
    make: Make, trouble: Trouble, problem: type[BaseException], done: int
) -> None:
    standin = faulty(make, Fault(trouble, verbs=("submit",), nth=(2,), seconds=5))
    submit(standin, "gwas-0")
    with pytest.raises(problem):
        submit(standin, "gwas-1")
    assert standin.truth().created("gwas-1") == done
    submit(standin, "gwas-2")
    assert len(standin.truth().live()) == 2 + done


def test_a_deletion_can_take_long_or_forever_or_be_refused(make: Make) -> None:
    standin = faulty(
        make,
        Fault(Trouble.SLOW_DELETE, seconds=600, names=("slow",)),
        Fault(Trouble.STUCK_DELETE, names=("stuck",)),
        Fault(Trouble.REFUSED, verbs=("delete",), names=("refused",)),
    )
    names = ("slow", "stuck", "refused", "usual")
    for name in names:
        submit(standin, name)
    codes = [standin.call("workspace", "delete", name).exit_code for name in names]
    assert codes == [0, 0, 1, 0]
    standin.advance(600)
    assert set(phases_by_name(standin)) == {"slow", "stuck", "refused"}
    standin.advance(A_DAY_S)
    assert phases_by_name(standin) == {"stuck": "Deleting", "refused": "Completed"}


def test_a_site_may_want_node_pools(make: Make) -> None:
    standin = make(switches=Switches(node_pools_needed=True))
    submit(standin, "gwas-1")
    submit(standin, "gwas-2", "--node-pools", "default")
    standin.advance(A_DAY_S)
    assert phases_by_name(standin) == {"gwas-1": "Pending", "gwas-2": "Completed"}


@pytest.mark.parametrize(
    ("trouble", "phase", "reason"),
    [
        (Trouble.STUCK_PENDING, "Pending", "Unschedulable"),
        (Trouble.STUCK_INITIALIZING, "Initializing", "CreateContainerError"),
    ],
)
def test_a_workload_can_be_stuck(make: Make, trouble: Trouble, phase: str, reason: str) -> None:
    standin = faulty(make, Fault(trouble, names=("gwas-1",)))
    submit(standin, "gwas-1")
    submit(standin, "gwas-2")
    standin.advance(A_DAY_S)
    assert phases_by_name(standin) == {"gwas-1": phase, "gwas-2": "Completed"}
    assert reason in standin.call("workspace", "describe", "gwas-1").stdout
    assert standin.call("workspace", "delete", "gwas-1").exit_code == 0
    standin.advance(60)
    assert set(phases_by_name(standin)) == {"gwas-2"}


def test_the_table_of_a_node_can_be_full_for_a_while(make: Make) -> None:
    pinned = {"gwas-1": "gpu-node1", "gwas-2": "gpu-node10", "gwas-3": "gpu-node1"}
    settings = Settings(nodes=10, pinned=pinned)
    fault = Fault(Trouble.FULL_NODE, names=("gpu-node1",), until_s=A_DAY_S)
    standin = make(settings, Switches(faults=(fault,)))
    submit(standin, "gwas-1", *MOUNTS)
    submit(standin, "gwas-2", *MOUNTS)
    standin.advance(A_DAY_S)
    submit(standin, "gwas-3", *MOUNTS)
    standin.advance(A_DAY_S)
    assert phases_by_name(standin) == {
        "gwas-1": "Failed",
        "gwas-2": "Completed",
        "gwas-3": "Completed",
    }
    assert standin.truth().exit_codes("gwas-1") == [2]


def test_mounts_can_be_missing_on_any_start(make: Make) -> None:
    standin = faulty(make, Fault(Trouble.MOUNT_RACE, rate=0.3))
    for key in range(50):
        submit(standin, f"gwas-{key}", *MOUNTS)
    standin.advance(A_DAY_S)
    assert 5 <= list(phases_by_name(standin).values()).count("Failed") <= 25


def test_preemptible_workloads_can_be_evicted(make: Make) -> None:
    standin = faulty(make, Fault(Trouble.PREEMPTION, until_s=60))
    submit(standin, "gwas-1", noun="training")
    submit(standin, "gwas-2")
    standin.advance(A_DAY_S)
    truth = standin.truth()
    assert truth.phases("gwas-1").count(Phase.PENDING) == 2
    assert truth.exit_codes("gwas-1") == [None, 0]
    assert truth.exit_codes("gwas-2") == [0]


def test_a_workload_can_be_evicted_for_good(make: Make) -> None:
    standin = faulty(make, Fault(Trouble.EVICTION))
    submit(standin, "gwas-1")
    standin.advance(A_DAY_S)
    assert phases_by_name(standin) == {"gwas-1": "Failed"}
    assert standin.truth().exit_codes("gwas-1") == [None]
    assert "Evicted" in standin.call("workspace", "describe", "gwas-1").stdout


def test_a_time_limit_can_stop_a_workload(make: Make) -> None:
    standin = faulty(make, Fault(Trouble.STOPPED))
    submit(standin, "gwas-1")
    standin.advance(A_DAY_S)
    assert phases_by_name(standin) == {"gwas-1": "Stopped"}
    assert "WorkloadTimeoutReached" in standin.call("workspace", "describe", "gwas-1").stdout


def test_a_workload_can_be_degraded_for_a_while(make: Make) -> None:
    standin = faulty(make, Fault(Trouble.DEGRADED, seconds=20))
    submit(standin, "gwas-1")
    standin.advance(A_DAY_S)
    history = standin.truth().history("gwas-1")[3:]
    assert [phase.value for _, _, phase in history] == [
        "Running",
        "Degraded",
        "Running",
        "Completed",
    ]
    assert history[2][0] - history[1][0] == pytest.approx(20)


@pytest.mark.parametrize(
    ("chatter", "stream"),
    [
        (Chatter.STDOUT, lambda answer: answer.stdout),
        (Chatter.STDERR, lambda answer: answer.stderr),
    ],
)
def test_notices_can_stand_before_an_answer(
    make: Make, chatter: Chatter, stream: Callable[[Answer], str]
) -> None:
    standin = make(switches=Switches(chatter=chatter))
    answer = standin.call("workspace", "list", "--json")
    assert stream(answer).startswith("A new version (v2.25.31) is available.\n")
    assert json.loads(answer.stdout[answer.stdout.index("{") :]) == {"workloads": []}


def test_switches_can_be_thrown_in_between_and_are_kept(make: Make) -> None:
    standin = make()
    submit(standin, "gwas-1")
    switches = Switches(faults=(Fault(Trouble.BUSY, nth=(7, 8), names=("a",), verbs=("list",)),))
    standin.switch(switches)
    assert StandIn(standin.folder).switches == switches
    assert switches_from_plain(json.loads(json.dumps(switches_to_plain(switches)))) == switches
    assert len(listed(standin)) == 1
