#!/bin/sh
# Starts the broker in its container: lays out accounts, rights and key where only the broker can read them, then becomes it.
#   mosquitto.sh          start
#   mosquitto.sh reload   after a change of the accounts: lay them out again and have the broker read them
#   mosquitto.sh check    health: log in and wait for the broker's heartbeat
# The services' passwords come from the environment, the machines' accounts from secrets/devices (hashed, one a line).
set -eu
umask 077
secrets=/mosquitto/secrets
run=/run/mosquitto

lay_out() {
    : "${MQTT_TELEGRAF_PASSWORD:?is not set: make up makes it}" "${MQTT_HEALTH_PASSWORD:?is not set}" "${MQTT_OPERATOR_PASSWORD:?is not set}"
    {
        printf 'telegraf:%s\n' "$MQTT_TELEGRAF_PASSWORD"
        printf 'health:%s\n' "$MQTT_HEALTH_PASSWORD"
        printf 'operator:%s\n' "$MQTT_OPERATOR_PASSWORD"
        [ -z "${MQTT_DEMO_PASSWORD:-}" ] || printf 'demo:%s\n' "$MQTT_DEMO_PASSWORD"
    } >"$run/passwords.new"
    mosquitto_passwd -U "$run/passwords.new" # hashes in place
    [ ! -e "$secrets/devices" ] || cat "$secrets/devices" >>"$run/passwords.new"
    mv "$run/passwords.new" "$run/passwords"
    cat "$secrets/server.key" >"$run/server.key"
    cat /stack/mosquitto.acl >"$run/acl"
    printf '%s\n' '-u health' "-P $MQTT_HEALTH_PASSWORD" >"$run/mosquitto_sub"
}

case ${1:-start} in
start)
    lay_out
    # In the environment of a process that talks to the world they have no business.
    unset MQTT_TELEGRAF_PASSWORD MQTT_HEALTH_PASSWORD MQTT_OPERATOR_PASSWORD MQTT_DEMO_PASSWORD
    exec mosquitto -c /stack/mosquitto.conf
    ;;
reload)
    lay_out
    kill -HUP 1
    ;;
check)
    # Name and password are in a file: everybody on the host can read a command's arguments.
    export XDG_CONFIG_HOME="$run"
    # shellcheck disable=SC2016
    exec mosquitto_sub -t '$SYS/broker/uptime' -C 1 -W 5 >/dev/null
    ;;
*)
    echo "usage: mosquitto.sh [start|reload|check]" >&2
    exit 2
    ;;
esac
