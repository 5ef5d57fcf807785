#!/bin/sh
# Resolves tests/e2e/requirements.in for Python 3.10 and for 3.11, and writes both into one requirements.txt.
#
#   scripts/pin-requirements.sh python3.10 python3.11
set -eu
cd "$(dirname "$0")/.."
[ $# -eq 2 ] || { echo "usage: $0 PYTHON_3_10 PYTHON_3_11" >&2; exit 2; }
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

freeze() {
    "$1" -m venv "$work/venv-$2"
    "$work/venv-$2/bin/pip" install --quiet --requirement tests/e2e/requirements.in
    "$work/venv-$2/bin/pip" freeze | LC_ALL=C sort >"$work/$2"
}

freeze "$1" old
freeze "$2" new
{
    echo "# Made by scripts/pin-requirements.sh from requirements.in; don't edit."
    {
        LC_ALL=C comm -12 "$work/old" "$work/new"
        LC_ALL=C comm -23 "$work/old" "$work/new" | sed 's/$/ ; python_version < "3.11"/'
        LC_ALL=C comm -13 "$work/old" "$work/new" | sed 's/$/ ; python_version >= "3.11"/'
    } | LC_ALL=C sort -f
} >tests/e2e/requirements.txt
