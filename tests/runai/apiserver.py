"""A small server that answers as a cluster's does, or as what stands before it, and a real kubectl.

`kubectl` is the program that PyPI has (a dev dependency), never one that is told of a real cluster:
its configuration names the loopback server alone.
"""

import json
import os
import socket
import struct
import sysconfig
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

KUBECTL = Path(sysconfig.get_path("scripts")) / "kubectl"
MISSING = "no kubectl here; make setup installs it"


@dataclass(frozen=True)
class Answer:
    """What the server says, or what it does instead."""

    code: int
    body: str
    kind: str = "application/json"
    does: str = "answers"


def page(*pods: Any, more: str = "") -> Answer:
    meta = {"continue": more} if more else {}
    return Answer(200, json.dumps({"kind": "PodList", "metadata": meta, "items": pods}))


def refusal(code: int, reason: str, message: str) -> Answer:
    status = {"kind": "Status", "apiVersion": "v1", "status": "Failure", "code": code}
    return Answer(code, json.dumps({**status, "reason": reason, "message": message}))


def html(code: int, text: str = "at 10:15, request 6f1d") -> Answer:
    return Answer(code, f"<html>\n<body>{text}</body>\n</html>", "text/html")


SILENCE = Answer(0, "", does="waits")
HANGS_UP = Answer(0, "", does="hangs up")
CUT = Answer(200, '{"items":', does="cuts")


@dataclass
class ApiServer:
    """What it is to answer, request by request, after the last as the last; and what was asked."""

    port: int = 0
    answers: list[Answer] = field(default_factory=lambda: [page()])
    asked: list[str] = field(default_factory=list)
    over: threading.Event = field(default_factory=threading.Event)

    def answer(self, *answers: Answer) -> None:
        """Say this from now on."""
        self.answers = list(answers)
        self.asked.clear()

    def next(self, path: str) -> Answer:
        self.asked.append(path)
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]


class Handler(BaseHTTPRequestHandler):
    """Answers one request as its server is told."""

    told: ApiServer

    def log_message(self, *_: Any) -> None:
        """Say nothing."""

    def do_GET(self) -> None:
        answer = self.told.next(self.path)
        if answer.does == "waits":
            self.told.over.wait(60)
        elif answer.does == "hangs up":
            now = struct.pack("ii", 1, 0)
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, now)
            self.connection.close()
        else:
            self._send(answer)

    def _send(self, answer: Answer) -> None:
        body = answer.body.encode()
        self.send_response(answer.code)
        self.send_header("Content-Type", answer.kind)
        self.send_header("Content-Length", str(len(body) + (answer.does == "cuts")))
        self.end_headers()
        self.wfile.write(body)


class Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_: Any) -> None:
        """Say nothing: a client that has hung up, or a handshake that is no request."""


@contextmanager
def serving() -> Iterator[ApiServer]:
    told = ApiServer()
    server = Server(("127.0.0.1", 0), type("Telling", (Handler,), {"told": told}))
    told.port = server.server_port
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield told
    finally:
        told.over.set()
        server.shutdown()
        server.server_close()
        thread.join()


def configure(file: Path, server: str, user: dict[str, Any], context: str = "lab") -> None:
    """Write what `kubectl` is told: one cluster, and whom to be there."""
    config = {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": context,
        "contexts": [{"name": "lab", "context": {"cluster": "lab", "user": "me"}}],
        "clusters": [{"name": "lab", "cluster": {"server": server}}],
        "users": [{"name": "me", "user": user}],
    }
    file.write_text(json.dumps(config))


def require_kubectl() -> None:
    """Skip aloud where there is none; CI must not skip."""
    if KUBECTL.exists():
        return
    if os.environ.get("CI"):
        pytest.fail(f"CI must not skip: {MISSING}")
    pytest.skip(MISSING)
