r"""The guard: a few lines of plain sh that give any image the exit-code contract.

`guarded` puts them around a workload's command. They look for each mount in /proc/self/mountinfo,
and end with 2 and the marker if one is not there; else they run the command, pass a SIGTERM on to
it, and end as it ended. What they print last is `runbatch: exit code N`, which `logged_code` reads:
the only way to learn an exit code where the cluster tells none.

How the text gets there: a cluster may quote the words of a command anew on their way, so it travels
in a variable, and no word of ours holds a blank or a quote. The shell splits the variable into
words, and `eval` joins them with single blanks: so no line may need its line break, a comment or
two blanks in a row. Kubernetes replaces `$$` and `$(NAME)` in the values of
variables, so neither may be in the text either.
"""

import posixpath
import re
from dataclasses import replace

from runbatch.core.workload import Workload

VARIABLE = "RUNBATCH_GUARD"
MOUNTS_VARIABLE = "RUNBATCH_GUARD_MOUNTS"
# A log's own last lines may be a little out of order: it is made of two streams.
_LAST_LINES = 20
_LAST_LINE = re.compile(r"runbatch: exit code ([0-9]{1,3})")

# Mount points stand in mountinfo's fifth column, blanks and the like as octal numbers. A path
# that leads through a link is mounted where the link leads. Every name begins with RUNBATCH_,
# which no batch may use: to set any other would change a variable that the command is given.
LINES = r"""
RUNBATCH_end() { printf '\nrunbatch: exit code %s\n' "$1"; exit "$1"; };
set -f;
IFS=:;
if [ -r /proc/self/mountinfo ]; then
  for RUNBATCH_path in $RUNBATCH_GUARD_MOUNTS; do
    RUNBATCH_real=$(cd -P -- "$RUNBATCH_path" 2>/dev/null && pwd -P) || {
      RUNBATCH_real=$(cd -P -- "${RUNBATCH_path%/*}/" 2>/dev/null && pwd -P) &&
      RUNBATCH_real=${RUNBATCH_real%/}/${RUNBATCH_path##*/};
    } || RUNBATCH_real=$RUNBATCH_path;
    RUNBATCH_found=no;
    while IFS=' ' read -r _ _ _ _ RUNBATCH_point _; do
      case $RUNBATCH_point in
        *\\*) RUNBATCH_point=$(printf %b "$RUNBATCH_point");;
      esac;
      if [ "$RUNBATCH_point" = "$RUNBATCH_real" ]; then RUNBATCH_found=yes; break; fi;
    done </proc/self/mountinfo;
    if [ $RUNBATCH_found = no ]; then
      printf '[ERROR] INFRASTRUCTURE MOUNT FAILURE: %s is not a mount point\n' "$RUNBATCH_path";
      RUNBATCH_end 2;
    fi;
  done;
else
  echo '[WARN] runbatch: no /proc/self/mountinfo here, so mounts are not checked';
fi;
unset IFS RUNBATCH_GUARD RUNBATCH_GUARD_MOUNTS RUNBATCH_path RUNBATCH_real RUNBATCH_point;
set +f;
RUNBATCH_told=''; RUNBATCH_job='';
trap 'RUNBATCH_told=yes; kill -TERM $RUNBATCH_job 2>/dev/null' TERM;
"$@" & RUNBATCH_job=$!;
wait "$RUNBATCH_job"; RUNBATCH_code=$?;
while [ "$RUNBATCH_told" ]; do
  RUNBATCH_told=''; wait "$RUNBATCH_job"; RUNBATCH_again=$?;
  [ $RUNBATCH_again = 127 ] || RUNBATCH_code=$RUNBATCH_again;
done;
RUNBATCH_end $RUNBATCH_code;
"""
TEXT = " ".join(LINES.split())


def guarded(workload: Workload) -> Workload:
    """Return the workload with the guard around its command."""
    # A path that begins with two slashes is left so by normpath.
    paths = [posixpath.normpath(f"/{mount.path.lstrip('/')}") for mount in workload.run.mounts]
    env = {**workload.env, VARIABLE: TEXT, MOUNTS_VARIABLE: ":".join(paths)}
    command = ("sh", "-c", f"eval${{IFS}}${VARIABLE}", "runbatch", *workload.run.command)
    return replace(workload, env=env, run=replace(workload.run, command=command))


def logged_code(log: str) -> int | None:
    """Return the exit code that a log tells in its last lines; None if it tells none."""
    for line in reversed(log.rstrip().split("\n")[-_LAST_LINES:]):
        if match := _LAST_LINE.fullmatch(line.strip()):
            return int(match[1])
    return None
