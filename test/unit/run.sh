#!/bin/sh
# Runs unit tests, some side by side: run.sh JOBS PROGRAM...
# A line for each that passed; of one that failed, all that it said. RUN_WITH, before each program: valgrind and its flags.
set -u

if [ "$1" = --one ]; then
    name=${2#*/unit/}
    # shellcheck disable=SC2086 # words of a command
    if said=$(${RUN_WITH:-} "$2" 2>&1); then
        checks=$(echo "$said" | sed -n 's/^100%: Checks: \([0-9]*\), Failures: 0, Errors: 0$/\1/p')
        [ -z "$checks" ] || { printf '  PASS    %-28s %4d checks\n' "$name" "$checks"; exit 0; }
    fi
    printf '  FAIL    %s\n%s\n' "$name" "$said"
    exit 1
fi

jobs=$1
shift
lines=$(mktemp)
trap 'rm -f "$lines"' EXIT
printf '%s\0' "$@" | xargs -0 -n 1 -P "$jobs" "$0" --one | tee "$lines"
passed=$(grep -c '^  PASS ' "$lines")
failed=$(($# - passed))
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
