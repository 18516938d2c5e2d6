#!/bin/sh
# Installs Grafana's packages for check.mjs into build/grafana-npm. Once; again when package-lock.json changes.
set -eu
cd "$(dirname "$0")"
into=../../build/grafana-npm
cmp -s package-lock.json "$into/done" && exit 0
echo "npm.sh: installing into build/grafana-npm" >&2
rm -rf "$into"
mkdir -p "$into"
cp package.json package-lock.json "$into"
(cd "$into" && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error >&2)
cp package-lock.json "$into/done"
