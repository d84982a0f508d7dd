"""What Run:ai cannot carry is refused with the place and the way out."""

from dataclasses import replace
from typing import Any

import pytest
from tests.unit.core.values import batch

from runbatch.clusters.runai.limits import check
from runbatch.core.batch import Batch, ClusterChoice, Mount, Run
from runbatch.core.errors import BatchError

RUN = Run(
    command=("/scripts/entrypoint.sh", "run"),
    image="ghcr.io/lab/pipeline:1.4",
    memory="1.5Gi",
    env={"MODEL": "BLINK,FarmCPU", "LONG": "x" * 10_000},
    mounts=(Mount("/hpi/my lab/data", "/data"),),
)


def on_runai(**changes: Any) -> Batch:
    choice = ClusterChoice(kind="runai", project="talmo-lab", workload="training")
    return batch(**{"cluster": choice, "run": RUN} | changes)


def test_a_batch_that_run_ai_can_carry_is_accepted() -> None:
    check(on_runai())
    check(on_runai(cluster=ClusterChoice(kind="runai", project="p")))
    check(on_runai(run=replace(RUN, mounts=(Mount("/a", "/da:ta"),))))
    check(on_runai(run=replace(RUN, guard=True, mounts=(Mount("/a:b", "/data"),))))


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        pytest.param(
            on_runai(cluster=ClusterChoice(kind="runai")),
            "[cluster] project: is missing",
            id="no project",
        ),
        pytest.param(
            on_runai(cluster=ClusterChoice(kind="runai", project="--all")),
            "[cluster] project = '--all': this cannot name a project;",
            id="a project that reads as an option",
        ),
        pytest.param(
            on_runai(cluster=ClusterChoice(kind="runai", project="p", workload="job")),
            "[cluster] workload = 'job': write 'workspace' or 'training'.",
            id="a type nobody knows",
        ),
        pytest.param(
            on_runai(run=replace(RUN, image=None)), "[run] image: is missing", id="no image"
        ),
        pytest.param(on_runai(run=replace(RUN, image="")), "[run] image = ''", id="empty image"),
        pytest.param(
            on_runai(run=replace(RUN, image="-x")),
            "[run] image = '-x': this cannot name a container image;",
            id="image as an option",
        ),
        pytest.param(
            on_runai(run=replace(RUN, image="a b")), "[run] image = 'a b'", id="image with a space"
        ),
        pytest.param(
            on_runai(keys=("Sample_A",)),
            "[jobs] key 'Sample_A': Run:ai refuses the name 'gwas-Sample_A'",
            id="a name with an underscore",
        ),
        pytest.param(on_runai(keys=("a-",)), "Run:ai refuses the name", id="a dash last"),
        pytest.param(
            on_runai(run=replace(RUN, env={"X": "x" * 10_001})),
            "[run] env X: 10001 characters; Run:ai takes at most 10000",
            id="a value that is too long",
        ),
        pytest.param(
            on_runai(run=replace(RUN, mounts=(Mount("/a,b", "/data"),))),
            "[run] mounts host = '/a,b': Run:ai's command line cannot carry a comma",
            id="a comma in a host path",
        ),
        pytest.param(
            on_runai(run=replace(RUN, guard=True, mounts=(Mount("/a", "/da:ta"),))),
            "guard = true cannot check a path with a colon",
            id="a mount that the guard cannot check",
        ),
        pytest.param(
            on_runai(run=replace(RUN, mounts=(Mount("/a", "/da,ta"),))),
            "[run] mounts path = '/da,ta'",
            id="a comma in a mount point",
        ),
        pytest.param(
            on_runai(run=replace(RUN, mounts=(Mount("data", "/data"),))),
            "[run] mounts host = 'data': on Run:ai write a path that begins with /.",
            id="a relative host path",
        ),
        pytest.param(
            on_runai(run=replace(RUN, command=("sh", "-c", 'echo "hi"'))),
            "[run] command 'echo \"hi\"': Run:ai cannot pass on double quotes",
            id="double quotes in the command",
        ),
        pytest.param(
            on_runai(run=replace(RUN, working_dir="work")),
            "[run] working_dir = 'work': on Run:ai write a path that begins with /.",
            id="a folder that is relative to nothing",
        ),
        pytest.param(
            on_runai(run=replace(RUN, memory="32GB")),
            "[run] memory = '32GB': Kubernetes writes it like 32G",
            id="a quantity that Kubernetes does not know",
        ),
        pytest.param(
            on_runai(run=replace(RUN, command=("sh", "-c", "a\nb"))),
            "put them into a script",
            id="a line break in the command",
        ),
        pytest.param(
            on_runai(run=replace(RUN, command=("sh", "-c", "a\n" + "b" * 1000 + "c"))),
            r"[run] command 'a\nbbbbbbbbb...bbbbbbbbbbbbc': Run:ai cannot pass on",
            id="a whole script as the command",
        ),
    ],
)
def test_what_cannot_be_carried_is_refused(wrong: Batch, said: str) -> None:
    with pytest.raises(BatchError) as caught:
        check(wrong)
    assert said in str(caught.value)
