#!/bin/sh
# Runs a Docker engine of the tests' own, out of build/stack, as root: engine.sh STATE, a folder below /tmp for its data and its socket. Inside
# its own mount namespace, whose root is build/stack: with a mere chroot, `docker exec` would end up in this machine's root.
set -eu
root=$(cd "$(dirname "$0")/../../build/stack" && pwd)
project=$(cd "$(dirname "$0")/../.." && pwd)
state=$1
if [ -z "${ENGINE_INSIDE:-}" ]; then
    ENGINE_INSIDE=1 exec unshare --mount --propagation private sh "$0" "$state"
fi
mount --bind "$root" "$root"
for folder in proc sys dev tmp; do
    mount --rbind "/$folder" "$root/$folder"
done
mount -t tmpfs tmpfs "$root/run"
cat /etc/resolv.conf >"$root/run/resolv.conf"
[ -e "$root/etc/resolv.conf" ] || : >"$root/etc/resolv.conf"
mount --bind "$root/run/resolv.conf" "$root/etc/resolv.conf"
mkdir -p "$root/$project" "$root/run/before"
mount --bind "$project" "$root/$project" # what compose.yml mounts
cd "$root"
pivot_root . run/before
umount -l /run/before
exec dockerd --data-root "$state/data" --exec-root "$state/exec" --pidfile "$state/pid" --host "unix://$state/sock"
