-- Hypertables with chunks of one day, and the indexes.
--
-- The unique keys are what makes a redelivery or a replay harmless (plugin/README.md,
-- Redelivery). They carry the owner's index names and start with the owner's columns, so one index
-- does both jobs.

SET ROLE vending_owner;
SET client_min_messages = warning;

SELECT create_hypertable(format('public.%I', name)::regclass, by_range('time', INTERVAL '1 day'),
                         create_default_indexes => false, if_not_exists => true, migrate_data => true)
FROM unnest(ARRAY['vm_telemetry', 'vm_events', 'vm_status', 'vm_rejected', 'vm_ingest', 'vm_telegraf', 'vm_skipped']) AS name;

-- Without an interval create_hypertable() takes seven days, as the owner's first DDL does. Chunks that are there stay as they are.
SELECT set_chunk_time_interval(format('public.%I', hypertable_name)::regclass, INTERVAL '1 day')
FROM timescaledb_information.dimensions
WHERE hypertable_schema = 'public' AND column_name = 'time' AND time_interval = INTERVAL '7 days'
  AND hypertable_name IN ('vm_telemetry', 'vm_events', 'vm_status', 'vm_rejected', 'vm_ingest', 'vm_telegraf', 'vm_skipped');

RESET client_min_messages;

-- Before there was a unique key, one reading could be stored twice. The same reading is the same row; a second reading of the same
-- instant that differs is moved on by a microsecond at a time, so that no row is lost. They are taken out and put back: an UPDATE
-- could not move a row into the next chunk.
DO $$
DECLARE
    repeated BIGINT;
    instants BIGINT;
    readings BIGINT;
BEGIN
    IF EXISTS (SELECT FROM pg_index WHERE indexrelid = to_regclass('public.idx_telemetry_device') AND indisunique) THEN
        RETURN;
    END IF;
    CREATE TEMPORARY TABLE instant ON COMMIT DROP AS
        SELECT device_no, time, count(*) AS rows FROM public.vm_telemetry GROUP BY device_no, time HAVING count(*) > 1;
    SELECT count(*), sum(rows) INTO instants, repeated FROM instant;
    IF instants > 0 THEN
        CREATE TEMPORARY TABLE reading ON COMMIT DROP AS
            SELECT DISTINCT t.* FROM public.vm_telemetry AS t JOIN instant USING (device_no, time);
        SELECT count(*) INTO readings FROM reading;
        DELETE FROM public.vm_telemetry AS t USING instant WHERE t.device_no = instant.device_no AND t.time = instant.time;
        LOOP
            WITH free AS (
                DELETE FROM reading WHERE ctid IN (
                    SELECT DISTINCT ON (r.device_no, r.time) r.ctid FROM reading AS r
                    WHERE NOT EXISTS (SELECT FROM public.vm_telemetry AS t WHERE t.device_no = r.device_no AND t.time = r.time)
                    ORDER BY r.device_no, r.time, r.ctid)
                RETURNING reading.*
            )
            INSERT INTO public.vm_telemetry SELECT * FROM free;
            UPDATE reading SET time = time + INTERVAL '1 microsecond';
            EXIT WHEN NOT FOUND;
        END LOOP;
        DROP TABLE reading;
        RAISE NOTICE 'vm_telemetry: % repeated rows folded into one each, % different readings of one instant set apart by microseconds',
            repeated - readings, readings - instants;
    END IF;
    DROP TABLE instant;
END
$$;

-- A database that came from the owner's first DDL has plain indexes of these names. They give way to the unique ones.
DO $$
DECLARE
    old RECORD;
BEGIN
    FOR old IN
        SELECT indexrelid::regclass AS name
        FROM pg_index
        WHERE indrelid IN ('public.vm_telemetry'::regclass, 'public.vm_events'::regclass, 'public.vm_status'::regclass)
          AND NOT indisunique
          AND indexrelid IN (to_regclass('public.idx_telemetry_device'), to_regclass('public.idx_events_device'),
                             to_regclass('public.idx_status_device'))
    LOOP
        RAISE NOTICE 'index % becomes a unique one', old.name;
        EXECUTE format('DROP INDEX %s', old.name);
    END LOOP;
END
$$;

SET client_min_messages = warning;

CREATE UNIQUE INDEX IF NOT EXISTS idx_telemetry_device ON public.vm_telemetry (device_no, time DESC);
CREATE UNIQUE INDEX IF NOT EXISTS idx_events_device ON public.vm_events (device_no, time DESC, message_id);
CREATE UNIQUE INDEX IF NOT EXISTS idx_status_device ON public.vm_status (device_no, time DESC, message_id);
CREATE UNIQUE INDEX IF NOT EXISTS idx_ingest_instance ON public.vm_ingest (instance, time DESC);
CREATE UNIQUE INDEX IF NOT EXISTS idx_telegraf_instance ON public.vm_telegraf (instance, output, time DESC);

CREATE INDEX IF NOT EXISTS idx_events_type ON public.vm_events (event_type, time DESC);
-- The few readings with something odd, among millions.
CREATE INDEX IF NOT EXISTS idx_telemetry_anomalies ON public.vm_telemetry (time DESC) WHERE anomalies IS NOT NULL;
-- Has this channel sold since? (active_alarms)
CREATE INDEX IF NOT EXISTS idx_events_sale ON public.vm_events (device_no, channel_id, time DESC) WHERE event_type = 'DISPENSE_SUCCESS';
CREATE INDEX IF NOT EXISTS idx_status_message ON public.vm_status (device_no, message_id);
-- The newest online or offline of a machine, however often it says other words.
CREATE INDEX IF NOT EXISTS idx_status_known ON public.vm_status (device_no, time DESC) WHERE status IN ('online', 'offline');
CREATE INDEX IF NOT EXISTS idx_rejected_time ON public.vm_rejected (time DESC);
CREATE INDEX IF NOT EXISTS idx_skipped_time ON public.vm_skipped (time DESC);
CREATE INDEX IF NOT EXISTS idx_rejected_message ON public.vm_rejected (message_id, time DESC);

-- The whole fleet's last minutes, and what a continuous aggregate reads: rows arrive nearly in order of time, so a block range
-- index finds them for a hundredth of a B-tree's cost at every insert.
CREATE INDEX IF NOT EXISTS idx_telemetry_time ON public.vm_telemetry USING brin (time) WITH (pages_per_range = 16);
CREATE INDEX IF NOT EXISTS idx_events_time ON public.vm_events (time DESC);

RESET ROLE;
RESET client_min_messages;
