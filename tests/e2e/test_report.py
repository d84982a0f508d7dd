"""`runbatch report`: where it writes, what it refuses, and that it leaves everything else alone."""

import json
import sys
from pathlib import Path
from typing import Any

import pytest
from tests.e2e.shell import ENDING, Shell, toml, wait_until

JOB = [sys.executable, "-I", "-S", "-c", f"{ENDING}end(int(os.environ['KEY']) % 3)"]


def data_in(page: Path) -> Any:
    text = page.read_text("utf-8").partition('id="data">')[2].partition("</script>")[0]
    return json.loads(text)


def test_the_page_tells_of_a_batch_that_ran(shell: Shell) -> None:
    shell.write(toml(JOB, last=3))
    shell.submit()
    result = shell.read("report")
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
    assert shell.read("report", "-o", "monday.html").code == 0
    assert sorted(each.name for each in shell.folder.iterdir()) == ["batch.toml", "monday.html"]
    assert "0 of 4 jobs succeeded, 4 waiting" in (shell.folder / "monday.html").read_text("utf-8")


def test_an_older_report_is_replaced_also_where_a_link_leads(shell: Shell) -> None:
    shell.write(toml(JOB))
    (shell.folder / "shown").mkdir()
    real, link = shell.folder / "shown" / "index.html", shell.folder / "report.html"
    real.write_text("old")
    link.symlink_to(real)
    assert shell.read("report").code == 0
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
    result = shell.read("report", "-o", output)  # there is no batch here either
    assert (result.code, result.out) == (2, "")
    assert f"-o {output}" in result.err
    assert problem in result.err
    assert [each.name for each in shell.folder.iterdir()] == ["folder"]


def own_files(shell: Shell) -> dict[str, bytes]:
    return {str(each): each.read_bytes() for each in shell.folder.rglob("*") if each.is_file()}


@pytest.mark.parametrize(
    "output",
    [
        pytest.param("batch.toml", id="the batch's file"),
        pytest.param("./state/../batch.toml", id="the same by another way"),
        pytest.param("link.html", id="a link to it"),
        pytest.param("hard.html", id="a second name of it"),
        pytest.param("keys.txt", id="the file of its keys"),
        pytest.param("data/table.csv", id="its phenotype table"),
        pytest.param("state/local/test/ledger.sqlite3", id="its ledger"),
        pytest.param("state/local/test/report.html", id="a new file in the ledger's folder"),
        pytest.param("state/local/test/logs/1.1.log", id="a saved log"),
        pytest.param("linked/report.html", id="a link to the ledger's folder"),
    ],
)
def test_the_batch_s_own_files_are_never_overwritten(shell: Shell, output: str) -> None:
    shell.write("1\n2\n", "keys.txt")
    (shell.folder / "data").mkdir()
    shell.write("Taxa,a\nx,1\n", "data/table.csv")
    table = 'env = { GENOTYPE_FILE = "/data/g", PHENOTYPE_FILE = "/data/table.csv" }\n'
    mounts = 'mounts = [{ host = "data", path = "/data" }]'
    text = toml(JOB, last=2, more=table + mounts)
    shell.write(text.replace("range = [1, 2]", 'file = "keys.txt"'))
    assert shell.run("submit", "--yes", "--wait", "--poll-interval", "0.1").code == 3
    (shell.folder / "link.html").symlink_to("batch.toml")
    (shell.folder / "hard.html").hardlink_to(shell.folder / "batch.toml")
    (shell.folder / "linked").symlink_to("state/local/test")
    before = own_files(shell)

    result = shell.read("report", "-o", output)

    assert (result.code, result.out) == (2, "")
    assert f"Error: -o {output}: the batch needs what is there" in result.err
    assert own_files(shell) == before


def test_a_page_beside_the_ledgers_folder_is_nobodys_harm(shell: Shell) -> None:
    shell.write(toml(JOB, last=1))
    shell.submit()
    assert shell.read("report", "-o", "state/report.html").code == 0
    assert shell.read("report", "-o", "state/local/test.html").code == 0


