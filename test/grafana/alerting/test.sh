#!/bin/sh
# Runs the Go tests of routes and messages.
#   GO=/path/to/go   use this Go (default: the newest one found)
set -eu

folder=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
go=$("$folder/../../go.sh" "$folder/go.mod")
cd "$folder"
unset GOROOT
GOTOOLCHAIN=local CGO_ENABLED=0 exec nice -n 10 "$go" test -mod=readonly -vet=all -count=1 ./...
