"""From evidence to a verdict, and from a verdict to a retry and to advice."""

from datetime import timedelta
from typing import Any

import pytest
from tests.unit.core.values import (
    BROKEN,
    CONFIGURATION,
    MOUNT,
    advised,
    at,
    failed,
    listed,
    refused,
    succeeded,
    vanished,
)

from runbatch.core.attempt import Attempt, Cause, Evidence, Outcome, Verdict
from runbatch.core.errors import BatchError
from runbatch.core.failure import RULES, RetryPolicy, judge, next_retry_at, rule_for

POLICY = RetryPolicy()


def test_the_clusters_word_for_the_exit_code_counts_more_than_the_logs() -> None:
    assert Evidence(exit_code=0, logged_code=1).known_code == 0
    assert Evidence(logged_code=1).known_code == 1
    assert Evidence().known_code is None


def test_evidence_is_told_by_whom_it_is_from() -> None:
    told = [
        Evidence(),
        Evidence(marker="m"),
        Evidence(logged_code=1, marker="m"),
        Evidence(exit_code=1, cause=Cause.SIGNAL, reason="Error"),
        Evidence(logged_code=1, cause=Cause.OUT_OF_MEMORY),
    ]
    assert [each.strength for each in told] == [0, 1, 2, 3, 4]


LINE = "INFRASTRUCTURE MOUNT FAILURE: /data is not a mount point"
LOST = Evidence(cause=Cause.NODE, reason="NodeLost")
NOTHING = Outcome(Verdict.UNDETERMINED, "no exit code, no marker in the log")
KILLED: dict[str, Any] = {"cause": Cause.SIGNAL, "reason": "killed by signal 9"}
NO_MEMORY: dict[str, Any] = {"cause": Cause.OUT_OF_MEMORY, "reason": "OOMKilled"}


