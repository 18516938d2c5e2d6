-- The landing: what Telegraf writes into (plugin/README.md, Landing; README.md here, The landing).
-- Run this again after ALTER TABLE ... ADD COLUMN on a table in public.
--
-- Telegraf sends a table's batch as one binary COPY and drops all of it when one row is refused. So nothing here refuses a row: a
-- trigger casts, skips what is already there, and puts what the table cannot take into vm_rejected with the reason. Only faults of
-- the data are caught (SQLSTATE classes 22, 23, 54). Disk full, deadlock, shutdown, a read-only standby reach Telegraf, which then
-- keeps the batch and tries again.

SET ROLE vending_owner;
SET client_min_messages = warning;

-- ---- helpers ----

-- How far apart two copies of the same bytes may land and still be one message when their time is that of arrival: as the
-- processor's --dedup-age.
CREATE OR REPLACE FUNCTION ingest.redelivery_window() RETURNS INTERVAL
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$ SELECT INTERVAL '1 hour' $$;

-- Nanoseconds since 1970, as the processor writes them.
CREATE OR REPLACE FUNCTION ingest.from_ns(ns BIGINT) RETURNS TIMESTAMPTZ
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$ SELECT TIMESTAMPTZ 'epoch' + (ns / 1000) * INTERVAL '1 microsecond' $$;

-- JSON text to JSONB; text that is no JSON becomes a JSON string, so that nothing is lost. IF and not CASE: in one expression the
-- planner would evaluate the cast first and raise.
CREATE OR REPLACE FUNCTION ingest.to_jsonb(document TEXT) RETURNS JSONB
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
BEGIN
    IF pg_input_is_valid(document, 'jsonb') THEN
        RETURN document::jsonb;
    END IF;
    RETURN pg_catalog.to_jsonb(document);
END
$$;

-- A row that its table refuses; once, however often it comes.
CREATE OR REPLACE FUNCTION ingest.keep_refused(target TEXT, row_time TIMESTAMPTZ, row_device TEXT, refused JSONB, why TEXT)
RETURNS VOID LANGUAGE sql AS $$
    INSERT INTO public.vm_rejected (time, device_no, reason, detail, payload, payload_encoding, payload_size, message_id)
    SELECT at, row_device, 'landing_failed', target || ': ' || why, payload, 'text', octet_length(payload), id
    FROM (SELECT coalesce(row_time, now()) AS at, refused::text AS payload, hashtextextended(target || refused::text, 0) AS id) AS row
    WHERE NOT EXISTS (SELECT FROM public.vm_rejected AS r WHERE r.message_id = id AND r.time = at AND r.reason = 'landing_failed')
$$;

-- What a column of the target gets out of a landing row (NEW, ...): the types that Telegraf cannot send are cast, and a site's own
-- default stands in for NULL, because Telegraf always sends a value for each column of a batch.
CREATE OR REPLACE FUNCTION ingest.value_of(landing_row TEXT, target REGCLASS, attribute NAME, number SMALLINT) RETURNS TEXT
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT format(coalesce('coalesce(' || cast_value || ', ' || replace(pg_get_expr(adbin, adrelid), '%', '%%') || ')', cast_value),
                  landing_row || '.' || quote_ident(attribute))
    FROM (SELECT CASE attribute WHEN 'raw_data' THEN 'ingest.to_jsonb(%s)' WHEN 'device_ts' THEN 'ingest.from_ns(%s)' ELSE '%s' END
          AS cast_value) AS plain
    LEFT JOIN pg_attrdef ON adrelid = target AND adnum = number
$$;

-- ---- landing tables: the columns of the target, all nullable, some in the type that Telegraf can send ----

DO $$
DECLARE
    target RECORD;
    missing RECORD;
BEGIN
    FOR target IN
        SELECT * FROM (VALUES ('vm_telemetry', 'UNLOGGED'), ('vm_events', ''), ('vm_status', ''), ('vm_rejected', ''),
                              ('vm_ingest', ''), ('vm_telegraf', '')) AS t (name, storage)
    LOOP
        EXECUTE format('CREATE %s TABLE IF NOT EXISTS ingest.%I ()', target.storage, target.name);
        FOR missing IN
            SELECT attname,
                   CASE attname WHEN 'raw_data' THEN 'text' WHEN 'device_ts' THEN 'bigint'
                                ELSE format_type(atttypid, atttypmod) END AS type
            FROM pg_attribute AS wanted
            WHERE attrelid = format('public.%I', target.name)::regclass AND attnum > 0 AND NOT attisdropped AND attgenerated = '' AND attidentity = ''
              AND NOT EXISTS (SELECT FROM pg_attribute AS landing
                              WHERE landing.attrelid = format('ingest.%I', target.name)::regclass
                                AND landing.attname = wanted.attname AND NOT landing.attisdropped)
            ORDER BY attnum
        LOOP
            EXECUTE format('ALTER TABLE ingest.%I ADD COLUMN %I %s', target.name, missing.attname, missing.type);
        END LOOP;
        EXECUTE format('COMMENT ON TABLE ingest.%I IS %L', target.name,
                       'Landing of public.' || target.name || ': always empty, a trigger moves every row on.');
    END LOOP;
