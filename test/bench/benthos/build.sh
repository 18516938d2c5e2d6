#!/bin/sh
# Builds build/benthos/benthos, which the bench compares with, from its Go module. What is up to date is not built again.
#   GO=/path/to/go   use this Go (default: the newest one found)
# To change the version: edit go.mod, run `go mod tidy` in this folder, and commit go.mod and go.sum.
set -eu

folder=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
out=$(CDPATH='' cd -- "$folder/../../.." && pwd)/build/benthos
made_from=$(cat "$folder/build.sh" "$folder/main.go" "$folder/go.mod" "$folder/go.sum" | sha256sum)
if [ -x "$out/benthos" ] && [ "$(cat "$out/made-from" 2>/dev/null)" = "$made_from" ]; then
    exit 0
fi
go=$("$folder/../../go.sh" "$folder/go.mod")
echo "build.sh: building benthos with $go" >&2
mkdir -p "$out"
rm -f "$out/made-from"
(cd "$folder" && unset GOROOT && GOTOOLCHAIN=local CGO_ENABLED=0 nice -n 10 "$go" build -mod=readonly -buildvcs=false -trimpath -ldflags "-s -w" \
    -o "$out/benthos" .)
echo "$made_from" >"$out/made-from"
