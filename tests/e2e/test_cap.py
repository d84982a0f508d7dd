"""The cap, watched from outside: by the jobs' own journal and by the operating system."""

import threading

import psutil
from tests.e2e.shell import Journal, Shell, processes_in, toml

JOBS = 70
BETWEEN_SCANS_S = 0.02


class Watcher(threading.Thread):
    """Counts the batch's live jobs as the operating system knows them, again and again.

    A job that two scans in a row found was alive between them; so were all others of that kind, at
    the same time. One scan alone proves nothing: it takes its time, and jobs come and go meanwhile.
    """

    def __init__(self, prefix: str) -> None:
        super().__init__(daemon=True)
        self._prefix = prefix
        self._over = threading.Event()
        self.most = 0

    def run(self) -> None:
        before: set[str] = set()
        while not self._over.wait(BETWEEN_SCANS_S):
            now = self._live_keys()
            self.most = max(self.most, len(before & now))
            before = now

    def stop(self) -> None:
        self._over.set()
        self.join()

    def _live_keys(self) -> set[str]:
        keys = set()
        for process in psutil.process_iter():
            try:
                env = process.environ()
            except psutil.Error:
                continue
            if env.get("RUNBATCH_PREFIX") == self._prefix and "RUNBATCH_UID" in env:
                keys.add(env["RUNBATCH_KEY"])
        return keys


def test_never_more_than_the_cap_is_alive_and_the_cap_is_reached(
    shell: Shell, journal: Journal
) -> None:
    # Nobody goes on before seven have begun: that they are reached does not hang on luck.
    shell.write(toml(journal.command(seconds=0.2, together=7), last=JOBS, cap=7, prefix="watched"))
    watcher = Watcher("watched")
    watcher.start()

    done = shell.submit("--json")
    watcher.stop()

    assert done.code == 0, done.err
    assert 1 <= watcher.most <= 7
    assert journal.most_at_once() == 7
    assert sorted(journal.begun(), key=int) == [str(key) for key in range(1, JOBS + 1)]
    counts = {"waiting": 0, "in_flight": 0, "succeeded": JOBS, "failed": 0}
    assert done.json["counts"] == counts
    assert done.json["totals"] == {
        "submitted": JOBS,
        "adopted": 0,
        "skipped": 0,
        "failed_to_submit": 0,
        "submitted_for_others": 0,
    }
    assert shell.read("status", "--json").json["counts"] == counts

    again = shell.submit()
    assert again.code == 0
    assert f"[SKIP] {JOBS} jobs" in again.err
    assert "succeeded already" in again.err
    assert f"submitted 0, adopted 0, skipped {JOBS}, failed to submit 0" in again.out
    assert len(journal.begun()) == JOBS


def test_two_submits_started_together_share_one_cap(shell: Shell, journal: Journal) -> None:
    shell.write(toml(journal.command(seconds=0.1), last=40, cap=5))
    words = ("submit", "--yes", "--wait", "--poll-interval", "0.1", "--json")

    both = [shell.start(*words) for _ in range(2)]
    outputs = [process.communicate(timeout=120) for process in both]

    assert [process.returncode for process in both] == [0, 0], outputs
    assert journal.most_at_once() <= 5
    assert sorted(journal.begun(), key=int) == [str(key) for key in range(1, 41)]


def test_max_concurrent_on_the_command_line_wins(shell: Shell, journal: Journal) -> None:
    shell.write(toml(journal.command(seconds=0.3), last=6, cap=6))

    done = shell.submit("--max-concurrent", "2", "--json")

    assert done.json["cap"] == 2
    assert journal.most_at_once() == 2


def test_status_goes_by_the_cap_of_who_is_at_work(shell: Shell, journal: Journal) -> None:
    shell.write(toml(journal.command(seconds=1000), last=3, cap=3))
    waiting = shell.start("submit", "--yes", "--max-concurrent", "1")
    assert waiting.stderr is not None
    while "[WAIT]" not in waiting.stderr.readline():
        pass

    assert "slots    1 of 1 held: 1 running" in shell.read("status").out
    waiting.kill()
    waiting.communicate(timeout=60)
    assert "slots    1 of 3 held: 1 running" in shell.read("status").out
    assert shell.run("delete", "--all", "--yes", "--poll-interval", "0.1").code == 0
    assert processes_in(shell.state) == []


def test_without_wait_submit_returns_when_all_are_started(shell: Shell, journal: Journal) -> None:
    shell.write(toml(journal.command(seconds=1), last=3, cap=2))

    done = shell.run("submit", "--yes", "--json", "--poll-interval", "0.1")

    assert done.code == 0
    assert len(done.json["jobs"]) == 3
    assert done.json["counts"]["waiting"] == 0
    assert done.json["counts"]["in_flight"] > 0
    assert shell.submit().code == 0
    assert sorted(journal.begun()) == ["1", "2", "3"]
