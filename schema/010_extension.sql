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

-- Whoever writes waits from here on, and until all of it is done. A writer locks its landing table and then the tables of public, and in
-- one transaction several of them: whoever held some and waited for others, as the files that follow, would meet it half-way (a deadlock).
-- So all of them are taken at once or none, again and again for a while.
DO $$
DECLARE
    landing TEXT := (SELECT string_agg(format('ingest.%I', relname), ', ' ORDER BY relname) FROM pg_class
                     WHERE relnamespace = 'ingest'::regnamespace AND relkind = 'r');
BEGIN
    FOR attempt IN 1..1000 LOOP
        EXIT WHEN landing IS NULL;
        BEGIN
            EXECUTE format('LOCK TABLE %s IN ACCESS EXCLUSIVE MODE NOWAIT', landing);
            EXIT;
        EXCEPTION WHEN lock_not_available THEN
            PERFORM pg_sleep(0.02 * random());
        END;
    END LOOP;
END
$$;

RESET client_min_messages;