END
$$;

-- ---- telemetry: the volume. One statement moves a batch on (README.md, The landing, has the
-- alternatives and what they were measured at) ----

DO $make$
DECLARE
    columns TEXT;
    values_of_all TEXT;
    values_of_one TEXT;
BEGIN
    SELECT string_agg(quote_ident(attname), ', ' ORDER BY attnum),
           string_agg(ingest.value_of('arrived', attrelid, attname, attnum), ', ' ORDER BY attnum),
           string_agg(ingest.value_of('one', attrelid, attname, attnum), ', ' ORDER BY attnum)
    INTO columns, values_of_all, values_of_one
    FROM pg_attribute
    WHERE attrelid = 'public.vm_telemetry'::regclass AND attnum > 0 AND NOT attisdropped AND attgenerated = '' AND attidentity = '';

    EXECUTE format($create$
        CREATE OR REPLACE FUNCTION ingest.land_telemetry() RETURNS TRIGGER
        LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $function$
        DECLARE
            one RECORD;
            first_row TID := '(0,0)';
        BEGIN
            BEGIN
                INSERT INTO public.vm_telemetry (%1$s) SELECT %3$s FROM arrived ON CONFLICT DO NOTHING;
                INSERT INTO public.vm_devices (device_no)
                    SELECT DISTINCT a.device_no FROM arrived AS a
                    WHERE NOT EXISTS (SELECT FROM public.vm_devices AS d WHERE d.device_no = a.device_no)
                    ORDER BY 1 -- two Telegrafs that meet the same new machines take them in the same order
                    ON CONFLICT DO NOTHING;
            EXCEPTION WHEN data_exception OR integrity_constraint_violation OR program_limit_exceeded THEN
                FOR one IN SELECT * FROM arrived LOOP
                    BEGIN
                        INSERT INTO public.vm_telemetry (%1$s) VALUES (%2$s) ON CONFLICT DO NOTHING;
                        INSERT INTO public.vm_devices (device_no) VALUES (one.device_no) ON CONFLICT DO NOTHING;
                    EXCEPTION WHEN data_exception OR integrity_constraint_violation OR program_limit_exceeded THEN
                        PERFORM ingest.keep_refused('vm_telemetry', one.time, one.device_no, pg_catalog.to_jsonb(one), SQLERRM);
                    END;
                END LOOP;
            END;
            -- Only the blocks that this statement may have filled: a scan of everything that awaits vacuum would cost more with every
            -- batch. What a row left in an older, reused block costs is space, until a full pass once in a hundred batches.
            IF random() >= 0.01 THEN
                first_row := format('(%%s,0)', current_setting('vending.first_block'));
            END IF;
            DELETE FROM ingest.vm_telemetry WHERE ctid >= first_row;
            RETURN NULL;
        END
        $function$
    $create$, columns, values_of_one, values_of_all);
END
$make$;

CREATE OR REPLACE FUNCTION ingest.mark_telemetry() RETURNS TRIGGER
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    PERFORM set_config('vending.first_block',
        greatest(pg_relation_size('ingest.vm_telemetry') / current_setting('block_size')::bigint - 1, 0)::text, true);
    RETURN NULL;
END
$$;

CREATE OR REPLACE TRIGGER mark BEFORE INSERT ON ingest.vm_telemetry
    FOR EACH STATEMENT EXECUTE FUNCTION ingest.mark_telemetry();

CREATE OR REPLACE TRIGGER land AFTER INSERT ON ingest.vm_telemetry
    REFERENCING NEW TABLE AS arrived FOR EACH STATEMENT EXECUTE FUNCTION ingest.land_telemetry();

-- Every batch leaves as many dead rows behind as it had: clean up early, whatever the table's size.
ALTER TABLE ingest.vm_telemetry SET (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 10000,
                                     autovacuum_vacuum_cost_delay = 0);

-- ---- the others: few rows, more rules; each row on its own, none of it ever stored here ----

