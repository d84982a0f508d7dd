"""`runbatch audit`: one screen that says whether each promise was kept, and where one was not."""

import shutil
import sqlite3
from pathlib import Path

import pytest
from tests.e2e.shell import ENDING, Journal, Shell, toml

OUTCOMES = f"""
{ENDING}
key = os.environ['RUNBATCH_KEY']
if key == '1': end(2 if os.environ['RUNBATCH_ATTEMPT'] == '1' else 0)
if key == '2': sys.exit('no model')
"""
RETRIES = "[retry]\ndelay_s = 1"


@pytest.fixture
def finished(shell: Shell, journal: Journal) -> Path:
    """Run a batch in which one job is retried and one fails; return its ledger's folder."""
    command = journal.command(seconds=0.1, then=OUTCOMES)
    shell.write(toml(command, last=5, cap=2, more=RETRIES))
    assert shell.submit().code == 3
    assert shell.run("retry", "--yes", "--poll-interval", "0.1").code == 3
    return shell.state / "local" / "test"


def test_a_batch_that_went_well_is_one_clear_screen_without_its_cluster(
    shell: Shell, finished: Path
) -> None:
    shutil.rmtree(shell.state / "clusters")
    before = {path: path.read_bytes() for path in finished.iterdir() if path.is_file()}
    done = shell.read("audit")
    assert (done.code, done.err) == (0, "")
    lines = done.out.splitlines()
    assert " events; the jobs are shown as of 20" in lines[0]
    assert "UTC: The cluster lists nothing at all" in lines[0]
    assert lines[1].startswith("  time            20")
    assert lines[2].startswith("  most in flight  2 of 2, first at 20")
    assert lines[3] == "  jobs            0 waiting, 0 in flight, 4 succeeded, 1 failed"
    assert lines[4] == "promises"
    assert all(line.startswith("  ok      ") for line in lines[5:-1])
    assert lines[-1] == "Every promise was kept."
    assert len(lines) <= 24
    assert max(map(len, lines[1:])) <= 80
    assert {path: path.read_bytes() for path in finished.iterdir() if path.is_file()} == before


def test_beside_its_cluster_it_speaks_of_now(shell: Shell, finished: Path) -> None:
    assert finished.exists()
    done = shell.read("audit")
    lines = done.out.splitlines()
    assert lines[0].endswith(" events")
    assert lines[3] == "  jobs            0 waiting, 0 in flight, 4 succeeded, 1 failed"
    assert max(map(len, lines)) <= 80


def test_json_says_the_same(shell: Shell, finished: Path) -> None:
    found = shell.read("audit", "--json").json
    assert (found["schema"], found["batch"], found["held"]) == (1, "test", True)
    assert (found["most_in_flight"]["in_flight"], found["most_in_flight"]["cap"]) == (2, 2)
    assert found["counts"] == {"waiting": 0, "in_flight": 0, "succeeded": 4, "failed": 1}
    assert found["events"] == len((finished / "events.jsonl").read_text().splitlines())
    assert (found["lacking"], found["above_cap"]) == (0, [])
    assert (found["cluster"]["answers"], found["cluster"]["problem"]) == (True, None)
    promises = [each["promise"] for each in found["promises"]]
    assert promises == [
        "cap",
        "once",
        "succeeded",
        "retries",
        "logs",
        "names",
        "lost",
        "real",
        "whole",
        "ledger",
    ]
    assert all(each["held"] and each["breaches"] == [] for each in found["promises"])


def test_a_file_doctored_by_hand_is_found_out(shell: Shell, finished: Path) -> None:
    events = finished / "events.jsonl"
    lines = events.read_text().splitlines(keepends=True)
    retried = next(index for index, line in enumerate(lines) if '"why":"retry"' in line)
    lines[retried] = lines[retried].replace('"why":"retry"', '"why":"first"')
    events.write_text("".join(lines))
    done = shell.read("audit")
    assert done.code == 1
    problem = f"            line {retried + 1}, job 1, 20"
    below = done.out.partition("  BROKEN  only what the infrastructure broke")[2].splitlines()
    assert below[1].startswith(problem)
    assert "UTC: started for: first; but before it attempt 1: mount failure" in below[1]
    assert "the ledger's own journal says otherwise" in done.out
    assert done.out.endswith("2 promises of 10 broken.\n")

    found = shell.read("audit", "--json")
    assert (found.code, found.json["held"]) == (1, False)
    (retries,) = (each for each in found.json["promises"] if each["promise"] == "retries")
    assert [(each["line"], each["key"]) for each in retries["breaches"]] == [(retried + 1, "1")]


def test_a_ledger_doctored_by_hand_is_found_out(shell: Shell, finished: Path) -> None:
    connection = sqlite3.connect(finished / "ledger.sqlite3")
    connection.execute("UPDATE attempts SET verdict = 'succeeded' WHERE key = '2'")
    connection.commit()
    connection.close()
    done = shell.read("audit")
    assert done.code == 1
    assert "  BROKEN  the events say what the ledger says\n" in done.out
    assert "            job 2: attempt 1 differs in outcome\n" in done.out


def test_lines_that_are_missing_are_found(shell: Shell, finished: Path) -> None:
    events = finished / "events.jsonl"
    lines = events.read_text().splitlines(keepends=True)
    events.write_text("".join([*lines[:3], *lines[4:-2]]))
    done = shell.read("audit")
    assert done.code == 1
    assert "events.jsonl lacks its last 2 lines; the ledger has them" in done.out
    assert "line 5, " in done.out
    assert "the line before it is 3" in done.out


def test_without_its_ledger_the_rest_is_still_told(shell: Shell, finished: Path) -> None:
    (finished / "ledger.sqlite3").unlink()
    done = shell.read("audit")
    assert done.code == 0
    assert "  --      the events say what the ledger says: there is no ledger here\n" in done.out


def test_a_line_that_is_none_is_one_clear_error(shell: Shell, finished: Path) -> None:
    with (finished / "events.jsonl").open("a") as file:
        file.write("\x1b[31mred\n")
    done = shell.read("audit")
    assert (done.code, done.out) == (1, "")
    assert done.err.startswith(f"Error: {finished}/events.jsonl, line ")
    assert "it is not JSON." in done.err
    assert done.err.count("\n") == 1


def test_where_nothing_ever_ran_there_is_nothing_to_audit(shell: Shell) -> None:
    shell.write(toml(["true"]))
    done = shell.read("audit")
    assert (done.code, done.out) == (2, "")
    assert "events.jsonl: there are no events yet; submit writes them." in done.err
    assert not shell.state.exists()


def test_hostile_words_do_not_reach_the_terminal(shell: Shell, finished: Path) -> None:
    events = finished / "events.jsonl"
    text = events.read_text().replace('"key":"4"', '"key":"4\\u001b[31m"')
    events.write_text(text)
    (finished / "ledger.sqlite3").unlink()
    done = shell.read("audit")
    assert done.code == 1
    assert r"job 4\x1b[31m" in done.out
    assert "\x1b" not in done.out
