#!/bin/sh
# Adds up the tests that the logs of scripts/run-tests.sh report: nextest's "12 tests run", Rust's, pytest's and
# Vitest's "12 passed".
#
#   scripts/count-tests.sh LOG...
set -eu
cat "$@" | sed 's/\x1b\[[0-9;]*m//g' | awk '
    /Summary.* tests? run:/          { for (i = 2; i <= NF; i++) if ($i ~ /^tests?$/) total += $(i - 1) }
    /^test result: ok\./             { total += $4 }
    /^=* ?[0-9].* in [0-9.]+s/       { for (i = 2; i <= NF; i++) if ($i ~ /^(passed|passed,)$/) total += $(i - 1) }
    /^ *Tests  +.*passed/            { for (i = 2; i <= NF; i++) if ($i == "passed") total += $(i - 1) }
    END                              { print total + 0 " passed, 0 failed" }'
