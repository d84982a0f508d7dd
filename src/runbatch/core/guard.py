r"""The guard: a few lines of plain sh that give any image the exit-code contract.

`guarded` puts them around a workload's command. They look for each mount in /proc/self/mountinfo,
and end with 2 and the marker if one is not there; else they run the command, pass a SIGTERM on to
it, and end as it ended. What they print last is `runbatch: exit code N`, which `logged_code` reads:
the only way to learn an exit code where the cluster tells none (Run:ai reference, 4).

How the text gets there: Run:ai quotes the words of a command anew on their way (Run:ai reference,
9.10), so it travels in a variable, and no word of ours holds a blank or a quote. The shell splits
the variable into words, and `eval` joins them with single blanks: so no line may need its line
break, a comment or two blanks in a row. Kubernetes replaces `$$` and `$(NAME)` in the values of
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
# that leads through a link is mounted where the link leads.
LINES = r"""
end() { printf '\nrunbatch: exit code %s\n' "$1"; exit "$1"; };
set -f;
IFS=:;
if [ -r /proc/self/mountinfo ]; then
  for path in $RUNBATCH_GUARD_MOUNTS; do
    real=$(cd -P -- "$path" 2>/dev/null && pwd -P) || real=$path;
    found=no;
    while IFS=' ' read -r _ _ _ _ point _; do
      case $point in *\\*) point=$(printf %b "$point");; esac;
      if [ "$point" = "$real" ]; then found=yes; break; fi;
    done </proc/self/mountinfo;
    if [ $found = no ]; then
      printf '[ERROR] INFRASTRUCTURE MOUNT FAILURE: %s is not a mount point\n' "$path";
      end 2;
    fi;
  done;
else
  echo '[WARN] runbatch: no /proc/self/mountinfo here, so mounts are not checked';
fi;
unset IFS RUNBATCH_GUARD RUNBATCH_GUARD_MOUNTS;
set +f;
told=''; job='';
trap 'told=yes; kill -TERM $job 2>/dev/null' TERM;
"$@" & job=$!;
wait "$job"; code=$?;
while [ "$told" ]; do told=; wait "$job"; again=$?; [ $again = 127 ] || code=$again; done;
end $code;
"""
TEXT = " ".join(LINES.split())


def guarded(workload: Workload) -> Workload:
    """Return the workload with the guard around its command."""
    paths = [posixpath.normpath(mount.path) for mount in workload.mounts]
    env = {**workload.env, VARIABLE: TEXT, MOUNTS_VARIABLE: ":".join(paths)}
    command = ("sh", "-c", f"eval${{IFS}}${VARIABLE}", "runbatch", *workload.command)
    return replace(workload, env=env, command=command)


def logged_code(log: str) -> int | None:
    """Return the exit code that a log tells in its last lines; None if it tells none."""
    for line in reversed(log.rstrip().split("\n")[-_LAST_LINES:]):
        if match := _LAST_LINE.fullmatch(line.strip()):
            return int(match[1])
    return None
