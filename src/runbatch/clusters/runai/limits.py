"""What Run:ai and its command line cannot carry: refused before anything is submitted.

What each rule stands on: docs/explanation/runai-facts.md.
"""

import re
import reprlib
from pathlib import PurePath

from runbatch.clusters.runai.table import table_of
from runbatch.core.batch import Batch, ClusterChoice, Mount
from runbatch.core.errors import BatchError
from runbatch.core.names import PREFIX

LONGEST_VALUE = 10_000
_QUANTITY = re.compile(r"[0-9]+(?:\.[0-9]+)?(?:[MGT]i?|Ki)")
_PROJECT = re.compile(r"[A-Za-z0-9](?:[-_.A-Za-z0-9]*[A-Za-z0-9])?")


def check(batch: Batch) -> None:
    """Raise BatchError unless Run:ai can run every job of the batch as it is written."""
    _check_choice(batch)
    for key in batch.keys:
        _check_name(batch, key)
    for name, value in batch.run.env.items():
        _check_value(f"[run] env {name}", value)
    for mount in batch.run.mounts:
        _check_mount(mount)
        if batch.run.guard and ":" in mount.path:
            place = f"[run] mounts path = {mount.path!r}"
            raise BatchError(place, "guard = true cannot check a path with a colon in it.")
    _check_folder("working_dir", batch.run.working_dir)
    memory = batch.run.memory
    if memory is not None and not _QUANTITY.fullmatch(memory):
        problem = "Kubernetes writes it like 32G, 500M or 1.5Gi."
        raise BatchError(f"[run] memory = {memory!r}", problem)
    for word in batch.run.command:
        # It is quoted anew on its way, and double quotes break in it (Run:ai facts, 17).
        if '"' in word or "\n" in word:
            problem = "Run:ai cannot pass on double quotes or line breaks; put them into a script."
            raise BatchError(f"[run] command {reprlib.repr(word)}", problem)


def project_of(choice: ClusterChoice) -> str:
    """Return the project, which can name a folder as well; raise BatchError if it is none."""
    project = table_of(choice).project
    if project is None:
        raise BatchError("[cluster] project", "is missing; name your Run:ai project.")
    if not _PROJECT.fullmatch(project):
        problem = 'this cannot name a project; "runai project list" names yours.'
        raise BatchError(f"[cluster] project = {project!r}", problem)
    return project


def _check_choice(batch: Batch) -> None:
    project_of(batch.cluster)
    image = batch.run.image
    if image is None:
        raise BatchError("[run] image", "is missing; name the container image to run.")
    if not image or image.startswith("-") or any(each.isspace() for each in image):
        problem = "this cannot name a container image; write one like ghcr.io/lab/image:1.4."
        raise BatchError(f"[run] image = {image!r}", problem)


def _check_name(batch: Batch, key: str) -> None:
    name = batch.workload_name(key)
    # A whole name is made of what a prefix is made of (Run:ai facts, 12).
    if not PREFIX.fullmatch(name):
        problem = f"Run:ai refuses the name {name!r}: write lower-case letters, digits and dashes."
        raise BatchError(f"[jobs] key {key!r}", problem)


def _check_value(place: str, value: str) -> None:
    # "value for Value must have at most 10000 characters" (Run:ai facts, 3).
    if len(value) > LONGEST_VALUE:
        problem = f"{len(value)} characters; Run:ai takes at most {LONGEST_VALUE}. Use a file."
        raise BatchError(place, problem)


def _check_mount(mount: Mount) -> None:
    for what, path in (("host", mount.host), ("path", mount.path)):
        # No way to quote a comma in --host-path is documented (Run:ai facts, 2).
        if "," in path:
            problem = "Run:ai's command line cannot carry a comma in a path; use a link without."
            raise BatchError(f"[run] mounts {what} = {path!r}", problem)
    _check_folder("mounts host", mount.host)


def _check_folder(what: str, path: str | None) -> None:
    if path is not None and not PurePath(path).is_absolute():
        raise BatchError(f"[run] {what} = {path!r}", "on Run:ai write a path that begins with /.")
