"""From the words of a command line to an answer: one call on a cluster folder."""

import time
from collections.abc import Callable
from dataclasses import replace

from .call import Answer, Call
from .cluster import Cluster
from .errors import LOST_ANSWER, REFUSALS, CallError, name_taken, project_not_found
from .flags import Command
from .others import advance
from .parse import Parsed, parse
from .store import Opened, Store
from .switches import Chatter, Trouble
from .verbs_account import config, projects, version, whoami
from .verbs_change import delete_many, delete_one, resume_one, suspend_one
from .verbs_list import list_workloads
from .verbs_read import describe, logs
from .verbs_submit import submit

CHATTER = (
    "A new version (v2.25.31) is available.\n"
    "Warning: You are currently using version 2.25.27. A newer version 2.25.31 is available.\n"
    "To update, run:\nrunai upgrade\n"
)  # Run:ai facts, 16

_VERBS: dict[str, Callable[[Call], Answer]] = {
    "submit": submit,
    "list": list_workloads,
    "describe": describe,
    "logs": logs,
    "delete": delete_one,
    "suspend": suspend_one,
    "resume": resume_one,
    "version": version,
    "whoami": whoami,
    "projects": projects,
    "config": config,
}


def present(store: Store) -> Cluster:
    """Return the cluster as it is now."""
    cluster = store.load()
    advance(cluster, store.now_s(cluster))
    return cluster


def respond(
    opened: Opened,
    argv: list[str],
    owner: str = "batch",
    pause: Callable[[float], None] = time.sleep,
) -> Answer:
    """Perform one call and return its answer; what it did is saved and in the truth.

    A call that hangs before its effect holds no lock meanwhile, so that others can go on.
    """
    with opened() as store:
        call, wrong = _begin(store, argv, owner)
        hang = call.fault(Trouble.HANG_BEFORE)
        if hang is None:
            return _settle(store, call, wrong)
        store.save(call.cluster)
    pause(hang.seconds)
    with opened() as store:
        call.cluster, call.gone_since = present(store), store.gone_since
        return _settle(store, call, wrong)


def _begin(store: Store, argv: list[str], owner: str) -> tuple[Call, CallError | None]:
    """Count a call and write it into the truth; what is wrong with its words comes along."""
    cluster = store.load()
    store.move(cluster.settings.call_s)
    advance(cluster, store.now_s(cluster))
    wrong = None
    try:
        parsed = parse(argv, cluster.settings, cluster.switches)
    except CallError as error:
        parsed, wrong = Parsed(Command("", "unknown"), {}), error
    calls = cluster.tally.calls
    calls[parsed.command.verb] = calls.get(parsed.command.verb, 0) + 1
    call = Call(cluster, parsed, sum(calls.values()), argv, owner, store.gone_since)
    store.begin_call(cluster.now_s, call.verb, call.name, argv)
    return call, wrong


def _settle(store: Store, call: Call, wrong: CallError | None) -> Answer:
    """Perform a call that was begun, and write down its end."""
    if call.fault(Trouble.KILL_CLIENT_BEFORE):
        answer = Answer(None, effect="none", kills_client=True)
    else:
        answer = _answer(call, wrong)
    exit_code = None if answer.kills_client else answer.exit_code
    store.end_call(call.number, exit_code, answer.effect)
    store.save(call.cluster)
    return answer


def _answer(call: Call, wrong: CallError | None) -> Answer:
    try:
        if wrong is not None:
            raise wrong
        answer = _performed(call)
    except CallError as error:
        answer = Answer(1, stderr=f"Error: {error}\n", effect="none")
    answer = _with_chatter(answer, call.cluster.switches.chatter)
    hang = call.fault(Trouble.HANG_AFTER)
    return replace(
        answer,
        pause_s=hang.seconds if hang else 0.0,
        kills_client=call.fault(Trouble.KILL_CLIENT_AFTER) is not None,
    )


def _performed(call: Call) -> Answer:
    """Perform the verb, unless a fault refuses it, and let other faults spoil the answer."""
    if call.parsed.yes("help"):
        return Answer(0, f"Usage:\n  runai {call.parsed.command.noun} {call.verb} [flags]\n")
    _refuse(call)
    call.kept_back = call.fault(Trouble.NO_EFFECT) is not None
    is_many = call.parsed.command.noun == "workload" and call.verb == "delete"
    answer = delete_many(call) if is_many else _VERBS[call.verb](call)
    if lost := call.fault(Trouble.LOST_ANSWER):
        return _spoiled(answer, lost.text or LOST_ANSWER)
    if false := call.fault(Trouble.FALSE_REFUSAL):
        return _spoiled(answer, false.text or REFUSALS[Trouble.NO_PERMISSION])
    if call.fault(Trouble.CONFLICT_WITH_ITSELF):
        return _spoiled(answer, name_taken(call.parsed.command.kind, call.name))
    return answer


def _spoiled(answer: Answer, text: str) -> Answer:
    return Answer(1, stderr=f"Error: {text}\n", effect=answer.effect)


def _refuse(call: Call) -> None:
    """Raise CallError if a fault refuses the call before it has an effect."""
    for trouble, text in REFUSALS.items():
        if fault := call.fault(trouble):
            raise CallError(fault.text or text)
    if call.fault(Trouble.NO_SUCH_PROJECT):
        raise CallError(project_not_found(call.parsed.text("project", "default")))
    if call.fault(Trouble.NAME_CONFLICT):
        raise CallError(name_taken(call.parsed.command.kind, call.name))


def _with_chatter(answer: Answer, chatter: Chatter) -> Answer:
    match chatter:
        case Chatter.STDOUT:
            return replace(answer, stdout=CHATTER + answer.stdout)
        case Chatter.STDERR:
            return replace(answer, stderr=CHATTER + answer.stderr)
        case Chatter.NONE:
            return answer
