#!/bin/sh
# Runs one step of a longer job, says when it begins, and how long it took.
#
#   scripts/step.sh NAME COMMAND...
set -u
name=$1
shift
echo "==> $name"
begun=$(date +%s)
"$@"
status=$?
took=$(($(date +%s) - begun))
if [ "$status" -eq 0 ]; then
    echo "<== $name: ${took} s"
else
    echo "<== $name: FAILED with status $status after ${took} s" >&2
fi
exit "$status"
