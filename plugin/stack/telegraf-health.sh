#!/bin/bash
# Telegraf's health check. Docker only notes that a container is unhealthy and restarts none that still runs. So when the broker can be
# reached and its heartbeat does not come through all the same (telegraf.d/50-health.conf says why that happens), this ends Telegraf,
# and the restart policy starts it again. What has not been acknowledged comes again.
set -u
url=${VENDING_HEALTH_ADDRESS:-http://127.0.0.1:8099}
grace=${VENDING_STOP_GRACE:-20} # seconds for an orderly end; a stalled input may hang in it

reason=$(curl -sS --max-time 5 -o /dev/null -w '%{http_code}' "$url" 2>&1) || true
[ "$reason" != 200 ] || exit 0
echo "no heartbeat from the broker: $url says $reason"

server=${MQTT_SERVER#*://} server=${server%%/*}
# shellcheck disable=SC2016
if ! timeout 5 bash -c 'exec 3<>"/dev/tcp/${1%:*}/${1##*:}"' bash "$server" 2>/dev/null; then
    echo "$server does not answer: a restart would not help"
    exit 1
fi

pid=$(cat "${TMPDIR:-/tmp}/telegraf.pid") || exit 1

# Is it the processor's own configuration? Then it holds out and its log says why; each restart would cost what is in its pipe.
for stat in /proc/[0-9]*/stat; do
    process=${stat%/stat}
    { read -r _ _ _ parent _ <"$stat"; } 2>/dev/null || continue # others come and go
    words=()
    [ "$parent" != "$pid" ] || mapfile -d '' words 2>/dev/null <"$process/cmdline"
    case ${words[0]:-} in *vending-processor) ;; *) continue ;; esac
    if ! fault=$("${words[@]}" --check 2>&1 </dev/null >/dev/null); then
        echo "a restart would not help: $fault"
        exit 1
    fi
done

echo "ending Telegraf"
kill -TERM "$pid" || exit 1
for ((second = 0; second < grace; second++)); do
    sleep 1
    kill -0 "$pid" 2>/dev/null || exit 1
done
echo "it hangs: killed"
kill -KILL "$pid"
exit 1
