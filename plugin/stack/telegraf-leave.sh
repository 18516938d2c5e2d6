#!/bin/bash
# Clears up after Telegrafs that are gone for good: `make scale` runs it, in a container of its own, when there are fewer of them. A member of
# a shared subscription that is merely stopped keeps its share: the broker goes on putting every n-th message aside for it.
#
# For every number that no running Telegraf holds (telegraf.sh):
#   1. unsubscribe its session from what is shared, so that the broker gives all to those who are still there
#   2. run a Telegraf in its place for a while, which takes what was put aside for it and writes what its disk buffer holds
#   3. end its session. What would still come to that is copies.
set -eu
state=${VENDING_STATE_DIRECTORY:-/var/lib/telegraf/vending}
prefix=${VENDING_TOPIC_PREFIX:-v1/vm}
here=$(dirname "$0")
# shellcheck source=plugin/stack/mqtt.sh
. "$here/mqtt.sh"

for folder in "$state"/*/; do
    number=$(basename "$folder")
    if [ ! -e "$folder/lock" ] || ! flock -n "$folder/lock" true; then
        continue
    fi
    session=${MQTT_CLIENT_ID:-telegraf-vending}-$number
    share=$(cat "$folder/share" 2>/dev/null || true)
    if [ -n "$share" ]; then
        mqtt_session "$session" keep "$(mqtt_unsubscribe "$share$prefix/+/telemetry" "$share$prefix/+/events")"
    fi
    VENDING_SHARE='' "$here/telegraf.sh" "$number" >&2 &
    sleep "${VENDING_LEAVE_GRACE:-20}"
    kill -TERM $!
    wait $! || true
    mqtt_session "$session" end ""
    rm -rf "$folder"
    echo "$session has left"
done
