"""`[run]` is one class: what it declares can be written down, read again, shown and documented."""

import json
import tomllib
from dataclasses import fields, replace
from pathlib import Path

from tests.unit.core.values import at, batch

from runbatch.config.toml import load_toml
from runbatch.config.write import batch_toml
from runbatch.core.batch import Mount, Run
from runbatch.ledger.uses import use_of
from runbatch.views.preview import Preview, preview_text

SCHEMA = Path(__file__).parents[2] / "docs" / "reference" / "batch.schema.json"
# Every option, with a value that is not its default.
FULL = Run(
    image="image:1.4",
    command=("python3", "job.py"),
    cpu=1.5,
    memory="32G",
    env={"MODEL": "BLINK", "N": "3"},
    mounts=(Mount("/hpi/data", "/data"), Mount("/out", "/outputs", read_only=False)),
    guard=True,
    working_dir="/data/work",
)
NAMES = [each.name for each in fields(Run)]


def test_every_option_is_tried_here() -> None:
    assert list(FULL.given) == NAMES


def test_every_option_is_written_down_and_read_again(tmp_path: Path) -> None:
    path = tmp_path / "batch.toml"
    path.write_text(batch_toml(batch(run=FULL)))
    assert set(tomllib.loads(path.read_text())["run"]) == set(NAMES)
    assert load_toml(path).run == FULL


def test_an_option_that_was_left_out_is_not_written_down() -> None:
    text = batch_toml(batch(run=Run(command=("true",))))
    assert tomllib.loads(text)["run"] == {"command": ["true"]}


def test_every_option_is_in_the_schema() -> None:
    assert list(json.loads(SCHEMA.read_text("utf-8"))["$defs"]["RunTable"]["properties"]) == NAMES


def test_an_option_is_shown_before_anything_is_submitted_unless_it_may_be_secret() -> None:
    text = preview_text(Preview(batch(run=FULL), (), {}, 0))
    for said in ("1.5 CPUs", "32 GB", "python3 job.py", "/hpi/data at /data", "/data/work"):
        assert said in text
    assert "BLINK" not in text


def test_what_changes_what_a_job_does_is_remembered_of_a_definition() -> None:
    def told(run: Run) -> set[str]:
        return set(use_of(batch(run=run), "mark", at(0)).fields)

    plain = Run(command=("true",))
    assert told(plain) == {"[run] command", "[run] image", "[run] mounts", "[jobs] variable"}
    assert told(replace(plain, cpu=2, memory="1G", guard=True)) == told(plain)
    assert told(replace(plain, working_dir="work")) - told(plain) == {"[run] working_dir"}
