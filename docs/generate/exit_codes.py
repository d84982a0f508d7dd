"""exit-codes.md: how each command ends, and what the container's exit codes come to."""

import signal
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import groupby

from docs.generate.markdown import code, codes, page, table

from runbatch.cli import audit, delete, main, run, signals
from runbatch.core.attempt import Attempt, Evidence, Outcome, Verdict
from runbatch.core.failure import RetryPolicy, advice, judge
from runbatch.core.stage import Stage

DONE = 0
STOPPED = tuple(signals.DIED_BY_SIGNAL + each for each in (signal.SIGINT, signal.SIGTERM))
# Every exit code that the code has a name for.
NAMED = {
    "main.ERROR": main.ERROR,
    "main.WRONG_USAGE": main.WRONG_USAGE,
    "main.INTERRUPTED": main.INTERRUPTED,
    "run.JOBS_ENDED_BADLY": run.JOBS_ENDED_BADLY,
    "signals.DIED_BY_SIGNAL": signals.DIED_BY_SIGNAL,
    "audit.PROMISE_BROKEN": audit.PROMISE_BROKEN,
    "delete.NOT_ALL_GONE": delete.NOT_ALL_GONE,
}
GENERAL = {
    DONE: "done; nothing is left to do for a person",
    main.ERROR: "an error of the cluster or the ledger; run the same command again",
    main.WRONG_USAGE: "wrong usage or configuration; nothing was touched",
    run.JOBS_ENDED_BADLY: "done, but some jobs ended badly",
    STOPPED[0]: "stopped by Ctrl-C, or a question was answered with no; safe to run again",
    STOPPED[1]: "stopped by SIGTERM; safe to run again",
}
_LOOP = {
    DONE: "every job it worked on stands well; also a `--dry-run` whose plan is valid",
    main.ERROR: "the cluster did not answer at first, or the ledger cannot be written",
    main.WRONG_USAGE: "the batch is not valid, or there is no terminal to ask on and no `--yes`",
    run.JOBS_ENDED_BADLY: "some jobs of the batch have failed, now or before",
    STOPPED[0]: GENERAL[STOPPED[0]],
    STOPPED[1]: GENERAL[STOPPED[1]],
}
# What the codes mean where a command says more of them.
BY_COMMAND = {
    "init": {
        DONE: "the file is written",
        main.WRONG_USAGE: "it is there already, or cannot be written",
    },
    "check": {
        DONE: "the batch is valid, and the cluster answers",
        main.ERROR: "the cluster does not answer",
        main.WRONG_USAGE: "the batch is not valid",
    },
    "submit": _LOOP,
    "retry": _LOOP,
    "status": {
        DONE: "shown, however the jobs stand; also where the cluster does not answer",
        main.ERROR: "the ledger cannot be read",
        main.WRONG_USAGE: "the batch is not valid, or `--watch` has no terminal",
        STOPPED[0]: "`--watch` was ended by Ctrl-C",
        STOPPED[1]: "`--watch` was ended by SIGTERM",
    },
    "logs": {
        DONE: "printed",
        main.ERROR: "the cluster does not answer, and no log was saved",
        main.WRONG_USAGE: "there is no such job, or it has not been submitted yet",
    },
    "report": {
        DONE: "the page is written",
        main.ERROR: "the ledger or its events cannot be read",
        main.WRONG_USAGE: "the batch is not valid, or the file cannot be written",
    },
    "audit": {
        DONE: "every promise was kept",
        audit.PROMISE_BROKEN: "one was broken, or the ledger or its events cannot be read",
        main.WRONG_USAGE: "there are no events yet",
    },
    "delete": {
        DONE: "what was to go is gone, however the jobs ended; also a `--dry-run`",
        delete.NOT_ALL_GONE: (
            "some of what was to go is still there; or the cluster did not answer at first, or the"
            " ledger cannot be written"
        ),
        main.WRONG_USAGE: (
            "the batch is not valid, there is no terminal to ask on and no `--yes`,"
            " or somebody is at work on the batch and `--all` was meant"
        ),
        STOPPED[0]: GENERAL[STOPPED[0]],
        STOPPED[1]: GENERAL[STOPPED[1]],
    },
}

_CONTAINER = """\
What a job's own exit code comes to, with the `[retry] exit_codes` that are the default. Only a
mount failure is ever retried. A 2 without a marker in the log is *failed* where no mount was
missing: on `local`, and in a batch without mounts. A 137 on `local` is *failed* too, since no
memory is enforced there."""
_WITHOUT = """\
Where the cluster tells no exit code (Run:ai does not by itself), the next best evidence decides,
the strongest first. An exit code that is known outranks any log line."""
_POLICY = RetryPolicy()
_EVIDENCE = {
    "the cluster's reason is `OOMKilled`": Evidence(reason="OOMKilled"),
    "the log's last line is `runbatch: exit code 1`": Evidence(logged_code=1),
    "the log's last line is `runbatch: exit code 2`": Evidence(logged_code=2),
    "the log's last line tells another code": Evidence(logged_code=3),
    "a line of the log holds one of `[retry] log_markers`": Evidence(marker="…"),
    "an event of the workload names `OOMKilled`": Evidence(events=("OOMKilled",)),
    "none of these": Evidence(),
}


def exit_codes_page() -> str:
    """Return the page."""
    return page(_parts())


def _parts() -> Iterator[str]:
    yield "# Exit codes"
    yield "## Of runbatch"
    yield table(["code", "meaning"], ([code(number), said] for number, said in GENERAL.items()))
    yield "A second Ctrl-C ends a command at once, which is as safe."
    for name in main.all_commands():
        yield f"### runbatch {name}"
        yield table(["code", "meaning"], ([code(n), said] for n, said in BY_COMMAND[name].items()))
    yield "## Of a job's container"
    yield _CONTAINER
    yield table(["code", "verdict", "what a person can do"], _container())
    yield _WITHOUT
    yield table(["evidence", "verdict", "what a person can do"], _evidence())
    yield f"The markers are {codes(_POLICY.log_markers)}, unless the batch says otherwise."


def _container() -> Iterator[list[str]]:
    yield [code(DONE), Verdict.SUCCEEDED.value, ""]
    outcomes = {number: judge(Evidence(exit_code=number), _POLICY) for number in range(1, 256)}
    for verdict, numbers in groupby(outcomes, key=lambda number: outcomes[number].verdict):
        found = list(numbers)
        if verdict is not Verdict.FAILED:
            yield [codes(found), verdict.value, _advice(verdict)]
    yield ["any other", Verdict.FAILED.value, _advice(Verdict.FAILED)]


def _evidence() -> Iterator[list[str]]:
    for said, evidence in _EVIDENCE.items():
        verdict = judge(evidence, _POLICY).verdict
        yield [said, verdict.value, _advice(verdict)]
    gone = "it is not listed any more, and its end was not seen"
    yield [gone, Verdict.VANISHED.value, _advice(Verdict.VANISHED)]


def _advice(verdict: Verdict) -> str:
    """Return what the tool itself says of a first attempt that ended so."""
    now = datetime.now(UTC)
    attempt = Attempt(
        key="",
        number=1,
        reserved_at=now,
        seen_at=now,
        seen_stage=Stage.FAILED,
        ended_at=now,
        outcome=Outcome(verdict, ""),
    )
    return advice(attempt, _POLICY)
