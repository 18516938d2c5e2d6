#!/bin/sh
# Makes what the stack keeps secret, once: `make up` runs it first. What exists stays as it is; delete a piece to have it made again.
#   .env                    passwords for docker compose, beside the settings that you put there
#   .secrets/ca/            a certificate authority of this stack's own; its key signs and never leaves this folder
#   .secrets/mosquitto/     what the broker's container sees: certificate and key for 8883, accounts of the machines
#
#   make-secrets.sh         all of it
#   make-secrets.sh demo    and the account of the simulated fleet
#
# VENDING_TLS_NAMES: names and addresses by which machines reach the broker, with commas between them (mqtt.example.com,203.0.113.5)
# VENDING_ROOT: the folder to make it all in (default: this project's)
set -eu
umask 077
cd "${VENDING_ROOT:-$(dirname "$0")/../..}"

passwords="POSTGRES_PASSWORD VENDING_WRITER_PASSWORD VENDING_READER_PASSWORD GRAFANA_ADMIN_PASSWORD
    MQTT_TELEGRAF_PASSWORD MQTT_HEALTH_PASSWORD MQTT_OPERATOR_PASSWORD"
case ${1:-} in
'') ;;
demo) passwords="$passwords MQTT_DEMO_PASSWORD" ;;
*) echo "usage: make-secrets.sh [demo]" >&2; exit 2 ;;
esac
command -v openssl >/dev/null || { echo "make-secrets.sh: needs openssl" >&2; exit 1; }

# 32 letters and digits, 190 bits: nothing in them that a shell, an .env file or a URL would take for its own.
random_password() {
    LC_ALL=C tr -dc 'A-Za-z0-9' </dev/urandom | head -c 32
}

[ ! -s .env ] || [ -z "$(tail -c 1 .env)" ] || echo >>.env
for name in $passwords; do
    grep -q "^$name=." .env 2>/dev/null || printf '%s=%s\n' "$name" "$(random_password)" >>.env
done
chmod 600 .env

# The folder keeps everybody else out, so what is in the part that the container sees may be readable: the broker is another user there.
mkdir -p .secrets/ca .secrets/mosquitto
chmod 700 .secrets .secrets/ca
chmod 755 .secrets/mosquitto

ca=.secrets/ca broker=.secrets/mosquitto
if [ ! -e "$ca/ca.key" ]; then
    openssl ecparam -name prime256v1 -genkey -noout -out "$ca/ca.key"
    openssl req -x509 -new -sha256 -key "$ca/ca.key" -days 3650 -subj "/CN=telegraf-vending CA" \
        -addext "basicConstraints=critical,CA:TRUE,pathlen:0" -addext "keyUsage=critical,keyCertSign,cRLSign" -out "$ca/ca.crt"
    rm -f "$broker/server.crt" # the old authority's
fi
if [ ! -e "$broker/server.crt" ]; then
    names="DNS:localhost,DNS:mosquitto,DNS:$(uname -n),IP:127.0.0.1"
    for name in $(echo "${VENDING_TLS_NAMES:-}" | tr ',' ' '); do
        case $name in
        *:*) names="$names,IP:$name" ;;
        *[!0-9.]*) names="$names,DNS:$name" ;;
        *) names="$names,IP:$name" ;;
        esac
    done
    openssl ecparam -name prime256v1 -genkey -noout -out "$broker/server.key"
    openssl req -new -sha256 -key "$broker/server.key" -subj "/CN=telegraf-vending broker" -out "$ca/server.csr"
    printf '%s\n' "basicConstraints=critical,CA:FALSE" "keyUsage=critical,digitalSignature" "extendedKeyUsage=serverAuth" \
        "subjectAltName=$names" >"$ca/server.ext"
    openssl x509 -req -sha256 -in "$ca/server.csr" -CA "$ca/ca.crt" -CAkey "$ca/ca.key" -CAcreateserial -days 825 \
        -extfile "$ca/server.ext" -out "$broker/server.crt" 2>"$ca/openssl.log" || { cat "$ca/openssl.log" >&2; exit 1; }
    rm -f "$ca/server.csr" "$ca/server.ext" "$ca/openssl.log"
    echo "made a certificate for $names" >&2
fi
cp "$ca/ca.crt" "$broker/ca.crt"
touch "$broker/devices"
chmod 644 "$broker"/*