@pytest.mark.parametrize(
    ("evidence", "verdict", "source"),
    [
        pytest.param(Evidence(exit_code=2), Verdict.MOUNT_FAILURE, "exit code 2", id="exit 2"),
        pytest.param(
            Evidence(exit_code=1), Verdict.CONFIGURATION_ERROR, "exit code 1", id="exit 1"
        ),
        pytest.param(Evidence(exit_code=137), Verdict.OUT_OF_MEMORY, "exit code 137", id="137"),
        pytest.param(Evidence(exit_code=3), Verdict.FAILED, "exit code 3", id="the analysis"),
        pytest.param(Evidence(exit_code=255), Verdict.FAILED, "exit code 255", id="exit 255"),
        pytest.param(
            Evidence(exit_code=0), Verdict.FAILED, "exit code 0", id="exit 0, yet said to fail"
        ),
        pytest.param(
            Evidence(exit_code=137, **KILLED),
            Verdict.FAILED,
            "exit code 137, killed by signal 9",
            id="killed, and the cluster says by what: it need not be for want of memory",
        ),
        pytest.param(
            Evidence(exit_code=137, reason="Error"),
            Verdict.OUT_OF_MEMORY,
            "exit code 137, Error",
            id="137, and a reason that tells nothing",
        ),
        pytest.param(
            Evidence(exit_code=2, mounts_held=True),
            Verdict.FAILED,
            "exit code 2; no mount of it was missing",
            id="exit 2 of argparse, bash or grep: the mounts were there, or there are none",
        ),
        pytest.param(
            Evidence(logged_code=2, mounts_held=True),
            Verdict.FAILED,
            "exit code 2, says the log's last line; no mount of it was missing",
            id="the same, told by the log",
        ),
        pytest.param(
            Evidence(exit_code=2, mounts_held=True, marker=LINE),
            Verdict.MOUNT_FAILURE,
            "exit code 2",
            id="exit 2 of a job that lost a mount later, and says so",
        ),
        pytest.param(
            Evidence(exit_code=2, mounts_held=False),
            Verdict.MOUNT_FAILURE,
            "exit code 2",
            id="exit 2, and a mount was missing",
        ),
        pytest.param(
            Evidence(exit_code=143, cause=Cause.SIGNAL, reason="killed by signal 15"),
            Verdict.FAILED,
            "exit code 143, killed by signal 15",
            id="killed by signal 15",
        ),
        pytest.param(
            Evidence(**NO_MEMORY),
            Verdict.OUT_OF_MEMORY,
            "reason: OOMKilled",
            id="OOMKilled, no exit code",
        ),
        pytest.param(
            Evidence(logged_code=1),
            Verdict.CONFIGURATION_ERROR,
            "exit code 1, says the log's last line",
            id="the log says 1",
        ),
        pytest.param(
            Evidence(logged_code=2, marker=LINE),
            Verdict.MOUNT_FAILURE,
            "exit code 2, says the log's last line",
            id="the log says 2, and why",
        ),
        pytest.param(
            Evidence(logged_code=1, marker=LINE),
            Verdict.CONFIGURATION_ERROR,
            f"exit code 1, says the log's last line; it outranks the log line {LINE!r}",
            id="the log's last word outranks an earlier one",
        ),
        pytest.param(
            Evidence(logged_code=0),
            Verdict.FAILED,
            "exit code 0, says the log's last line",
            id="the log says 0, yet the cluster that it failed",
        ),
        pytest.param(
            Evidence(exit_code=1, logged_code=2),
            Verdict.CONFIGURATION_ERROR,
            "exit code 1",
            id="the cluster's word outranks the log's",
        ),
        pytest.param(
            Evidence(**NO_MEMORY, logged_code=2),
            Verdict.OUT_OF_MEMORY,
            "reason: OOMKilled",
            id="and so does its reason",
        ),
        pytest.param(
            Evidence(**NO_MEMORY, marker=LINE),
            Verdict.OUT_OF_MEMORY,
            "reason: OOMKilled",
            id="OOMKilled is the cluster's word, and outranks a log line",
        ),
        pytest.param(
            Evidence(exit_code=1, **NO_MEMORY),
            Verdict.OUT_OF_MEMORY,
            "exit code 1, OOMKilled",
            id="OOMKilled, whatever code the shell around it made of that",
        ),
        pytest.param(
            Evidence(exit_code=2, **NO_MEMORY),
            Verdict.OUT_OF_MEMORY,
            "exit code 2, OOMKilled",
            id="OOMKilled with the code of a mount failure is not retried",
        ),
        pytest.param(
            Evidence(marker=LINE), Verdict.MOUNT_FAILURE, f"log: {LINE}", id="a marker alone"
        ),
        pytest.param(
            Evidence(reason="Error", marker=LINE),
            Verdict.MOUNT_FAILURE,
            f"log: {LINE}",
            id="a marker, and a reason that tells nothing",
        ),
        pytest.param(
            Evidence(exit_code=2, marker=LINE),
            Verdict.MOUNT_FAILURE,
            "exit code 2",
            id="exit 2, and the marker agrees",
        ),
        pytest.param(
            Evidence(exit_code=1, marker=LINE),
            Verdict.CONFIGURATION_ERROR,
            f"exit code 1; it outranks the log line {LINE!r}",
            id="exit 1 outranks the marker",
        ),
        pytest.param(
            Evidence(exit_code=137, **KILLED, marker=LINE),
            Verdict.FAILED,
            f"exit code 137, killed by signal 9; it outranks the log line {LINE!r}",
            id="137 outranks the marker",
        ),
        pytest.param(
            Evidence(exit_code=3, marker=LINE),
            Verdict.FAILED,
            f"exit code 3; it outranks the log line {LINE!r}",
            id="any known exit code outranks the marker",
        ),
        pytest.param(Evidence(), NOTHING.verdict, NOTHING.source, id="nothing is known"),
        pytest.param(
            Evidence(reason="Error", node="gpu-node5"),
            NOTHING.verdict,
            NOTHING.source,
            id="a reason that tells nothing",
        ),
        pytest.param(
            Evidence(events=("Pulled", "BackOff"), memory_event="OOMKilled: job"),
            Verdict.OUT_OF_MEMORY,
            "event: OOMKilled: job",
            id="an event says OOMKilled",
        ),
        pytest.param(
            Evidence(memory_event="OOMKilled: job", marker=LINE),
            Verdict.MOUNT_FAILURE,
            f"log: {LINE}",
            id="the marker outranks events",
        ),
        pytest.param(
            Evidence(events=("FailedMount: /data", "Started", "BackOff")),
            Verdict.UNDETERMINED,
            f"{NOTHING.source}; last event: BackOff",
            id="an event that speaks of a mount makes no mount failure: it may have come back",
        ),
    ],
)
def test_the_verdict_on_a_failure(evidence: Evidence, verdict: Verdict, source: str) -> None:
    assert judge(evidence, POLICY) == Outcome(verdict, source)


