#!/bin/sh
# Runs a test command, shows what it prints, and keeps it for the final count.
#
#   scripts/run-tests.sh LOG COMMAND...
set -u
log=$1
shift
mkdir -p "$(dirname "$log")"
{ "$@" 2>&1; echo $? >"$log.status"; } | tee "$log"
exit "$(cat "$log.status")"
