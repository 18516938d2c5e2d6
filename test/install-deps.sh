#!/bin/sh
# Installs the Debian/Ubuntu packages that are missing, as root or through sudo. Does nothing when all are there.
#   test/install-deps.sh build      what `make run` needs: the processor alone
#   test/install-deps.sh programs   what `make` needs: also the programs that connect to a broker
#   test/install-deps.sh check      what `make check` needs
#   test/install-deps.sh test       what `make test` needs
set -eu

build_packages="gcc libc6-dev make libjansson-dev pkg-config"
program_packages="$build_packages libmosquitto-dev libssl-dev"
check_packages="$program_packages check git jq python3 python3-pytest python3-pytest-xdist"
test_packages="$check_packages clang libclang-rt-dev clang-tidy clang-format cppcheck valgrind ca-certificates
 mosquitto mosquitto-clients openssl curl iproute2 shellcheck python3-paho-mqtt python3-yaml
 mmdebstrap debian-archive-keyring postgresql-client strace"

case ${1:-} in
build) packages=$build_packages ;;
programs) packages=$program_packages ;;
check) packages=$check_packages ;;
test) packages=$test_packages ;;
*) echo "usage: install-deps.sh build|programs|check|test" >&2; exit 2 ;;
esac

is_installed() {
    dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null | grep -qx installed
}

if ! command -v dpkg-query >/dev/null 2>&1; then
    echo "install-deps.sh: not a Debian or Ubuntu system; install by hand: $packages" >&2
    exit 0
fi

# Whoever has npm has Node of the same make; Debian's npm would not go with another's Node.
[ "$1" != test ] || command -v npm >/dev/null 2>&1 || packages="$packages nodejs npm"
[ "$1" != test ] || python3 -m pip --version >/dev/null 2>&1 || packages="$packages python3-pip"

missing=
for package in $packages; do
    is_installed "$package" || missing="$missing $package"
done
[ -n "$missing" ] || exit 0

as_root=
if [ "$(id -u)" -ne 0 ]; then
    command -v sudo >/dev/null 2>&1 || {
        echo "install-deps.sh: neither root nor sudo; install by hand:$missing" >&2
        exit 1
    }
    as_root=sudo
fi

$as_root apt-get update -qq >&2
# What a release does not have it mostly has in another package (libclang-rt-dev is one of clang's own in older ones).
wanted=
for package in $missing; do
    if apt-cache show "$package" >/dev/null 2>&1; then
        wanted="$wanted $package"
    else
        echo "install-deps.sh: this release has no $package" >&2
    fi
done
echo "installing:$wanted" >&2
# shellcheck disable=SC2086 # a list of packages
$as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $wanted >&2
