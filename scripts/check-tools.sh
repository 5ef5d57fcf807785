#!/bin/sh
# Checks that the tools a target needs are there, and names each missing one and how to get it.
#
#   scripts/check-tools.sh cargo node python3 cc
set -u

missing=0

complain() {
    echo "missing: $1" >&2
    echo "    $2" >&2
    missing=1
}

# at_least VERSION MINIMUM: true if VERSION is MINIMUM or newer.
at_least() {
    [ "$(printf '%s\n%s\n' "$2" "$1" | sort -V | head -n 1)" = "$2" ]
}

# require NAME MINIMUM VERSION HINT: VERSION is empty if the tool is not there.
require() {
    if [ -z "$3" ]; then
        complain "$1 $2 or newer" "$4"
    elif ! at_least "$3" "$2"; then
        complain "$1 $2 or newer (found $3)" "$4"
    fi
}

version_of() {
    "$@" 2>/dev/null | sed -n 's/[^0-9]*\([0-9][0-9.]*\).*/\1/p' | head -n 1
}

for tool in "$@"; do
    case "$tool" in
    cargo)
        require Rust 1.95 "$(version_of cargo --version)" "get it from https://rustup.rs, or run: rustup update stable"
        ;;
    node)
        require Node.js 20.19 "$(version_of node --version)" "get it from https://nodejs.org or your package manager"
        ;;
    npm)
        command -v npm >/dev/null || complain "npm" "it comes with Node.js"
        ;;
    chromium)
        [ -n "${CHROMIUM:-}" ] || command -v chromium >/dev/null ||
            complain "Chromium (or its path in CHROMIUM)" "on Debian: apt-get install chromium"
        ;;
    python3)
        require Python 3.10 "$(version_of "${PYTHON:-python3}" --version)" "on Debian: apt-get install python3 python3-venv"
        ;;
    venv)
        "${PYTHON:-python3}" -c 'import ensurepip, venv' 2>/dev/null ||
            complain "Python's venv module" "on Debian: apt-get install python3-venv"
        ;;
    cc)
        command -v cc >/dev/null || complain "a C compiler named cc" "on Debian: apt-get install build-essential"
        ;;
    postgresql)
        # Debian keeps the server's programs out of the path.
        command -v postgres >/dev/null || ls /usr/lib/postgresql/*/bin/postgres >/dev/null 2>&1 ||
            complain "PostgreSQL" "on Debian: apt-get install postgresql"
        ;;
    strace)
        command -v strace >/dev/null || complain "strace" "on Debian: apt-get install strace"
        ;;
    cargo-nextest)
        command -v cargo-nextest >/dev/null || complain "cargo-nextest" "run: cargo install cargo-nextest --locked"
        ;;
    *)
        complain "$tool" "scripts/check-tools.sh does not know this tool"
        ;;
    esac
done
exit "$missing"
