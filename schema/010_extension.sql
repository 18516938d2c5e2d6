-- The extension, the owner of everything, and the record of what has been applied.
--
-- Every file here is re-runnable: applying it again changes nothing, applying it over an older version migrates in place.
-- Run by a superuser (the image's POSTGRES_USER); all objects then belong to vending_owner.

SET client_min_messages = warning; -- not "already exists"

CREATE EXTENSION IF NOT EXISTS timescaledb;

DO $$
BEGIN
    -- LOGIN without a password: nobody can log in over the network, but TimescaleDB's background jobs, which run as the owner of
    -- their table, need the attribute.
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'vending_owner') THEN
        CREATE ROLE vending_owner LOGIN PASSWORD NULL NOSUPERUSER NOCREATEDB NOCREATEROLE;
    END IF;
    EXECUTE format('GRANT CREATE, CONNECT, TEMPORARY ON DATABASE %I TO vending_owner', current_database());
END
$$;

GRANT USAGE, CREATE ON SCHEMA public TO vending_owner;
CREATE SCHEMA IF NOT EXISTS ingest AUTHORIZATION vending_owner;
COMMENT ON SCHEMA ingest IS 'Where Telegraf writes: same names as the tables in public, insert only. Casts, skips what is already there.';

-- Runs a statement that an edition of TimescaleDB may lack. The Apache edition says feature_not_supported; then a NOTICE names
-- what is not there, and everything else goes on.
CREATE OR REPLACE FUNCTION ingest.try_feature(what TEXT, statement TEXT) RETURNS BOOLEAN
LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE statement;
    RETURN true;
EXCEPTION WHEN feature_not_supported THEN
    RAISE NOTICE 'not in this edition of TimescaleDB, left out: % (%)', what, SQLERRM;
    RETURN false;
END
$$;
ALTER FUNCTION ingest.try_feature(TEXT, TEXT) OWNER TO vending_owner;

RESET client_min_messages;
