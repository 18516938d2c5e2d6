#!/bin/bash
# Starts Telegraf in its container, as number 1, 2, 3 … of as many as there are.
#
# A Telegraf has two memories that must outlive its container: the session that the broker keeps under its client id, and the rows on disk
# that the database has not taken yet. A container's name and number do not last. So each takes the lowest number that nobody
# holds, by a lock on the volume that all of them share, and both memories belong to the number.
#
# Where messages are shared (VENDING_SHARE) it also subscribes, at each start, before Telegraf does: Mosquitto 2.0 forgets shared subscriptions
# when it restarts and keeps the session, and Telegraf 1.37 does not subscribe in a session that it finds.
set -eu
umask 077
state=${VENDING_STATE_DIRECTORY:-/var/lib/telegraf/vending}
prefix=${VENDING_TOPIC_PREFIX:-v1/vm}
share=${VENDING_SHARE:-}
most=64
# shellcheck source=plugin/stack/mqtt.sh
. "$(dirname "$0")/mqtt.sh"

: "${MQTT_PASSWORD:?is not set: make up makes it}" "${PGPASSWORD:?is not set: make up makes it}"

number=${1:-1} # telegraf-leave.sh wants a certain one
while mkdir -p "$state/$number" && exec 9>"$state/$number/lock" && ! flock -n 9; do
    [ -z "${1:-}" ] || { echo "telegraf.sh: number $number is running" >&2; exit 1; }
    number=$((number + 1))
    [ "$number" -le "$most" ] || { echo "telegraf.sh: $most are running already" >&2; exit 1; }
done

export MQTT_CLIENT_ID="${MQTT_CLIENT_ID:-telegraf-vending}-$number"
export VENDING_INSTANCE="${VENDING_INSTANCE:-telegraf}-$number"
export VENDING_BUFFER_DIRECTORY="$state/$number/buffer"
mkdir -p "$VENDING_BUFFER_DIRECTORY"
echo "telegraf.sh: this is $VENDING_INSTANCE, MQTT session $MQTT_CLIENT_ID" >&2

# The heartbeat by the same kind of subscription, in a group of one: it stops when the broker has forgotten the others.
# shellcheck disable=SC2016
heartbeat=${VENDING_HEARTBEAT:-'$SYS/broker/uptime'}
[ -z "$share" ] || export VENDING_HEARTBEAT="\$share/$MQTT_CLIENT_ID/$heartbeat"

# What the session was subscribed to the last time; changed in this order nothing falls between.
before=$(cat "$state/$number/share" 2>/dev/null || true)
if [ -n "$share$before" ] && [ -z "${1:-}" ]; then
    packets=$(mqtt_subscribe "$share$prefix/+/telemetry" "$share$prefix/+/events" "$prefix/+/status" "${VENDING_HEARTBEAT:-$heartbeat}")
    if [ "$before" != "$share" ]; then
        old=$heartbeat
        [ -z "$before" ] || old="\$share/$MQTT_CLIENT_ID/$heartbeat"
        packets+=$(mqtt_unsubscribe "$before$prefix/+/telemetry" "$before$prefix/+/events" "$old")
    fi
    for ((attempt = 1; attempt <= 5; attempt++)); do
        if mqtt_session "$MQTT_CLIENT_ID" keep "$packets"; then
            printf %s "$share" >"$state/$number/share"
            break
        fi
        echo "telegraf.sh: $MQTT_SERVER does not take the subscriptions yet" >&2
        sleep 2
    done
fi

# What an earlier container left may be cut short, or of another version or other settings. It says what it does; what it cannot do now it
# tries again at the next start.
"${TELEGRAF_CONFIG_DIRECTORY:-/etc/telegraf/telegraf.d}/vending-mend-buffer" || true

echo $$ >"${TMPDIR:-/tmp}/telegraf.pid" # for telegraf-health.sh
# Strict: a password may hold any character. The lock stays with the process, whatever it becomes.
exec telegraf --strict-env-handling --config-directory "${TELEGRAF_CONFIG_DIRECTORY:-/etc/telegraf/telegraf.d}"
