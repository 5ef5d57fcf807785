#!/bin/sh
# Makes .venv with the pinned packages of the end-to-end tests; does nothing if it is already as it should be.
set -eu
cd "$(dirname "$0")/.."
python=${PYTHON:-python3}
requirements=tests/e2e/requirements.txt
stamp=.venv/$({ cat "$requirements"; "$python" --version; } | cksum | tr ' ' '-').stamp
[ -e "$stamp" ] && exit 0
rm -rf .venv
"$python" -m venv .venv
.venv/bin/python -m pip install --quiet --disable-pip-version-check --no-input --requirement "$requirements"
touch "$stamp"
