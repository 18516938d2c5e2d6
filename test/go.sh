#!/bin/sh
# Prints the path of a Go that can build the module with this go.mod: go.sh FILE. The newest one that is installed, else Debian's, which is
# installed then; and where that one is too old, the toolchain that go.mod names.
#
#   GO=/path/to/go   use this Go
set -eu

go_mod=$1

say() {
    echo "go.sh: $*" >&2
}

# directive toolchain -> 1.26.8
directive() {
    awk -v word="$1" '$1 == word { sub(/^go/, "", $2); print $2; exit }' "$go_mod"
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
    newest=''
    newest_version=0
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

go=$(find_go)
[ -n "$go" ] || { install_go; go=$(find_go); }
[ -n "$go" ] || { say "no Go found"; exit 1; }
if ! is_at_least "$(version_of "$go")" "$(directive go)"; then
    go=$(fetch_toolchain "$go" "$(directive toolchain)")
fi
echo "$go"