def ended(cause: Cause, word: str | None = None, **changes: Any) -> Evidence:
    return Evidence(cause=cause, reason=word, **changes)


@pytest.mark.parametrize(
    ("evidence", "verdict", "source"),
    [
        pytest.param(
            ended(Cause.CANCELLED, "CANCELLED by 1000", exit_code=2),
            Verdict.CANCELLED,
            "exit code 2, CANCELLED by 1000",
            id="who was cancelled may end with any code",
        ),
        pytest.param(
            ended(Cause.TIME_LIMIT, "TIMEOUT", exit_code=0),
            Verdict.TIME_LIMIT,
            "exit code 0, TIMEOUT",
            id="a time limit, and the exit code of a tidy end",
        ),
        pytest.param(
            ended(Cause.TIME_LIMIT, "TIMEOUT", logged_code=1),
            Verdict.TIME_LIMIT,
            "reason: TIMEOUT",
            id="a time limit, which the log took for an error",
        ),
        pytest.param(
            ended(Cause.NODE, "NodeLost", logged_code=1, marker=LINE),
            Verdict.INFRASTRUCTURE_FAILURE,
            "reason: NodeLost",
            id="a lost node",
        ),
        pytest.param(
            ended(Cause.NODE, "NodeLost", exit_code=2, mounts_held=True),
            Verdict.INFRASTRUCTURE_FAILURE,
            "exit code 2, NodeLost",
            id="a lost node, and the 2 of wrong usage",
        ),
        pytest.param(
            ended(Cause.LAUNCH, "StartError", exit_code=128),
            Verdict.INFRASTRUCTURE_FAILURE,
            "exit code 128, StartError",
            id="a container that could not be started",
        ),
        pytest.param(
            ended(Cause.PREEMPTED, "Evicted", exit_code=137),
            Verdict.INFRASTRUCTURE_FAILURE,
            "exit code 137, Evicted",
            id="the 137 of an eviction is no want of memory",
        ),
        pytest.param(
            ended(Cause.PREEMPTED),
            Verdict.INFRASTRUCTURE_FAILURE,
            "reason: preempted",
            id="a cluster without a word for it",
        ),
        pytest.param(
            ended(Cause.EXIT, exit_code=137),
            Verdict.FAILED,
            "exit code 137",
            id="137, and the cluster says that nobody killed it",
        ),
        pytest.param(
            ended(Cause.EXIT),
            Verdict.UNDETERMINED,
            NOTHING.source,
            id="it ended by itself, and nobody knows how",
        ),
    ],
)
def test_what_ended_it_outranks_the_exit_code_that_came_of_it(
    evidence: Evidence, verdict: Verdict, source: str
) -> None:
    assert judge(evidence, POLICY) == Outcome(verdict, source)


# For each rule in its order: what makes it hold, beside all that makes each later one hold.
ALL: dict[str, Any] = {"exit_code": 2, "marker": LINE, "memory_event": "OOMKilled", "cause": None}
IN_ORDER: list[tuple[str, dict[str, Any]]] = [
    ("the cluster says that somebody cancelled it", {"cause": Cause.CANCELLED}),
    ("the cluster says that its time was over", {"cause": Cause.TIME_LIMIT}),
    ("the cluster says that it had no memory left", {"cause": Cause.OUT_OF_MEMORY}),
    ("the cluster says that it broke it", {"cause": Cause.NODE}),
    ("exit code 2, no mount missing", {"marker": None, "mounts_held": True}),
    ("exit code of a mount failure", {}),
    ("exit code of [retry] exit_codes", {"exit_code": 137, "marker": None}),
    ("exit code 1", {"exit_code": 1}),
    ("exit code 137, and no cause", {"exit_code": 137, "codes": ()}),
    ("any other exit code", {"exit_code": 2, "codes": ()}),
    ("a marker in the log", {"exit_code": None}),
    ("an event that says that it had no memory left", {"exit_code": None, "marker": None}),
    ("nothing is known", {"exit_code": None, "marker": None, "memory_event": None}),
]


