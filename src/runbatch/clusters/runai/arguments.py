"""What is typed for each call: only forms that mean the same in every version, 2.18 to 3.0.

Pure: a workload in, the words of a command line out, passed on without a shell.
"""

import re
from dataclasses import dataclass

from runbatch.clusters.shell.guard import guarded
from runbatch.core.batch import Mount
from runbatch.core.workload import Workload

# An ended workload must stay until its end was seen (Run:ai facts, 18). The documented units of a
# duration are s, m and h.
KEPT_AFTER_END = "720h"
# 2.18 to 2.20 show 50 rows unless told, and take at most 500 (Run:ai facts, 4).
OLD_PAGE_ROWS = 500
LOG_LINES = 20_000
_VERSION = re.compile(r"(?<![\w.])(?<!sdk/)(?<!go/)v?([2-9])\.(\d{1,3})(?![\d])")
_UPDATE = re.compile(r"new(er)? version|updating|update complete", re.IGNORECASE)
_BUILT = re.compile(r"go ?1\.|build|sdk", re.IGNORECASE)


@dataclass(frozen=True, slots=True, order=True)
class Version:
    """The version of the `runai` program: what decides which flags it knows."""

    major: int
    minor: int

    @property
    def pages_by_itself(self) -> bool:
        """Whether `list` shows all rows without being told (Run:ai facts, 4)."""
        return self >= Version(2, 22)

    @property
    def has_restart_policy(self) -> bool:
        """Whether `--restart-policy` exists (Run:ai facts, 2)."""
        return self >= Version(2, 25)


# What each way of paging goes by, where the version is not known (Run:ai facts, 4).
PAGED_BY_US = Version(2, 18)
PAGED_BY_ITSELF = Version(2, 22)


def parse_version(text: str) -> Version | None:
    """Return the version in what `runai version` printed, None if there is none.

    Lines that offer another version are passed over. A line that also names Go or a build, such as
    `runai-cli/2.21.3-saas.4 sdk/2.74.5 go/go1.23.7`, is read last; the version of the SDK
    or of Go never counts.
    """
    lines = [line for line in text.splitlines() if not _UPDATE.search(line)]
    lines.sort(key=lambda line: _BUILT.search(line) is not None)
    found = (match for line in lines for match in _VERSION.finditer(line))
    return next((Version(int(match[1]), int(match[2])) for match in found), None)


def noun_of(workload: str) -> list[str]:
    """Return the words for a type of workload (Run:ai facts, 1)."""
    return ["workspace"] if workload == "workspace" else ["training", "standard"]


def submit_args(workload: Workload, project: str, kind: str, version: Version) -> list[str]:
    """Return the words that submit the workload: always its own name, one try, an explicit end."""
    if workload.run.guard:
        workload = guarded(workload)
    run = workload.run
    words = [*noun_of(kind), "submit", workload.name, "-p", project, "-i", run.image or ""]
    for name, value in workload.env.items():
        # Never the long name: it means something else from version to version (Run:ai facts, 3).
        words += ["-e", f"{name}={value}"]
    if run.cpu is not None:
        words += ["--cpu-core-request", f"{run.cpu:g}"]
    if run.memory is not None:
        words += ["--cpu-memory-request", run.memory]
    for mount in run.mounts:
        words += ["--host-path", host_path(mount)]
    if run.working_dir is not None:
        words += ["--working-dir", run.working_dir]
    words += ["--backoff-limit", "0"]
    if version.has_restart_policy:
        words += ["--restart-policy", "Never"]
    words += ["--auto-deletion-time-after-completion", KEPT_AFTER_END]
    return [*words, "--command", "--", *run.command]


def host_path(mount: Mount) -> str:
    """Return a mount as `--host-path` takes it: read-only unless asked (Run:ai facts, 2)."""
    text = f"path={mount.host},mount={mount.path},mount-propagation={mount.propagation}"
    return text if mount.read_only else f"{text},readwrite"


def list_args(
    project: str, kind: str, version: Version, offset: int = 0, token: str | None = None
) -> list[str]:
    """Return the words that list the project's workloads of this type: all, or those from there."""
    words = [*noun_of(kind), "list", "-p", project, "--json"]
    if not version.pages_by_itself:
        return [*words, "--limit", str(OLD_PAGE_ROWS), "--offset", str(offset)]
    return words if token is None else [*words, "--next-token", token]


def projects_args() -> list[str]:
    """Return the words that list the projects one can see."""
    return ["project", "list", "--json"]


def find_args(project: str, version: Version) -> list[str]:
    """Return the words that list workloads of every type: to see who has a name."""
    words = ["workload", "list", "-p", project, "--json"]
    return words if version.pages_by_itself else [*words, "--limit", str(OLD_PAGE_ROWS)]


def logs_args(name: str, project: str, kind: str) -> list[str]:
    """Return the words that print a workload's log, all of it (Run:ai facts, 5)."""
    return [*noun_of(kind), "logs", name, "-p", project]


def log_end_args(name: str, project: str, kind: str) -> list[str]:
    """Return the words that print the end of a workload's log."""
    return [*logs_args(name, project, kind), "--tail", str(LOG_LINES)]


def describe_args(name: str, project: str, kind: str) -> list[str]:
    """Return the words that describe a workload: its pods with their nodes, and its events."""
    return [*noun_of(kind), "describe", name, "-p", project, "-o", "json"]


def delete_by_name_args(name: str, project: str, kind: str) -> list[str]:
    """Return the words that delete the workload that has this name now."""
    return [*noun_of(kind), "delete", name, "-p", project]


def delete_args(uid: str, project: str, kind: str) -> list[str]:
    """Return the words that delete this very workload, whatever has its name now."""
    return [*noun_of(kind), "delete", "--uuid", uid, "-p", project]