def test_a_dash_writes_the_page_to_stdout_and_nothing_else(shell: Shell) -> None:
    shell.write(toml(JOB, last=1))
    shell.submit()
    assert shell.read("report").code == 0
    result = shell.read("report", "-o", "-")
    assert (result.code, result.err) == (0, "")
    assert result.out.startswith("<!doctype html>")
    assert result.out.rstrip().endswith("</html>")
    assert not (shell.folder / "-").exists()
    assert shell.read("report", "-o", "./-").code == 0
    assert data_in(shell.folder / "-")["jobs"] == data_in(shell.folder / "report.html")["jobs"]


def test_a_loop_of_links_is_refused(shell: Shell) -> None:
    shell.write(toml(JOB))
    (shell.folder / "loop.html").symlink_to("loop.html")
    result = shell.read("report", "-o", "loop.html")
    assert (result.code, result.out) == (2, "")
    said = "Error: -o loop.html: cannot be written: Too many levels of symbolic links."
    assert said in result.err
    assert (shell.folder / "loop.html").is_symlink()


def test_a_folder_that_takes_no_files_is_refused(shell: Shell) -> None:
    shell.write(toml(JOB))
    result = shell.read("report", "-o", "/proc/report.html")
    assert (result.code, result.out) == (2, "")
    assert "-o /proc/report.html: cannot be written" in result.err
    assert "Traceback" not in result.err


def test_help_shows_how(shell: Shell) -> None:
    result = shell.read("report", "--help")
    assert result.code == 0
    assert "runbatch report -o monday.html" in result.out


def test_report_and_audit_say_what_status_says_also_when_nobody_waited(shell: Shell) -> None:
    gate = shell.folder / "gate"
    command = f"while [ ! -e {gate} ]; do sleep 0.05; done; exec true"
    shell.write(toml(["sh", "-c", command], last=6, cap=6))
    assert shell.run("submit", "--yes", "--poll-interval", "0.1").code == 0
    ledger = shell.state / "local" / "test" / "ledger.sqlite3"
    gate.touch()
    wait_until(lambda: shell.read("status", "--json").json["counts"]["succeeded"] == 6)
    before = ledger.read_bytes()
    assert "jobs            0 waiting, 0 in flight, 6 succeeded, 0 failed\n" in (
        shell.read("audit").out
    )
    found = shell.read("audit", "--json").json
    assert found["counts"] == shell.read("status", "--json").json["counts"]
    assert (found["cluster"]["answers"], found["cluster"]["problem"]) == (True, None)

    assert shell.read("report").code == 0
    page = shell.folder / "report.html"
    assert "All 6 jobs succeeded" in page.read_text("utf-8")
    assert "as of" not in page.read_text("utf-8").partition("<main>")[0]
    given = data_in(page)
    assert {job["state"] for job in given["jobs"]} == {"succeeded"}
    assert given["levels"][-1][1] == 0
    for job in given["jobs"]:
        # Nor does any bar go on until somebody asked for the page.
        assert job["bars"][-1][3] <= job["attempts"][-1]["end"] + 0.01
    assert ledger.read_bytes() == before


def test_events_alone_are_reported_as_of_their_last(shell: Shell) -> None:
    shell.write(toml(JOB, last=3))
    shell.submit()
    folder = shell.state / "local" / "test"
    (folder / "ledger.sqlite3").unlink()
    at = json.loads((folder / "events.jsonl").read_text().splitlines()[-1])["at"]
    said = f"as of {at[:10]} {at[11:19]} UTC: there is no ledger here, and this is what"
    assert said in shell.read("audit").out.splitlines()[0]
    assert shell.read("report").code == 0
    page = (shell.folder / "report.html").read_text("utf-8")
    assert said in page.partition('<p class="standing">')[2].partition("</p>")[0]
    assert "1 of 3 jobs succeeded, 2 ended badly" in page
