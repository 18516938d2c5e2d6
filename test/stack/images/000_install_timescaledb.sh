#!/bin/bash
# As the official image's.
set -eu
psql -X --username "$POSTGRES_USER" --dbname "$POSTGRES_DB" -c "CREATE EXTENSION IF NOT EXISTS timescaledb CASCADE"
