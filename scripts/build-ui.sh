#!/bin/sh
# Builds the web UI into ui/dist; does nothing if it is already as it should be.
set -eu
cd "$(dirname "$0")/.."
scripts/npm-packages.sh
cd ui
stamp=dist/.built-$({
    node --version
    find src public scripts index.html package-lock.json vite.config.ts tsconfig.json -type f |
        LC_ALL=C sort | xargs cat
} | cksum | tr ' ' '-')
[ -e "$stamp" ] && exit 0
rm -rf dist
npm run --silent build
if [ ! -s dist/index.html.gz ]; then
    echo "the build of the web UI left no dist/index.html.gz" >&2
    exit 1
fi
touch "$stamp"