@pytest.mark.parametrize(("name", "changes"), IN_ORDER, ids=lambda each: str(each)[:48])
def test_the_first_rule_that_holds_decides(name: str, changes: dict[str, Any]) -> None:
    values = ALL | {"cause": Cause.UNKNOWN} | changes
    policy = RetryPolicy(exit_codes=values.pop("codes", (2, 137)))
    evidence = Evidence(**values)
    assert rule_for(evidence, policy).name == name
    below = RULES[[rule.name for rule in RULES].index(name) + 1 :]
    assert not below or any(rule.holds(evidence, policy) for rule in below)


def test_each_rule_is_shown_to_be_the_first_to_hold() -> None:
    assert [name for name, _ in IN_ORDER] == [rule.name for rule in RULES]


@pytest.mark.parametrize(
    ("codes", "code", "verdict"),
    [
        pytest.param((2, 75), 75, Verdict.INFRASTRUCTURE_FAILURE, id="a code that is added"),
        pytest.param((2, 75), 2, Verdict.MOUNT_FAILURE, id="and 2 beside it"),
        pytest.param((75,), 2, Verdict.FAILED, id="a code that the policy leaves out"),
        pytest.param((), 2, Verdict.FAILED, id="a policy without codes"),
        pytest.param((137,), 137, Verdict.INFRASTRUCTURE_FAILURE, id="137, if the policy says so"),
        pytest.param((2, 255), 1, Verdict.CONFIGURATION_ERROR, id="exit 1 in any policy"),
    ],
)
def test_the_policy_says_which_codes_are_the_infrastructure_s(
    codes: tuple[int, ...], code: int, verdict: Verdict
) -> None:
    assert judge(Evidence(exit_code=code), RetryPolicy(exit_codes=codes)).verdict is verdict


def test_a_code_of_one_s_own_is_the_infrastructure_s_also_where_no_mount_was_missing() -> None:
    evidence, policy = Evidence(exit_code=75, mounts_held=True), RetryPolicy(exit_codes=(2, 75))
    assert judge(evidence, policy) == Outcome(Verdict.INFRASTRUCTURE_FAILURE, "exit code 75")


def test_a_code_of_one_s_own_is_a_mount_failure_where_the_log_names_a_mount() -> None:
    evidence, policy = Evidence(exit_code=75, marker=LINE), RetryPolicy(exit_codes=(2, 75))
    assert judge(evidence, policy) == Outcome(Verdict.MOUNT_FAILURE, "exit code 75")


@pytest.mark.parametrize(
    ("values", "place", "problem"),
    [
        pytest.param({"exit_codes": (2, 1)}, "exit_codes", "wrong configuration", id="exit 1"),
        pytest.param({"exit_codes": (0,)}, "exit_codes", "0 is not an exit code", id="exit 0"),
        pytest.param({"exit_codes": (256,)}, "exit_codes", "from 2 to 255", id="exit 256"),
        pytest.param({"exit_codes": (-2,)}, "exit_codes", "-2 is not", id="a negative code"),
        pytest.param({"log_markers": ("x", "")}, "log_markers", "every log", id="no marker text"),
        pytest.param({"log_markers": (" \t",)}, "log_markers", "every log", id="a blank marker"),
        pytest.param({"max_retries": -1}, "max_retries = -1", "from 0 to 10", id="-1 retries"),
        pytest.param({"max_retries": 11}, "max_retries = 11", "from 0 to 10", id="11 retries"),
        pytest.param({"delay_s": 0}, "delay_s = 0", "from 1 to 300", id="no delay"),
        pytest.param({"delay_s": 0.99}, "delay_s = 0.99", "from 1 to 300", id="under a second"),
        pytest.param({"delay_s": 301}, "delay_s = 301", "from 1 to 300", id="over 5 minutes"),
        pytest.param({"delay_s": float("nan")}, "delay_s = nan", "from 1 to 300", id="no number"),
    ],
)
def test_a_policy_out_of_its_ranges(values: dict[str, Any], place: str, problem: str) -> None:
    with pytest.raises(BatchError) as caught:
        RetryPolicy(**values)
    assert caught.value.place == f"[retry] {place}"
    assert problem in caught.value.problem


