-- What TimescaleDB does by itself: retention and columnstore. The Apache edition has neither; a NOTICE then says what is left out
-- (schema/README.md, "Without policies", has the cron lines that take their place).

SET ROLE vending_owner;

DO $$
DECLARE
    keep RECORD;
    old RECORD;
BEGIN
    -- vm_status has no retention: it is small, and "since when" must outlive a quiet quarter.
    FOR keep IN
        SELECT * FROM (VALUES ('vm_telemetry', INTERVAL '30 days'), ('vm_events', INTERVAL '90 days'),
                              ('vm_rejected', INTERVAL '90 days'), ('vm_ingest', INTERVAL '30 days'),
                              ('vm_telegraf', INTERVAL '30 days'), ('vm_skipped', INTERVAL '30 days')) AS t (name, span)
    LOOP
        PERFORM ingest.try_feature(format('retention of %s (%s)', keep.name, keep.span),
            format('SELECT add_retention_policy(%L, drop_after => %L::interval, if_not_exists => true)',
                   'public.' || keep.name, keep.span));
    END LOOP;

    -- Chunks of the last 7 days stay rows: late data and redelivery land there at full speed.
    FOR old IN
        SELECT * FROM (VALUES ('vm_telemetry', 'device_no', 'time DESC'),
                              ('vm_events', 'device_no', 'time DESC, message_id'),
                              ('vm_ingest', 'instance', 'time DESC'),
                              ('vm_telegraf', 'instance, output', 'time DESC')) AS t (name, segment, sorting)
    LOOP
        IF EXISTS (SELECT FROM timescaledb_information.hypertables
                   WHERE hypertable_schema = 'public' AND hypertable_name = old.name AND NOT compression_enabled) THEN
            CONTINUE WHEN NOT ingest.try_feature('columnstore of ' || old.name,
                format('ALTER TABLE public.%I SET (timescaledb.enable_columnstore, timescaledb.segmentby = %L, timescaledb.orderby = %L)',
                       old.name, old.segment, old.sorting));
        END IF;
        PERFORM ingest.try_feature('columnstore policy of ' || old.name,
            format('CALL add_columnstore_policy(%L, after => INTERVAL ''7 days'', if_not_exists => true)', 'public.' || old.name));
    END LOOP;
END
$$;

RESET ROLE;
