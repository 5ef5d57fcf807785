#!/bin/sh
# Installs the packages of ui/package-lock.json; does nothing if they are there.
set -eu
cd "$(dirname "$0")/../ui"
stamp=node_modules/.$({ cat package.json package-lock.json; node --version; } | cksum | tr ' ' '-').stamp
[ -e "$stamp" ] && exit 0
npm ci --no-audit --no-fund --loglevel=error
touch "$stamp"
