#!/bin/sh
# Makes build/trixie: a Debian 13 with PostgreSQL 17 and TimescaleDB (Apache edition), for the tests. Once; it is kept.
set -eu
cd "$(dirname "$0")/.."
root=build/trixie
packages=postgresql-17,postgresql-17-timescaledb

[ -e "$root/made-with-$packages" ] && exit 0
as_root=
[ "$(id -u)" -eq 0 ] || as_root=sudo
echo "trixie-root.sh: making $root" >&2
mkdir -p build
$as_root rm -rf "$root"
$as_root mmdebstrap --quiet --variant=minbase --include="$packages" trixie "$root"
$as_root chmod 1777 "$root/dev/shm" # PostgreSQL's shared memory
$as_root touch "$root/made-with-$packages"
