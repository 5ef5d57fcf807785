#!/bin/sh
# Prints the path of MLflow's command in an environment of its own, which is made if it is not there.
set -eu
cd "$(dirname "$0")/.."

PYTHON=${PYTHON:-python3}
VENV=${CARGO_TARGET_DIR:-target}/mlflow-venv
VERSION=3.17.2

if ! [ -x "$VENV/bin/mlflow" ]; then
    "$PYTHON" -m venv "$VENV"
    "$VENV/bin/pip" install --quiet "mlflow==$VERSION" >&2
fi
echo "$VENV/bin/mlflow"
