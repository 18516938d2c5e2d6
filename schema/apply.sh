#!/bin/sh
# Applies the schema to the database that the usual PG* variables (PGHOST, PGPORT, PGUSER, PGPASSWORD, PGDATABASE) name, as a
# superuser. All files or none: one transaction, so that Telegraf never meets half a schema. Running it again changes nothing.
#   VENDING_WRITER_PASSWORD, VENDING_READER_PASSWORD: passwords of Telegraf's and Grafana's roles
#   VENDING_TIME_ZONE: time zone in which an operator's day begins; Asia/Shanghai unless it was set before
set -eu
cd "$(dirname "$0")"

set -- --no-psqlrc --quiet --single-transaction --set ON_ERROR_STOP=1
for file in [0-9][0-9][0-9]_*.sql; do
    set -- "$@" --file "$file"
done
exec psql "$@" >/dev/null
