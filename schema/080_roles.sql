-- Who may do what. Neither role owns anything.
--   vending_writer  Telegraf: INSERT into schema ingest, and nothing else; it cannot read back what it wrote
--   vending_reader  Grafana: SELECT on the tables and views in public, read-only sessions
-- Passwords come from the environment (VENDING_WRITER_PASSWORD, VENDING_READER_PASSWORD); where one is not set, the role keeps the
-- password it has, or has none and cannot log in.

\set writer_password ''
\set reader_password ''
\getenv writer_password VENDING_WRITER_PASSWORD
\getenv reader_password VENDING_READER_PASSWORD

DO $$
DECLARE
    name TEXT;
BEGIN
    FOREACH name IN ARRAY ARRAY['vending_writer', 'vending_reader'] LOOP
        IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = name) THEN
            EXECUTE format('CREATE ROLE %I LOGIN PASSWORD NULL', name);
        END IF;
        EXECUTE format('ALTER ROLE %I NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS', name);
        EXECUTE format('GRANT CONNECT ON DATABASE %I TO %I', current_database(), name);
    END LOOP;
    -- Everybody may make temporary tables unless this is said.
    EXECUTE format('REVOKE TEMPORARY ON DATABASE %I FROM PUBLIC', current_database());
END
$$;

SELECT format('ALTER ROLE %I PASSWORD %L', name, password)
FROM (VALUES ('vending_writer', :'writer_password'), ('vending_reader', :'reader_password')) AS given (name, password)
WHERE password <> '' \gexec

SET ROLE vending_owner;

REVOKE ALL ON SCHEMA ingest FROM PUBLIC;
REVOKE ALL ON ALL FUNCTIONS IN SCHEMA ingest FROM PUBLIC;
GRANT USAGE ON SCHEMA ingest TO vending_writer;
GRANT INSERT ON ALL TABLES IN SCHEMA ingest TO vending_writer;

GRANT SELECT ON public.vm_telemetry, public.vm_events, public.vm_status, public.vm_rejected, public.vm_ingest, public.vm_telegraf,
    public.vm_skipped, public.vm_devices, public.telemetry_5m, public.telemetry_1h, public.events_1h, public.devices, public.device_status, public.alarm_rules,
    public.active_alarms TO vending_reader;

RESET ROLE;

GRANT USAGE ON SCHEMA public TO vending_reader;

-- Late data may meet a compressed chunk. At the limit PostgreSQL would refuse the batch with an error that Telegraf repeats for ever.
-- No statement_timeout and no lock_timeout here: Telegraf drops a batch that one of them cancels.
DO $$
BEGIN
    EXECUTE 'ALTER ROLE vending_writer SET timescaledb.max_tuples_decompressed_per_dml_transaction = 0';
EXCEPTION WHEN undefined_object OR insufficient_privilege THEN
    RAISE NOTICE 'vending_writer: %', SQLERRM;
END
$$;

ALTER ROLE vending_reader SET default_transaction_read_only = on;
ALTER ROLE vending_reader SET statement_timeout = '20s';
ALTER ROLE vending_reader SET jit = off; -- compiling a query of device_status takes three times as long as running it
ALTER ROLE vending_reader SET work_mem = '32MB'; -- a week of reports is sorted in memory; Grafana has at most 10 connections
