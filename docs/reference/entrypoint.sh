#!/bin/sh
# Keeps the exit-code contract of runbatch: ENTRYPOINT ["/entrypoint.sh"], and the command after it.
# It needs a POSIX sh and /proc, and starts no program but the command.

# The mounts that the command needs, with colons in between and no slash at the end.
required=${REQUIRED_MOUNTS-/data:/outputs}
tab='	'
line_end='
'

# Sets `written` to a path as mountinfo has it: four letters are octal numbers there.
write_as_kernel() {
    rest=$1 written=
    while [ -n "$rest" ]; do
        after=${rest#?}
        first=${rest%"$after"}
        case $first in
            ' ') first='\040' ;;
            "$tab") first='\011' ;;
            "$line_end") first='\012' ;;
            \\) first='\134' ;;
        esac
        written=$written$first
        rest=$after
    done
}

# Whether something is mounted at the path. A folder of the image that lies there is no mount.
is_mount_point() {
    write_as_kernel "$1"
    while IFS=' ' read -r _ _ _ _ point _; do
        [ "$point" = "$written" ] && return 0
    done </proc/self/mountinfo
    return 1
}

# Ends with this code and says so: the line is evidence where the cluster tells no exit code.
finish() {
    # A line of its own, also behind a command that did not end its last one.
    printf '\nrunbatch: exit code %s\n' "$1" >&2
    exit "$1"
}

missing=
set -f
IFS=:
for path in $required; do
    is_mount_point "$path" && continue
    printf '[ERROR] INFRASTRUCTURE MOUNT FAILURE: %s is not a mount point\n' "$path" >&2
    missing=yes
done
[ -z "$missing" ] || finish 2
if [ $# -eq 0 ]; then
    echo '[ERROR] no command was given' >&2
    finish 1
fi

"$@"
finish $?