@pytest.mark.parametrize(
    "values",
    [
        {"exit_codes": (2, 255)},
        {"exit_codes": (), "log_markers": ()},
        {"max_retries": 0},
        {"max_retries": 10},
        {"delay_s": 1},
        {"delay_s": 300},
    ],
)
def test_a_policy_at_the_edge_of_its_ranges(values: dict[str, Any]) -> None:
    policy = RetryPolicy(**values)
    assert {name: getattr(policy, name) for name in values} == values


def test_the_policy_unless_told_otherwise() -> None:
    assert RetryPolicy(
        exit_codes=(2,),
        log_markers=("INFRASTRUCTURE MOUNT FAILURE", "is not a mount point"),
        max_retries=3,
        delay_s=30,
        infrastructure=True,
    ) == (POLICY)


@pytest.mark.parametrize(
    ("delay_s", "delays"),
    [
        pytest.param(30, (30, 60, 120, 240, 300, 300), id="30 s, doubled, at most 300"),
        pytest.param(300, (300, 300, 300), id="never longer than 300 s"),
        pytest.param(1, (1, 2, 4, 8, 16, 32, 64, 128, 256, 300), id="ten retries from 1 s"),
        pytest.param(0.5 + 1, (1.5, 3, 6), id="half seconds"),
    ],
)
def test_the_delays(delay_s: float, delays: tuple[float, ...]) -> None:
    policy = RetryPolicy(delay_s=delay_s)
    told = [policy.delay_before(retry) for retry in range(1, len(delays) + 1)]
    assert told == [timedelta(seconds=delay) for delay in delays]


@pytest.mark.parametrize(
    ("attempt", "due_at"),
    [
        pytest.param(failed(seconds=100), at(130), id="30 s after the first attempt's end"),
        pytest.param(failed(number=2, seconds=100), at(160), id="60 s after the second's"),
        pytest.param(failed(number=3, seconds=100), at(220), id="120 s after the third's"),
        pytest.param(failed(number=4, seconds=100), None, id="three retries are used up"),
        pytest.param(failed(number=99), None, id="far more are used up"),
        pytest.param(failed(number=99, reruns=96), at(120), id="a person asked for most of them"),
        pytest.param(failed(outcome=None), None, id="it is not judged yet"),
        pytest.param(failed(outcome=BROKEN, seconds=100), at(130), id="an infrastructure failure"),
        pytest.param(
            failed(outcome=BROKEN, evidence=LOST, number=3, seconds=100),
            at(220),
            id="and its third",
        ),
        pytest.param(failed(outcome=BROKEN, evidence=LOST, number=4), None, id="its last"),
        pytest.param(failed(outcome=CONFIGURATION), None, id="a configuration error"),
        pytest.param(failed(outcome=Outcome(Verdict.TIME_LIMIT, "")), None, id="a time limit"),
        pytest.param(failed(outcome=Outcome(Verdict.CANCELLED, "")), None, id="it was cancelled"),
        pytest.param(failed(outcome=NOTHING), None, id="undetermined is for a person"),
        pytest.param(succeeded(), None, id="a success"),
        pytest.param(vanished(), None, id="it vanished"),
        pytest.param(refused(), None, id="it was refused"),
        pytest.param(listed(outcome=MOUNT), None, id="it has not ended"),
    ],
)
def test_when_an_attempt_may_be_followed_by_a_retry(attempt: Attempt, due_at: object) -> None:
    assert next_retry_at(attempt, POLICY) == due_at


