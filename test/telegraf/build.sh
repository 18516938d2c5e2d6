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
    go=$("$folder/../go.sh" "$folder/$1/go.mod")
    version=$(sed -n 's/^require github.com\/influxdata\/telegraf v//p' "$folder/$1/go.mod")
    say "building Telegraf $version with $go"
    mkdir -p "$out"
    rm -f "$out/telegraf" "$out/made-from"
    (cd "$folder/$1" && unset GOROOT && GOTOOLCHAIN=local CGO_ENABLED=0 nice -n 10 "$go" build -mod=readonly -buildvcs=false -trimpath -tags "$tags" \
        -ldflags "-s -w -X github.com/influxdata/telegraf/internal.Version=$version" -o "$out/telegraf" "$package")
    echo "$made_from" >"$out/made-from"
}

use_installed 1.37 || make_telegraf 1.37
make_telegraf 1.39
