"""`submit`: the checks of the server, and what becomes of the flags."""

import re
import shlex

from .call import Answer, Call
from .errors import (
    ASSET_NOT_FOUND,
    NAME_MALFORMED,
    NAME_TOO_LONG,
    VALUE_TOO_LONG,
    CallError,
    name_taken,
)
from .flags import variable_flag
from .orders import create
from .parse import Parsed
from .workload import HostPath, Request

LONGEST_VALUE = 10_000  # Run:ai facts, 3
SERVER_BACKOFF_LIMIT = 6  # Run:ai facts, 2
_NAME = re.compile(r"[a-z]([-a-z0-9]*[a-z0-9])?")
_CPU_QUANTITY = re.compile(r"\d+(\.\d+)?(m|[kMGTP]i?)?")


def submit(call: Call) -> Answer:
    """Create a workload, and print what the program prints (Run:ai facts, 6)."""
    request = _request(call)
    _check_free(call, request)
    effect = "none"
    if not call.kept_back:
        effect = f"created {create(call.cluster, request).uid}"
    return Answer(0, _success(request), effect=effect)


def _success(request: Request) -> str:
    noun = "training standard" if request.kind == "training" else "workspace"
    return (
        f"Creating {request.kind} {request.name}...\n"
        f"To track the workload's status, run 'runai {noun} describe {request.name}'\n"
    )


def _check_free(call: Call, request: Request) -> None:
    """Raise CallError if the name is taken, also while Deleting (Run:ai facts, 13)."""
    kind = "" if call.cluster.switches.shared_names else request.kind
    if call.cluster.named(request.project, request.name, kind):
        raise CallError(name_taken(request.kind, request.name))


def _request(call: Call) -> Request:
    """Return what the flags ask for, or raise CallError with what is wrong with them."""
    parsed = call.parsed
    if not parsed.text("image"):
        raise CallError('required flag(s) "image" not set')
    name = call.name or _generated_name(call)
    _check_name(name, call.cluster.settings.name_limit)
    overrides = parsed.yes("command")
    quoted = shlex.join(parsed.rest)
    return Request(
        name=name,
        project=call.project(),
        kind=parsed.command.kind,
        owner=call.owner,
        image=parsed.text("image"),
        command=quoted if overrides else "",
        arguments="" if overrides else quoted,
        environment=_environment(call),
        labels=tuple(_pair("label", text) for text in parsed.flags.get("label", ())),
        host_paths=tuple(_host_path(text) for text in parsed.flags.get("host-path", ())),
        cpu=parsed.text("cpu-core-request"),
        memory=_memory(parsed),
        backoff_limit=parsed.number("backoff-limit", SERVER_BACKOFF_LIMIT),
        restart_policy=parsed.text("restart-policy"),
        auto_deletion_s=parsed.seconds("auto-deletion-time-after-completion"),
        preemptible=_is_preemptible(parsed),
        priority=parsed.text("priority"),
        node_pools=parsed.flags.get("node-pools", ()),
        excluded_nodes=parsed.flags.get("exclude-node", ()),
        submit_command=shlex.join(["runai", *call.argv]),
    )


def _generated_name(call: Call) -> str:
    """Return a name for a submit without one: the prefix and a number (Run:ai facts, 1)."""
    prefix = call.parsed.text("name-prefix", call.parsed.command.kind)
    return f"{prefix}-{call.cluster.chance.bits('name', call.number) % 100_000:05d}"


def _check_name(name: str, limit: int) -> None:
    """Raise CallError for a name the server refuses (Run:ai facts, 6 and 12)."""
    if len(name) > limit:
        raise CallError(NAME_TOO_LONG.format(limit=limit))
    if not _NAME.fullmatch(name):
        raise CallError(NAME_MALFORMED)


def _environment(call: Call) -> tuple[tuple[str, str], ...]:
    """Return the variables, or raise CallError where the flag means an asset: there is none."""
    parsed, flag = call.parsed, variable_flag(call.parsed.command, call.cluster.settings)
    if flag != "environment" and "environment" in parsed.flags:
        raise CallError(ASSET_NOT_FOUND.format(name=parsed.text("environment")))
    pairs = tuple(_pair(flag, text) for text in parsed.flags.get(flag, ()))
    for name, value in pairs:
        if len(value) > LONGEST_VALUE:
            raise CallError(VALUE_TOO_LONG.format(name=name))
    return pairs


def _pair(flag: str, text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals or not name:
        # Unconfirmed text; that a pair needs `name=value` is in the help (Run:ai facts, 2).
        raise CallError(f'invalid argument "{text}" for "--{flag}" flag: expected name=value')
    return name, value


def _host_path(text: str) -> HostPath:
    """Return a host path: nothing quotes its commas (Run:ai facts, 2)."""
    values: dict[str, str] = {}
    for part in text.split(","):
        key, _, value = part.partition("=")
        if key not in ("path", "mount", "mount-propagation", "readwrite"):
            raise CallError(f'invalid argument "{text}" for "--host-path" flag: unknown "{part}"')
        values[key] = value
    propagation = values.get("mount-propagation", "None")
    if propagation not in ("None", "HostToContainer"):
        raise CallError(f'invalid mount propagation "{propagation}"')
    if not values.get("path", "").startswith("/") or not values.get("mount", "").startswith("/"):
        raise CallError(f'invalid argument "{text}" for "--host-path" flag: path and mount needed')
    return HostPath(values["path"], values["mount"], propagation, "readwrite" in values)


def _memory(parsed: Parsed) -> str:
    text = parsed.text("cpu-memory-request")
    if text and not _CPU_QUANTITY.fullmatch(text):
        raise CallError(f'invalid value "{text}" for cpu-memory-request')  # unconfirmed text
    return text


def _is_preemptible(parsed: Parsed) -> bool:
    """Tell whether it may be evicted: workspaces only when asked (Run:ai facts, 19)."""
    if parsed.command.kind == "training":
        return parsed.text("preemptibility", "preemptible") == "preemptible"
    return parsed.yes("preemptible")