@pytest.mark.parametrize(
    ("max_retries", "number", "may"),
    [(0, 1, False), (1, 1, True), (1, 2, False), (10, 10, True), (10, 11, False)],
)
def test_the_number_of_retries_is_the_policy_s(max_retries: int, number: int, may: bool) -> None:
    policy = RetryPolicy(max_retries=max_retries)
    assert (next_retry_at(failed(number=number), policy) is not None) is may


@pytest.mark.parametrize(
    ("attempt", "may"),
    [
        pytest.param(failed(outcome=BROKEN, evidence=LOST), False, id="the cluster broke it"),
        pytest.param(
            failed(outcome=BROKEN, evidence=Evidence(exit_code=75)), True, id="its code is listed"
        ),
        pytest.param(failed(evidence=Evidence(exit_code=2)), True, id="a mount failure"),
        pytest.param(failed(), True, id="a mount failure of an old ledger"),
    ],
)
def test_without_infrastructure_only_what_the_policy_names_is_retried(
    attempt: Attempt, may: bool
) -> None:
    policy = RetryPolicy(exit_codes=(2, 75), infrastructure=False)
    assert (next_retry_at(attempt, policy) is not None) is may
    assert ("[retry] infrastructure is off" in advised(attempt, policy)) is not may


@pytest.mark.parametrize(
    ("attempt", "said"),
    [
        pytest.param(refused(), "correct what the cluster refused", id="refused"),
        pytest.param(failed(), "runbatch retry", id="a mount failure with retries left"),
        pytest.param(failed(number=4), "ask an admin", id="a mount failure for good"),
        pytest.param(failed(number=9, reruns=5), "3 of 3 retries used", id="why it is for good"),
        pytest.param(failed(outcome=CONFIGURATION), "correct the configuration", id="exit 1"),
        pytest.param(
            failed(outcome=Outcome(Verdict.OUT_OF_MEMORY, "")), "raise [run] memory", id="memory"
        ),
        pytest.param(
            failed(outcome=BROKEN, evidence=LOST),
            "not the job's fault: runbatch retry",
            id="an infrastructure failure",
        ),
        pytest.param(
            failed(outcome=BROKEN, evidence=LOST, number=4),
            "3 of 3 retries used; ask an admin about the cluster; once mended: runbatch retry",
            id="an infrastructure failure for good",
        ),
        pytest.param(
            failed(outcome=BROKEN, evidence=LOST, missed=1),
            "deleted by somebody",
            id="an infrastructure failure, deleted",
        ),
        pytest.param(
            failed(outcome=Outcome(Verdict.TIME_LIMIT, "")), "raise its time limit", id="time"
        ),
        pytest.param(
            failed(outcome=Outcome(Verdict.CANCELLED, "")), "somebody cancelled it", id="cancelled"
        ),
        pytest.param(vanished(), "to start again: runbatch submit", id="vanished"),
        pytest.param(failed(outcome=Outcome(Verdict.FAILED, "")), "look at its log", id="failed"),
        pytest.param(failed(outcome=NOTHING), "look at its log", id="undetermined"),
        pytest.param(failed(outcome=None), "looks at the evidence", id="not judged yet"),
        pytest.param(failed(missed=1), "deleted by somebody", id="a mount failure, deleted"),
        pytest.param(
            failed(evidence=Evidence(exit_code=2)),
            "its log names no mount: read it; if that agrees: runbatch retry",
            id="a mount failure by its exit code alone",
        ),
        pytest.param(
            failed(number=4, evidence=Evidence(exit_code=2)),
            "3 of 3 retries used; its log names no mount: read it; then runbatch retry --jobs 37",
            id="and the doubt stays to the end",
        ),
        pytest.param(
            failed(number=4, evidence=Evidence(exit_code=2, marker="x")),
            "3 of 3 retries used; ask an admin about the node's mounts; once mended: ",
            id="a mount failure for good that its log confirms",
        ),
        pytest.param(
            failed(evidence=Evidence(exit_code=2, marker="x")),
            "not the job's fault",
            id="a mount failure that its log confirms",
        ),
    ],
)
def test_what_a_person_can_do(attempt: Attempt, said: str) -> None:
    assert said in advised(attempt, POLICY)
