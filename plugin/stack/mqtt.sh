# To be read by a bash script. MQTT 3.1.1, as much of it as it takes to change what a session is subscribed to while its owner is away. Packets
# are in printf's escapes, because a shell's variables hold no NUL. Wants MQTT_SERVER, MQTT_USERNAME and MQTT_PASSWORD.
# shellcheck shell=bash

mqtt_byte() { printf '\\x%02x' "$1"; }
mqtt_two_bytes() { mqtt_byte $(($1 / 256)) && mqtt_byte $(($1 % 256)); }
mqtt_text() {
    local LC_ALL=C i
    mqtt_two_bytes ${#1}
    for ((i = 0; i < ${#1}; i++)); do mqtt_byte $(($(printf '%d' "'${1:i:1}") & 255)); done
}
mqtt_packet() { # type, body
    local left=$((${#2} / 4))
    mqtt_byte "$1"
    while ((left > 127)); do
        mqtt_byte $((left % 128 + 128))
        left=$((left / 128))
    done
    mqtt_byte $left
    printf %s "$2"
}
mqtt_subscribe() { mqtt_packet 0x82 "$(mqtt_two_bytes 1 && for topic in "$@"; do mqtt_text "$topic" && mqtt_byte 1; done)"; } # QoS 1
mqtt_unsubscribe() { mqtt_packet 0xa2 "$(mqtt_two_bytes 2 && for topic in "$@"; do mqtt_text "$topic"; done)"; }

# mqtt_session CLIENT_ID keep|end PACKETS: logs in as that client, sends the packets, and goes; the session stays, or ends. Nothing that the
# broker sends is acknowledged, so it comes again. Fails when the broker does not answer or refuses.
mqtt_session() {
    local server=${MQTT_SERVER#*://} flags=0xc0 connect answer
    server=${server%%/*}
    [ "$2" = keep ] || flags=0xc2
    connect=$(mqtt_packet 0x10 "$(mqtt_text MQTT && mqtt_byte 4 && mqtt_byte $flags && mqtt_two_bytes 30 && mqtt_text "$1" &&
        mqtt_text "$MQTT_USERNAME" && mqtt_text "$MQTT_PASSWORD")")
    { exec 3<>"/dev/tcp/${server%:*}/${server##*:}"; } 2>/dev/null || return 1
    printf '%b' "$connect" >&3
    answer=$(timeout 10 head -c 4 <&3 | od -An -tx1 | tr -d ' ')
    if [ "${answer::4}${answer:6}" = 200200 ]; then
        printf '%b' "$3$(mqtt_packet 0xe0 "")" >&3
        timeout 30 cat <&3 >/dev/null # until the broker, having done it all, closes
    fi
    exec 3>&-
    [ "${answer::4}${answer:6}" = 200200 ]
}
