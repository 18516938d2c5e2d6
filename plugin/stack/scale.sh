#!/bin/sh
# Runs so many Telegrafs: scale.sh NUMBER. More than one share the messages; after those that go it clears up. Both settings are kept in .env,
# because `docker compose up` would go back to one.
set -eu
cd "${VENDING_ROOT:-$(dirname "$0")/../..}"
umask 077
number=${1:-}
case $number in
'' | 0* | *[!0-9]*) echo "usage: scale.sh NUMBER, from 1 (make scale N=3)" >&2; exit 2 ;;
esac
compose=${COMPOSE:-docker compose}

{
    grep -v -e '^TELEGRAF_REPLICAS=' -e '^VENDING_SHARE=' .env || true
    echo "TELEGRAF_REPLICAS=$number"
    # In single quotes, or Compose would look for a variable.
    # shellcheck disable=SC2016
    [ "$number" -eq 1 ] || echo 'VENDING_SHARE='"'"'$share/vending/'"'"
} >.env.new
mv .env.new .env
$compose up --detach --wait telegraf
$compose run --rm --no-deps -T --entrypoint /stack/telegraf-leave.sh telegraf
