#!/bin/sh
# Applies the schema inside the database's container: at the first start, when the image runs it from
# /docker-entrypoint-initdb.d/, and by `make migrate` later. Both run schema/apply.sh as it is.
# The image sources this file where it is not executable, so nothing here may end the shell that runs it.
(
    set -eu
    : "${VENDING_WRITER_PASSWORD:?is not set: make up makes it}" "${VENDING_READER_PASSWORD:?is not set: make up makes it}"
    export PGHOST=/var/run/postgresql PGUSER="${POSTGRES_USER:-postgres}" PGDATABASE="${POSTGRES_DB:-postgres}" PGPASSWORD="$POSTGRES_PASSWORD"
    # After an upgrade of the image the library is new and the catalogue is not. It has to be the first command of a session.
    if [ -n "$(psql -XAtc "SELECT 1 FROM pg_extension WHERE extname = 'timescaledb'")" ]; then
        psql -Xqc 'ALTER EXTENSION timescaledb UPDATE'
    fi
    sh /schema/apply.sh
    echo "database.sh: the schema is in place"
)
