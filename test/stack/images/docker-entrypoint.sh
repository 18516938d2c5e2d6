#!/bin/bash
# What the official image's entry point does with an empty folder: initdb, a server on the socket only, the database, the scripts, and stop.
set -eu
if [ "$(id -u)" -eq 0 ]; then
    echo "the stack starts this as postgres" >&2
    exit 1
fi
if [ ! -s "$PGDATA/PG_VERSION" ]; then
    : "${POSTGRES_PASSWORD:?Database is uninitialized and superuser password is not specified}"
    mkdir -p "$PGDATA"
    # shellcheck disable=SC2086
    initdb -D "$PGDATA" --username="$POSTGRES_USER" --pwfile=<(printf '%s\n' "$POSTGRES_PASSWORD") --auth-host=scram-sha-256 ${POSTGRES_INITDB_ARGS:-} >/dev/null
    sed -i 's/^host .*127.0.0.1\/32 .*/host all all 127.0.0.1\/32 trust/' "$PGDATA/pg_hba.conf"
    echo "host all all all scram-sha-256" >>"$PGDATA/pg_hba.conf"
    printf "%s\n" "listen_addresses = '*'" "shared_preload_libraries = 'timescaledb'" "unix_socket_directories = '/var/run/postgresql'" >>"$PGDATA/postgresql.conf"
    pg_ctl -D "$PGDATA" -o "-c listen_addresses=''" -w start
    psql -X --username "$POSTGRES_USER" --dbname postgres -c "CREATE DATABASE \"$POSTGRES_DB\""
    for script in /docker-entrypoint-initdb.d/*.sh; do
        echo "running $script"
        # shellcheck disable=SC1090
        if [ -x "$script" ]; then "$script"; else . "$script"; fi
    done
    pg_ctl -D "$PGDATA" -m fast -w stop
fi
exec "$@"
