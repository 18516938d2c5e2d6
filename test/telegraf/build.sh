#!/bin/sh
# Builds the Telegrafs that the integration tests run, from their Go modules: build/telegraf-1.37/telegraf and
# build/telegraf-1.39/telegraf. Only the plugins named below are in them, so that it takes a minute and not twenty.
# What is up to date is not built again. A Telegraf 1.37 that is installed is taken as it is.
#
#   GO=/path/to/go   use this Go (default: the newest one found)
#
# To change the list of plugins or a version: edit it, run `go build -mod=mod` once in the version's folder with the command
# at the end of this file, and commit go.mod and go.sum. Not `go mod tidy`: it fetches what every plugin there is needs.
set -eu

folder=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
build=$(CDPATH='' cd -- "$folder/../.." && pwd)/build
package=github.com/influxdata/telegraf/cmd/telegraf
tags=custom
for plugin in \
    inputs.exec inputs.execd inputs.file inputs.internal inputs.mock inputs.mqtt_consumer \
    parsers.influx parsers.json parsers.json_v2 parsers.value \
    processors.execd serializers.influx \
    outputs.discard outputs.execd outputs.file outputs.health outputs.postgresql; do
    tags="$tags,$plugin"
done

say() {
    echo "build.sh: $*" >&2
}

# directive 1.39 toolchain -> 1.26.8
directive() {
    awk -v word="$2" '$1 == word { sub(/^go/, "", $2); print $2; exit }' "$folder/$1/go.mod"
}

# Is version $1 (1.26.8) at least $2?
is_at_least() {
    [ "$(printf '%s\n%s\n' "$2" "$1" | sort -V | head -n 1)" = "$2" ]
}

version_of() {
    GOTOOLCHAIN=local "$1" version 2>/dev/null | awk '{ sub(/^go/, "", $3); print $3 }'
}

# The newest Go there is, empty if none.
find_go() {
    newest= newest_version=0
    for candidate in ${GO:-go /usr/local/go/bin/go /usr/lib/go-*/bin/go}; do
        version=$(version_of "$candidate")
        [ -n "$version" ] || continue
        is_at_least "$newest_version" "$version" || { newest=$candidate newest_version=$version; }
    done
    echo "$newest"
}

install_go() {
    command -v apt-get >/dev/null 2>&1 || { say "no Go found; install one, any version"; exit 1; }
    as_root=
    if [ "$(id -u)" -ne 0 ]; then
        command -v sudo >/dev/null 2>&1 || { say "no Go found, and neither root nor sudo to install golang-go"; exit 1; }
        as_root=sudo
    fi
    say "installing golang-go"
    $as_root apt-get update -qq >&2
    $as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-upgrade --no-install-recommends golang-go ca-certificates >&2
}

# A Go older than 1.21 cannot fetch the one that go.mod asks for. But a whole toolchain is also a module, and any Go can
# download and verify that. Its files come without the execute bit.
fetch_toolchain() {
    name=toolchain@v0.0.1-go$2.$("$1" env GOHOSTOS)-$("$1" env GOHOSTARCH)
    say "Go $(version_of "$1") is too old: fetching Go $2"
    (cd / && GOFLAGS='' GOTOOLCHAIN=local "$1" mod download "golang.org/$name") >&2
    toolchain=$("$1" env GOMODCACHE)/golang.org/$name
    chmod +x "$toolchain"/bin/* "$toolchain"/pkg/tool/*/*
    echo "$toolchain/bin/go"
}

choose_go() {
    go=$(find_go)
    [ -n "$go" ] || { install_go; go=$(find_go); }
    [ -n "$go" ] || { say "no Go found"; exit 1; }
    if ! is_at_least "$(version_of "$go")" "$(directive "$1" go)"; then
        go=$(fetch_toolchain "$go" "$(directive "$1" toolchain)")
    fi
    echo "$go"
}

# Is a Telegraf of version $1.x on the PATH? Then it stands in for the one to build.
use_installed() {
    installed=$(command -v telegraf) || return 1
    case $("$installed" --version 2>/dev/null) in
    "Telegraf $1".*) ;;
    *) return 1 ;;
    esac
    say "using $installed"
    mkdir -p "$build/telegraf-$1"
    rm -f "$build/telegraf-$1/made-from"
    ln -sf "$installed" "$build/telegraf-$1/telegraf"
}

make_telegraf() {
    out=$build/telegraf-$1
    made_from=$(cat "$folder/build.sh" "$folder/$1/go.mod" "$folder/$1/go.sum" | sha256sum)
    if [ -x "$out/telegraf" ] && [ "$(cat "$out/made-from" 2>/dev/null)" = "$made_from" ]; then
        return
    fi
    go=$(choose_go "$1")
    version=$(sed -n 's/^require github.com\/influxdata\/telegraf v//p' "$folder/$1/go.mod")
    say "building Telegraf $version with $go $(version_of "$go")"
    mkdir -p "$out"
    rm -f "$out/telegraf" "$out/made-from"
    (cd "$folder/$1" && unset GOROOT && GOTOOLCHAIN=local CGO_ENABLED=0 nice -n 10 "$go" build -mod=readonly -buildvcs=false -trimpath -tags "$tags" \
        -ldflags "-s -w -X github.com/influxdata/telegraf/internal.Version=$version" -o "$out/telegraf" "$package")
    echo "$made_from" >"$out/made-from"
}

use_installed 1.37 || make_telegraf 1.37
make_telegraf 1.39
