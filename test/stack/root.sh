#!/bin/sh
# Makes what the stack's tests run in, once; it is kept.
#   build/stack      Debian 13 with Docker, Compose, Mosquitto, and what stands in for Grafana
#   build/bookworm   Debian 12, as the images of Telegraf and of plugin/Dockerfile's build stage are
set -eu
cd "$(dirname "$0")/../.."

make_root() { # suite, folder, packages
    made=$2/made-with-$(echo "$3" | cksum | cut -d ' ' -f 1)
    [ ! -e "$made" ] || return 0
    as_root=
    [ "$(id -u)" -eq 0 ] || as_root=sudo
    echo "root.sh: making $2" >&2
    mkdir -p build
    $as_root rm -rf "$2"
    $as_root mmdebstrap --quiet --variant=minbase --include="$3" "$1" "$2"
    $as_root touch "$made"
}

make_root trixie build/stack docker.io,docker-cli,docker-compose,iptables,ca-certificates,busybox,mosquitto,mosquitto-clients
# As plugin/Dockerfile installs, and what Telegraf's image has.
make_root bookworm build/bookworm check,gcc,libc6-dev,libjansson-dev,libmosquitto-dev,libssl-dev,make,pkg-config,ca-certificates,curl,procps
