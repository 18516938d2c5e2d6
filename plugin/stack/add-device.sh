#!/bin/sh
# Gives a machine its account at the broker and prints its token, once: only a hash is kept. Again for the same machine: a new token.
#   add-device.sh SERIAL [add]
#   add-device.sh SERIAL remove
# A running broker reads the accounts again with `mosquitto.sh reload` (make device does both).
set -eu
umask 077
cd "${VENDING_ROOT:-$(dirname "$0")/../..}"
serial=${1:-} what=${2:-add} accounts=.secrets/mosquitto/devices

# The characters that the processor takes for a device_no; + and # would be wildcards, a colon ends the name in the file.
case $serial in
'' | *[!A-Za-z0-9._-]*) echo "add-device.sh: a serial number has letters, digits, dot, dash and underscore only" >&2; exit 2 ;;
telegraf | health | operator | demo) echo "add-device.sh: $serial is the name of a service" >&2; exit 2 ;;
esac
[ "${#serial}" -le 64 ] || { echo "add-device.sh: a serial number has 64 characters at most" >&2; exit 2; }
[ -e "$accounts" ] || { echo "add-device.sh: no accounts yet: run make-secrets.sh first" >&2; exit 1; }

others=$(grep -v "^$(printf %s "$serial" | sed 's/\./\\./g'):" "$accounts") || true
[ -z "$others" ] || others="$others
"
case $what in
remove)
    line=
    ;;
add)
    token=$(LC_ALL=C tr -dc 'A-Za-z0-9' </dev/urandom | head -c 32)
    # Mosquitto's format 6: SHA-512 of token and salt. A slow hash protects passwords that can be guessed; this one has 190 bits. By
    # way of a pipe, because everybody on the host can read a command's arguments.
    salt=$(openssl rand -base64 12)
    hash=$({ printf %s "$token"; printf %s "$salt" | openssl base64 -d -A; } | openssl dgst -sha512 -binary | openssl base64 -A)
    line="$serial:\$6\$$salt\$$hash
"
    ;;
*)
    echo "usage: add-device.sh SERIAL [add|remove]" >&2
    exit 2
    ;;
esac
printf '%s%s' "$others" "$line" >"$accounts.new"
chmod 644 "$accounts.new"
mv "$accounts.new" "$accounts"
[ "$what" = remove ] || printf 'user name: %s\npassword:  %s\n' "$serial" "$token"
