"""`--notify`, against a real web server: one message, and the URL stays a secret."""

import json
import signal
import socket
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import psutil
import pytest
from tests.e2e.shell import ENDING, Result, Shell, toml, wait_for_line
from tests.e2e.test_exact import BATCH, as_toml

SECRET = "s3cr3t-t0k3n"
FAIL_SOME = [
    sys.executable,
    "-c",
    f"{ENDING}end([0, 0, 1, 2, 2][int(os.environ['KEY'])])",
]


class Inbox:
    """A web server that keeps what is posted to it; it answers with `status`."""

    def __init__(self) -> None:
        self.paths: list[str] = []
        self.messages: list[Any] = []
        self.status = 200
        self.hold = threading.Event()
        self.hold.set()
        inbox = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                inbox.paths.append(self.path)
                inbox.messages.append(json.loads(body))
                inbox.hold.wait(60)
                self.send_response(inbox.status)
                self.end_headers()

            def log_message(self, format: str, *args: object) -> None:
                pass

        self._server = HTTPServer(("127.0.0.1", 0), Handler)
        self.port = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    @property
    def url(self) -> str:
        return f"json://user:{SECRET}@127.0.0.1:{self.port}/{SECRET}"

    def close(self) -> None:
        self.hold.set()
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def inbox() -> Iterator[Inbox]:
    inbox = Inbox()
    yield inbox
    inbox.close()


def assert_secret_kept(done: Result) -> None:
    assert SECRET not in done.out + done.err


def test_one_message_with_the_numbers_when_all_is_over(shell: Shell, inbox: Inbox) -> None:
    shell.write(toml(FAIL_SOME, last=4, cap=4))

    done = shell.submit("--notify", inbox.url)

    assert done.code == 3
    assert_secret_kept(done)
    (message,) = inbox.messages
    assert inbox.paths == [f"/{SECRET}"]
    assert message["title"] == "test: over, 3 jobs failed"
    assert message["type"] == "warning"
    assert message["message"].splitlines() == [
        "test: 4 jobs: 1 succeeded, 3 failed.",
        "1 configuration error",
        "2 mount failure",
        "Next: runbatch retry",
    ]
    for path in shell.state.rglob("*"):
        assert not path.is_file() or SECRET.encode() not in path.read_bytes()


def test_a_retry_tells_too_and_the_url_may_stand_in_the_environment(
    shell: Shell, inbox: Inbox
) -> None:
    program = f"{ENDING}print(os.environ); end(2 * (os.environ['NTH'] == '1'))"
    program = program.replace("NTH", "RUNBATCH_ATTEMPT")
    shell.write(toml([sys.executable, "-c", program], last=2))
    env = {"RUNBATCH_NOTIFY": inbox.url}
    shell.run("submit", "--yes", "--wait", "--poll-interval", "0.1", env=env)
    assert inbox.messages.pop()["title"] == "test: over, 2 jobs failed"

    words = ("retry", "--yes", "--retry-delay", "1", "--poll-interval", "0.1")
    done = shell.run(*words, env=env)

    assert done.code == 0
    assert_secret_kept(done)
    (message,) = inbox.messages
    assert (message["title"], message["type"]) == ("test: done", "success")
    assert message["message"] == "test: all 2 jobs succeeded."
    assert "RUNBATCH_KEY" in shell.read("logs", "1").out
    assert SECRET not in shell.read("logs", "1").out


def test_a_submit_that_does_not_wait_sends_nothing(shell: Shell, inbox: Inbox) -> None:
    shell.write(toml(["true"], last=1))
    assert shell.run("submit", "--yes", env={"RUNBATCH_NOTIFY": inbox.url}).code == 0
    done = shell.run("submit", "--yes", "--notify", inbox.url)
    assert done.code == 2
    assert "--notify: goes with --wait" in done.err
    assert_secret_kept(done)
    assert inbox.messages == []


def test_a_dry_run_sends_nothing(shell: Shell, inbox: Inbox) -> None:
    shell.write(toml(["true"], last=1))
    assert shell.read("submit", "--dry-run", "--wait", "--notify", inbox.url).code == 0
    assert shell.read("retry", "--dry-run", "--notify", inbox.url).code == 0
    assert inbox.messages == []


@pytest.mark.parametrize(
    ("words", "url"),
    [
        ("submit --yes --wait", f"nonsense://{SECRET}"),
        ("submit --yes --wait", ""),
        ("submit --yes --wait", "json://"),
        ("retry --yes", SECRET),
    ],
)
def test_a_url_that_no_service_understands(shell: Shell, words: str, url: str) -> None:
    shell.write(toml(["touch", "started"]))
    done = shell.run(*words.split(), "--notify", url)
    assert (done.code, done.out) == (2, "")
    assert "Error: --notify: no service understands this URL" in done.err
    assert_secret_kept(done)
    assert not shell.state.exists()
    assert not (shell.folder / "started").exists()