-- Is this message in the table already? Same bytes (message_id) of the same device, close enough in time to be one message.
CREATE OR REPLACE FUNCTION ingest.is_known_event(device TEXT, id BIGINT, at TIMESTAMPTZ) RETURNS BOOLEAN
LANGUAGE sql STABLE AS $$
    SELECT EXISTS (SELECT FROM public.vm_events AS e
                   WHERE e.device_no = device AND e.message_id = id
                     AND e.time BETWEEN at - ingest.redelivery_window() AND at + ingest.redelivery_window())
$$;

-- A status is known when it is the device's newest (the broker repeats the retained one at every subscribe), or when the device had a
-- working clock: then the same bytes, which hold its time, are the same message whenever they come (a replay).
CREATE OR REPLACE FUNCTION ingest.is_known_status(device TEXT, id BIGINT, sent TIMESTAMPTZ, at TIMESTAMPTZ) RETURNS BOOLEAN
LANGUAGE sql STABLE AS $$
    SELECT coalesce((SELECT s.message_id = id FROM public.vm_status AS s WHERE s.device_no = device ORDER BY s.time DESC LIMIT 1), false)
        OR (sent BETWEEN TIMESTAMPTZ '2020-01-01 00:00:00+00' AND at + INTERVAL '10 minutes'
            AND EXISTS (SELECT FROM public.vm_status AS s WHERE s.device_no = device AND s.message_id = id))
$$;

-- Telemetry is never dropped as a repeat by its bytes, so neither is what was rejected of it, but for the very same row.
CREATE OR REPLACE FUNCTION ingest.is_known_reject(of_topic TEXT, id BIGINT, at TIMESTAMPTZ) RETURNS BOOLEAN
LANGUAGE sql STABLE AS $$
    SELECT EXISTS (SELECT FROM public.vm_rejected AS r
                   WHERE r.message_id = id
                     AND (r.time = at
                          OR of_topic ~ '/(events|status)$'
                         AND r.time BETWEEN at - ingest.redelivery_window() AND at + ingest.redelivery_window()))
$$;

DO $make$
DECLARE
    target RECORD;
    columns TEXT;
    casts TEXT;
BEGIN
    FOR target IN
        SELECT * FROM (VALUES
            ('vm_events', 'ingest.is_known_event(NEW.device_no, NEW.message_id, NEW.time)', 'NEW.device_no'),
            ('vm_status', 'ingest.is_known_status(NEW.device_no, NEW.message_id, ingest.from_ns(NEW.device_ts), NEW.time)', 'NEW.device_no'),
            ('vm_rejected', 'ingest.is_known_reject(NEW.topic, NEW.message_id, NEW.time)', 'NEW.device_no'),
            ('vm_ingest', 'false', 'NULL'),
            ('vm_telegraf', 'false', 'NULL')) AS t (name, is_known, device)
    LOOP
        SELECT string_agg(quote_ident(attname), ', ' ORDER BY attnum),
               string_agg(ingest.value_of('NEW', attrelid, attname, attnum), ', ' ORDER BY attnum)
        INTO columns, casts
        FROM pg_attribute
        WHERE attrelid = format('public.%I', target.name)::regclass AND attnum > 0 AND NOT attisdropped AND attgenerated = '' AND attidentity = '';

        EXECUTE format($create$
            CREATE OR REPLACE FUNCTION ingest.%1$I() RETURNS TRIGGER
            LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $function$
            BEGIN
                IF %2$s THEN
                    RETURN NULL;
                END IF;
                INSERT INTO public.%3$I (%4$s) VALUES (%5$s) ON CONFLICT DO NOTHING;%7$s
                RETURN NULL;
            EXCEPTION WHEN data_exception OR integrity_constraint_violation OR program_limit_exceeded THEN
                PERFORM ingest.keep_refused(%3$L, NEW.time, %6$s, pg_catalog.to_jsonb(NEW), SQLERRM);
                RETURN NULL;
            END
            $function$
        $create$, 'land_' || substr(target.name, 4), target.is_known, target.name, columns, casts, target.device,
            CASE WHEN target.name IN ('vm_events', 'vm_status')
                 THEN 'INSERT INTO public.vm_devices (device_no) VALUES (NEW.device_no) ON CONFLICT DO NOTHING;' ELSE '' END);
        EXECUTE format('CREATE OR REPLACE TRIGGER land BEFORE INSERT ON ingest.%I FOR EACH ROW EXECUTE FUNCTION ingest.%I()',
                       target.name, 'land_' || substr(target.name, 4));
    END LOOP;
END
$make$;

RESET ROLE;
RESET client_min_messages;
