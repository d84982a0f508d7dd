"""`runbatch report`: where it writes, what it refuses, and that it leaves everything else alone."""

import json
import sys
from pathlib import Path
from typing import Any

import pytest
from tests.e2e.shell import Shell, toml

JOB = [sys.executable, "-I", "-S", "-c", "import os; os._exit(int(os.environ['KEY']) % 3)"]


def data_in(page: Path) -> Any:
    text = page.read_text("utf-8").partition('id="data">')[2].partition("</script>")[0]
    return json.loads(text)


def test_the_page_tells_of_a_batch_that_ran(shell: Shell) -> None:
    shell.write(toml(JOB, last=3))
    shell.submit()
    result = shell.run("report")
    assert (result.code, result.out) == (0, "Wrote report.html; open it in a browser.\n")
    given = data_in(shell.folder / "report.html")
    assert [(job["key"], job["state"]) for job in given["jobs"]] == [
        ("1", "failed"),
        ("2", "failed"),
        ("3", "succeeded"),
    ]
    # The page lies beside the state folder: both can be moved, and the links still hold.
    assert given["jobs"][0]["attempts"][0]["log"] == "state/local/test/logs/1.1.log"
    assert max(level[1] for level in given["levels"]) == 2
    assert all(job["bars"] for job in given["jobs"])


def test_a_batch_that_never_ran_is_reported_and_nothing_is_made(shell: Shell) -> None:
    shell.write(toml(JOB))
    assert shell.run("report", "-o", "monday.html").code == 0
    assert sorted(each.name for each in shell.folder.iterdir()) == ["batch.toml", "monday.html"]
    assert "0 of 4 jobs succeeded, 4 waiting" in (shell.folder / "monday.html").read_text("utf-8")


def test_an_older_report_is_replaced_also_where_a_link_leads(shell: Shell) -> None:
    shell.write(toml(JOB))
    (shell.folder / "shown").mkdir()
    real, link = shell.folder / "shown" / "index.html", shell.folder / "report.html"
    real.write_text("old")
    link.symlink_to(real)
    assert shell.run("report").code == 0
    assert link.is_symlink()
    assert real.read_text("utf-8").startswith("<!doctype html>")
    assert [each.name for each in real.parent.iterdir()] == ["index.html"]


@pytest.mark.parametrize(
    ("output", "problem"),
    [
        pytest.param("no/such/report.html", "there is no folder", id="no folder"),
        pytest.param("folder", "that is no file", id="a folder"),
        pytest.param("/dev/null", "that is no file", id="a device"),
        pytest.param("x" * 300, "cannot be written: File name too long", id="too long a name"),
    ],
)
def test_a_place_that_cannot_be_is_refused_before_anything_else(
    shell: Shell, output: str, problem: str
) -> None:
    (shell.folder / "folder").mkdir()
    result = shell.run("report", "-o", output)  # there is no batch here either
    assert (result.code, result.out) == (2, "")
    assert f"-o {output}" in result.err
    assert problem in result.err
    assert [each.name for each in shell.folder.iterdir()] == ["folder"]


def test_a_folder_that_takes_no_files_is_refused(shell: Shell) -> None:
    shell.write(toml(JOB))
    result = shell.run("report", "-o", "/proc/report.html")
    assert (result.code, result.out) == (2, "")
    assert "-o /proc/report.html: cannot be written" in result.err
    assert "Traceback" not in result.err


def test_help_shows_how(shell: Shell) -> None:
    result = shell.run("report", "--help")
    assert result.code == 0
    assert "runbatch report -o monday.html" in result.out
