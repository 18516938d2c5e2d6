#!/bin/sh
# Runs ruff, of the version below, out of build/ruff; it is put there at the first time: ruff.sh check .
set -eu
cd "$(dirname "$0")/.."
version=0.17.6
if [ "$(build/ruff/bin/ruff --version 2>/dev/null)" != "ruff $version" ]; then
    echo "ruff.sh: installing ruff $version into build/ruff" >&2
    rm -rf build/ruff
    python3 -m pip install --quiet --root-user-action=ignore --disable-pip-version-check --no-deps --target build/ruff "ruff==$version" >&2
fi
exec build/ruff/bin/ruff "$@"
