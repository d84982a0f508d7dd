"""The flags of each command, in both generations (Run:ai facts, 2 to 4).

Written as the help of the program writes them: long name, short name or `-`, kind. The kinds are
those of the Go library pflag; `array` may be given several times and never splits at a comma.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from .settings import Settings

_GLOBAL = """
config-file - string
config-path - string
debug d bool
quiet q bool
verbose - bool
help h bool
"""

_PROJECT = "project p string"

_SUBMIT = """
project p string
image i string
name-prefix - string
command c bool
label - array
annotation - array
host-path - array
existing-pvc - array
new-pvc - array
nfs - array
backoff-limit - int
auto-deletion-time-after-completion - duration
cpu-core-request - float
cpu-core-limit - float
cpu-memory-request - string
cpu-memory-limit - string
gpu-devices-request g int
gpu-portion-request - float
gpu-portion-limit - float
gpu-memory-request - string
gpu-memory-limit - string
gpu-request-type - string
node-pools - array
node-type - string
toleration - array
working-dir - string
large-shm - bool
image-pull-policy - string
run-as-user - bool
run-as-uid - int
run-as-gid - int
supplemental-groups - string
user-group-source - string
create-home-dir - bool
allow-privilege-escalation - bool
capability - array
secret-volume - array
configmap-map-volume - array
extended-resource - array
external-url - array
port - array
git-sync - array
s3 - array
host-ipc - bool
host-network - bool
termination-grace-period - duration
pod-running-timeout - duration
wait-for-submit - duration
preferred-pod-topology-key - string
required-pod-topology-key - string
seccomp-profile - string
attach - bool
stdin - bool
tty t bool
"""

_SUBMIT_MODERN = """
restart-policy - restart-policy
exclude-node - array
priority - string
env-pod-field-ref - array
privileged - bool
"""

_ENVIRONMENT_IS_VARIABLE = "environment e array"

_ENVIRONMENT_IS_ASSET = """
environment-variable e array
environment - array
"""

_TRAINING = """
runs - int
parallelism - int
"""

_TRAINING_MODERN = """
preemptibility - preemptibility
compute - string
template - string
datasource - array
"""

_LIST = """
all A bool
project p string
json - bool
yaml - bool
table - bool
no-headers - bool
status - string
"""

_PAGING_OLD = """
limit - int
offset - int
"""

_PAGING_MODERN = """
page-size - int
max-items - int
next-token - int
no-pagination - bool
columns - string
deleted - bool
raw - bool
set-default-columns - bool
"""

_WORKLOAD_FILTER = """
type - string
framework - string
"""

_DESCRIBE = """
project p string
output o string
general - bool
compute - bool
pods - bool
events - bool
networks - bool
containers - bool
pod-limit - int
event-limit - int
sortEvents - string
"""

_DESCRIBE_MODERN = """
uuid - string
storage - bool
"""

_LOGS = """
project p string
pod - string
container c string
follow f bool
tail t int
since - duration
since-time - string
timestamps - bool
previous - bool
limit-bytes - int
wait-timeout - duration
"""

_BY_UUID = """
project p string
uuid u string
"""

_DELETE_MANY = """
project p string
yes y bool
"""

_OUTPUT = """
json - bool
yaml - bool
table - bool
no-headers - bool
"""


@dataclass(frozen=True, slots=True)
class Command:
    """What is called: a kind of workload or another noun, and a verb.

    `kind` is `workspace` or `training`, empty for `workload` and for what is not a workload.
    """

    noun: str
    verb: str
    kind: str = ""


def variable_flag(command: Command, settings: Settings) -> str:
    """Return the long name of `-e`, its one name that never changed (Run:ai facts, 3).

    Where it is not `environment`, that flag names a saved environment asset. Whether workspaces
    of 3.0 follow the trainings is unconfirmed (Run:ai facts, 3): here they do.
    """
    renamed = command.kind == "training" or settings.generation.startswith("3.")
    return "environment-variable" if settings.modern and renamed else "environment"


def flags_of(
    command: Command, settings: Settings, paging_flags: bool
) -> Mapping[str, tuple[str, str]]:
    """Return the short name and the kind of each flag that a command knows, by long name."""
    modern = settings.modern
    blocks = [_GLOBAL]
    match command.verb:
        case "submit":
            blocks += _submit_blocks(command, settings)
        case "list" | "projects":
            blocks += [_LIST] if command.verb == "list" else [_OUTPUT]
            blocks += [_PAGING_MODERN] if modern else []
            blocks += [_PAGING_OLD] if not modern or paging_flags else []
        case "describe":
            blocks += [_DESCRIBE, _DESCRIBE_MODERN if modern else ""]
        case "logs":
            blocks += [_LOGS, "name - string"]
        case "delete" | "suspend" | "resume":
            blocks += [_DELETE_MANY] if command.noun == "workload" else [_BY_UUID]
        case "version":
            blocks += ["wide - bool"]
        case "config":
            blocks += [_OUTPUT]
    if command.noun == "workload":
        blocks += [_WORKLOAD_FILTER]
    return dict(_flag(line) for line in "\n".join(blocks).split("\n") if line)


def _submit_blocks(command: Command, settings: Settings) -> list[str]:
    is_training, modern = command.kind == "training", settings.modern
    blocks = [_SUBMIT, _SUBMIT_MODERN if modern else ""]
    if is_training:
        blocks += [_TRAINING, _TRAINING_MODERN if modern else ""]
    else:
        blocks += ["preemptible - bool"]
    is_variable = variable_flag(command, settings) == "environment"
    return [*blocks, _ENVIRONMENT_IS_VARIABLE if is_variable else _ENVIRONMENT_IS_ASSET]


def _flag(line: str) -> tuple[str, tuple[str, str]]:
    name, short, kind = line.split(" ")
    return name, ("" if short == "-" else short, kind)