def test_one_in_the_environment_that_no_service_understands(shell: Shell) -> None:
    shell.write(toml(["true"]))
    done = shell.run("submit", "--yes", "--wait", env={"RUNBATCH_NOTIFY": f"nonsense://{SECRET}"})
    assert done.code == 2
    assert "Error: RUNBATCH_NOTIFY: no service understands this URL" in done.err
    assert_secret_kept(done)
    assert not shell.state.exists()


def test_that_nobody_answers_is_a_warning_and_no_more(shell: Shell) -> None:
    shell.write(toml(["true"], last=1))
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        url = f"json://user:{SECRET}@127.0.0.1:{closed.getsockname()[1]}/{SECRET}"
        done = shell.submit("--notify", url)
    assert done.code == 0
    said = "[WARN] No word was sent: the service of --notify did not answer, or did not take it.\n"
    assert said in done.err
    assert "the only job succeeded" in done.out
    assert_secret_kept(done)


def test_that_the_service_refuses_is_a_warning_and_no_more(shell: Shell, inbox: Inbox) -> None:
    shell.write(toml(FAIL_SOME, last=4, cap=4))
    inbox.status = 401
    words = ("--yes", "--wait", "--poll-interval", "0.1", "--json")
    done = shell.run("submit", *words, env={"RUNBATCH_NOTIFY": inbox.url})
    assert done.code == 3
    assert done.json["counts"]["failed"] == 3
    assert "[WARN] No word was sent: the service of RUNBATCH_NOTIFY did not answer" in done.err
    assert_secret_kept(done)
    assert len(inbox.messages) == 1


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_stop_is_told(shell: Shell, inbox: Inbox, number: signal.Signals, code: int) -> None:
    shell.write(toml(["sleep", "60"], last=3, cap=2))
    words = ("submit", "--yes", "--wait", "--poll-interval", "0.1", "--notify", inbox.url)
    process = shell.start(*words)
    wait_for_line(process, "[SUBMIT] test-2")
    process.send_signal(number)
    process.communicate(timeout=60)
    assert process.returncode == code
    (message,) = inbox.messages
    assert (message["title"], message["type"]) == ("test: stopped", "warning")
    assert "test: 3 jobs: 1 waiting, 2 in flight." in message["message"]
    assert "run the same command again to continue" in message["message"]


def test_an_error_is_told(shell: Shell, inbox: Inbox) -> None:
    shell.write(toml(["sleep", "60"], last=3, cap=2))
    words = ("submit", "--yes", "--wait", "--poll-interval", "0.1", "--notify", inbox.url)
    process = shell.start(*words)
    wait_for_line(process, "[SUBMIT] test-2")
    (shell.state / "local" / "test" / "ledger.sqlite3").write_text("no longer a ledger" * 100)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 1
    assert SECRET not in err
    (message,) = inbox.messages
    assert (message["title"], message["type"]) == ("test: ended by an error", "failure")
    assert message["message"].startswith("The ledger cannot be read or written.\n")
    assert "sqlite3" not in message["message"]


def test_the_url_is_in_no_list_of_processes_but_our_own_words(shell: Shell, inbox: Inbox) -> None:
    shell.write(toml(["true"], last=1))
    inbox.hold.clear()
    with shell.start("submit", "--yes", "--wait", "--notify", inbox.url) as process:
        while not inbox.messages:
            assert process.poll() is None
        children = psutil.Process(process.pid).children(recursive=True)
        words = [word for child in children for word in child.cmdline()]
        environments = [child.environ() for child in children]
        inbox.hold.set()
        process.communicate(timeout=60)
    assert any("courier" in word for word in words)
    assert not any(SECRET in word for word in words)
    assert not any(SECRET in value for env in environments for value in env.values())


def test_hostile_names_of_jobs_are_not_in_it(shell: Shell, inbox: Inbox) -> None:
    keys = ["@everyone", "<script>alert(1)</script>", "\x1b]0;owned\x07"]
    command = [sys.executable, "-c", "import sys; sys.exit(3)"]
    shell.write(BATCH.format(keys=as_toml(keys), command=as_toml(command), value='""'))
    assert shell.submit("--notify", inbox.url).code == 3
    (message,) = inbox.messages
    assert message["title"] == "exact: over, 3 jobs failed"
    for hostile in ("everyone", "script", "owned", "\x1b"):
        assert hostile not in json.dumps(message, ensure_ascii=False)


def test_a_reader_that_went_away_does_not_keep_the_word_from_being_sent(
    shell: Shell, inbox: Inbox
) -> None:
    shell.write(toml(["true"], last=1))
    words = ("submit", "--yes", "--wait", "--notify", inbox.url)
    with shell.start(*words) as process:
        assert process.stdout is not None
        process.stdout.close()
        process.wait(60)
    assert [message["title"] for message in inbox.messages] == ["test: done"]
