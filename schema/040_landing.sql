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
-- processor's --dedup-untimed.
CREATE OR REPLACE FUNCTION ingest.redelivery_window() RETURNS INTERVAL
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$ SELECT INTERVAL '10 seconds' $$;

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

-- Functions of older versions that took or gave something else.
DROP FUNCTION IF EXISTS ingest.keep_refused(TEXT, TIMESTAMPTZ, TEXT, JSONB, TEXT);
DROP FUNCTION IF EXISTS ingest.is_known_status(TEXT, BIGINT, TIMESTAMPTZ, TIMESTAMPTZ);

-- The functions that look into a table are plpgsql: the plan of a SQL function is kept for the rest of the transaction and does not see a
-- chunk that its first rows have made.

-- A row that its table refuses; once, however often it comes. Returns how many rows that makes: 1, or 0 if it is kept already.
CREATE OR REPLACE FUNCTION ingest.refuse(target TEXT, row_time TIMESTAMPTZ, row_device TEXT, refused JSONB, why TEXT) RETURNS BIGINT
LANGUAGE plpgsql AS $$
DECLARE
    at TIMESTAMPTZ := coalesce(row_time, now());
    text_of_it TEXT := refused::text;
    id BIGINT := hashtextextended(target || text_of_it, 0);
BEGIN
    IF EXISTS (SELECT FROM public.vm_rejected AS r WHERE r.message_id = id AND r.time = at AND r.reason = 'landing_failed') THEN
        RETURN 0;
    END IF;
    INSERT INTO public.vm_rejected (time, device_no, reason, detail, payload, payload_encoding, payload_size, message_id)
    VALUES (at, row_device, 'landing_failed', target || ': ' || why, text_of_it, 'text', octet_length(text_of_it), id);
    RETURN 1;
END
$$;

-- Rows that were there already: counted while a statement runs (rows that go one by one), written down once, after it.
CREATE OR REPLACE FUNCTION ingest.count_skipped() RETURNS VOID
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    PERFORM set_config('vending.skipped', (coalesce(nullif(current_setting('vending.skipped', true), ''), '0')::bigint + 1)::text, true);
END
$$;

CREATE OR REPLACE FUNCTION ingest.note_skipped() RETURNS TRIGGER
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    skipped TEXT := current_setting('vending.skipped', true);
BEGIN
    IF skipped <> '' THEN -- and not NULL
        INSERT INTO public.vm_skipped (time, measurement, rows) VALUES (now(), TG_TABLE_NAME, skipped::bigint);
        PERFORM set_config('vending.skipped', '', true);
    END IF;
    RETURN NULL;
END
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

-- The value of a column that a landing row would have in its target, to be compared with that of the row stored there: of the
-- target's own type, so that the two rows' images can be compared (record_image_eq(), which needs no equality of the types). Where the row brings
-- nothing and the column's default is another value each time (a clock, a sequence), nothing can be compared: it is the stored one.
CREATE OR REPLACE FUNCTION ingest.image_of(landing_row TEXT, stored_row TEXT, target REGCLASS, attribute NAME, number SMALLINT) RETURNS TEXT
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT format('(%s)::%s',
        CASE WHEN EXISTS (
            SELECT FROM pg_attrdef
            WHERE adrelid = target AND adnum = number
              AND (adbin::text ~ '\{(SQLVALUEFUNCTION|NEXTVALUEEXPR)'
                   OR EXISTS (SELECT FROM regexp_matches(adbin::text, ':(?:op)?funcid (\d+)', 'g') AS called JOIN pg_proc ON oid = called[1]::oid
                              WHERE provolatile <> 'i')))
        THEN format('coalesce(%1$s.%3$I, %2$s.%3$I)', landing_row, stored_row, attribute)
        ELSE ingest.value_of(landing_row, target, attribute, number) END,
        format_type(atttypid, atttypmod))
    FROM pg_attribute WHERE attrelid = target AND attnum = number
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
-- alternatives and what they were measured at). Only if it moved fewer rows than came is looked why: a row that equals the one at its
-- instant is a repeat; any other goes to the next free microsecond, unless one on the way there equals it ----

DO $make$
DECLARE
    columns TEXT;
    values_of_all TEXT;
    values_a_step_on TEXT;
    values_of_one TEXT;
    stored TEXT;
    image_of_one TEXT;
BEGIN
    SELECT string_agg(quote_ident(attname), ', ' ORDER BY attnum),
           string_agg(ingest.value_of('arrived', attrelid, attname, attnum), ', ' ORDER BY attnum),
           string_agg(CASE attname WHEN 'time' THEN 'arrived.time + step * INTERVAL ''1 microsecond'''
                                   ELSE ingest.value_of('arrived', attrelid, attname, attnum) END, ', ' ORDER BY attnum),
           string_agg(CASE attname WHEN 'time' THEN 'place' ELSE ingest.value_of('one', attrelid, attname, attnum) END, ', ' ORDER BY attnum),
           string_agg('s.' || quote_ident(attname), ', ' ORDER BY attnum) FILTER (WHERE attname <> 'time'),
           string_agg(ingest.image_of('one', 's', attrelid, attname, attnum), ', ' ORDER BY attnum) FILTER (WHERE attname <> 'time')
    INTO columns, values_of_all, values_a_step_on, values_of_one, stored, image_of_one
    FROM pg_attribute
    WHERE attrelid = 'public.vm_telemetry'::regclass AND attnum > 0 AND NOT attisdropped AND attgenerated = '' AND attidentity = '';

    -- One reading, to its instant or to the first free microsecond behind it. Returns how many rows that makes: 1, or 0 if an equal one
    -- is there. A row that another session put there meanwhile is seen by the next statement.
    EXECUTE format($create$
        CREATE OR REPLACE FUNCTION ingest.land_reading(one ingest.vm_telemetry) RETURNS BIGINT
        LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $function$
        DECLARE
            place TIMESTAMPTZ := one.time;
            free TIMESTAMPTZ;
            taken BIGINT;
            known BOOLEAN;
        BEGIN
            LOOP
                INSERT INTO public.vm_telemetry (%1$s) VALUES (%2$s) ON CONFLICT DO NOTHING;
                IF FOUND THEN
                    RETURN 1;
                END IF;
                -- The readings without a gap from its instant on. EXECUTE: planned with the time, so that one chunk is looked at.
                EXECUTE $query$
                    SELECT count(*), bool_or(same)
                    FROM (SELECT s.time, row_number() OVER (ORDER BY s.time) - 1 AS number, record_image_eq(ROW(%3$s), ROW(%4$s)) AS same
                          FROM (SELECT ($1).*) AS one, public.vm_telemetry AS s
                          WHERE s.device_no = $2 AND s.time >= $3 AND s.time < $3 + INTERVAL '1 millisecond') AS next
                    WHERE next.time = $3 + next.number * INTERVAL '1 microsecond'$query$
                INTO taken, known USING one, one.device_no, one.time;
                IF known THEN
                    RETURN 0;
                ELSIF taken >= 1000 THEN
                    RAISE program_limit_exceeded
                        USING MESSAGE = 'there are 1000 different readings of this machine at this instant already: does its clock stand still?';
                END IF;
                free := one.time + taken * INTERVAL '1 microsecond';
                IF free <= place THEN -- nobody is there, and still it did not go in: a trigger of the site's own left it out
                    RETURN 0;
                END IF;
                place := free;
            END LOOP;
        END
        $function$
    $create$, columns, values_of_one, stored, image_of_one);

    -- Those of the readings that differ from the one that stands so many microseconds behind their instant (or nothing stands there). Day by
    -- day, so that each query is planned for one chunk: looking for the chunk of every row costs 600 us a row where there are thirty. A
    -- scalar subquery: one look into an index for each row, where a join might read every row of the chunk.
    EXECUTE format($create$
        CREATE OR REPLACE FUNCTION ingest.differing(readings ingest.vm_telemetry[], step INTEGER) RETURNS ingest.vm_telemetry[]
        LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $function$
        DECLARE
            behind INTERVAL := step * INTERVAL '1 microsecond';
            day TIMESTAMPTZ;
            of_the_day ingest.vm_telemetry[];
            found ingest.vm_telemetry[];
        BEGIN
            FOR day IN SELECT DISTINCT date_trunc('day', r.time + behind, 'UTC') FROM unnest(readings) AS r LOOP
                EXECUTE $query$
                    SELECT array_agg(one) FROM unnest($1) AS one
                    WHERE one.time + $2 >= $3 AND one.time + $2 < $3 + INTERVAL '1 day'
                      AND (SELECT record_image_eq(ROW(%1$s), ROW(%2$s)) FROM public.vm_telemetry AS s
                           WHERE s.device_no = one.device_no AND s.time = one.time + $2
                             AND s.time >= $3 AND s.time < $3 + INTERVAL '1 day') IS NOT TRUE$query$
                INTO of_the_day USING readings, behind, day;
                found := found || of_the_day;
            END LOOP;
            RETURN found;
        END
        $function$
    $create$, stored, image_of_one);

    EXECUTE format($create$
        CREATE OR REPLACE FUNCTION ingest.land_telemetry() RETURNS TRIGGER
        LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $function$
        DECLARE
            one ingest.vm_telemetry;
            rest ingest.vm_telemetry[];
            came BIGINT;
            added BIGINT;
            more BIGINT;
            refused BIGINT := 0;
            each_on_its_own BOOLEAN := false;
            first_row TID := '(0,0)';
        BEGIN
            SELECT count(*) INTO came FROM arrived;
            BEGIN
                INSERT INTO public.vm_telemetry (%1$s) SELECT %2$s FROM arrived ON CONFLICT DO NOTHING;
                GET DIAGNOSTICS added = ROW_COUNT;
                INSERT INTO public.vm_devices (device_no)
                    SELECT DISTINCT a.device_no FROM arrived AS a
                    WHERE NOT EXISTS (SELECT FROM public.vm_devices AS d WHERE d.device_no = a.device_no)
                    ORDER BY 1 -- two Telegrafs that meet the same new machines take them in the same order
                    ON CONFLICT DO NOTHING;
                IF added < came THEN
                    SELECT ingest.differing(array_agg(ROW(arrived.*)::ingest.vm_telemetry), 0) INTO rest FROM arrived;
                    -- A few microseconds for all of them at once: a message for each section of a reading. What is left then goes one by one.
                    FOR step IN 1..4 LOOP
                        EXIT WHEN rest IS NULL;
                        INSERT INTO public.vm_telemetry (%1$s) SELECT %3$s FROM unnest(rest) AS arrived ON CONFLICT DO NOTHING;
                        GET DIAGNOSTICS more = ROW_COUNT;
                        added := added + more;
                        rest := ingest.differing(rest, step);
                    END LOOP;
                END IF;
            EXCEPTION WHEN data_exception OR integrity_constraint_violation OR program_limit_exceeded THEN
                added := 0;
                each_on_its_own := true;
                SELECT array_agg(ROW(arrived.*)::ingest.vm_telemetry) INTO rest FROM arrived;
            END;
            FOR number IN 1..coalesce(cardinality(rest), 0) LOOP
                one := rest[number];
                BEGIN
                    added := added + ingest.land_reading(one);
                    IF each_on_its_own THEN
                        INSERT INTO public.vm_devices (device_no) VALUES (one.device_no) ON CONFLICT DO NOTHING;
                    END IF;
                EXCEPTION WHEN data_exception OR integrity_constraint_violation OR program_limit_exceeded THEN
                    refused := refused + ingest.refuse('vm_telemetry', one.time, one.device_no, pg_catalog.to_jsonb(one), SQLERRM);
                END;
            END LOOP;
            IF came > added + refused THEN
                INSERT INTO public.vm_skipped (time, measurement, rows) VALUES (now(), 'vm_telemetry', came - added - refused);
            END IF;
            -- Only the blocks that this statement may have filled: a scan of everything that awaits vacuum would cost more with every
            -- batch. What a row left in an older, reused block costs is space, until a full pass once in a hundred batches.
            IF random() >= 0.01 THEN
                first_row := format('(%%s,0)', current_setting('vending.first_block'));
            END IF;
            DELETE FROM ingest.vm_telemetry WHERE ctid >= first_row;
            RETURN NULL;
        END
        $function$
    $create$, columns, values_of_all, values_a_step_on);
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
LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN EXISTS (SELECT FROM public.vm_events AS e
                   WHERE e.device_no = device AND e.message_id = id
                     AND e.time BETWEEN at - ingest.redelivery_window() AND at + ingest.redelivery_window());
END
$$;

-- Where the machine's clock works, a status holds the moment at which it was written: the same bytes are the same message, whenever
-- they come. Without one, and in an offline (a last will is written when the machine connects), equal bytes are a repeat only of the
-- status next to it in time: an offline whenever that was (the broker repeats the retained one at every subscribe), any other only
-- within seconds. Next to it and not the newest: what comes late or again finds the same neighbours.
CREATE OR REPLACE FUNCTION ingest.is_known_status(device TEXT, id BIGINT, word TEXT, sent TIMESTAMPTZ, at TIMESTAMPTZ) RETURNS BOOLEAN
LANGUAGE plpgsql STABLE AS $$
BEGIN
    IF word <> 'offline' AND sent BETWEEN TIMESTAMPTZ '2020-01-01 00:00:00+00' AND at + INTERVAL '10 minutes' THEN
        RETURN EXISTS (SELECT FROM public.vm_status AS s WHERE s.device_no = device AND s.message_id = id);
    END IF;
    RETURN EXISTS (
        SELECT FROM (
            (SELECT s.time, s.message_id FROM public.vm_status AS s WHERE s.device_no = device AND s.time < at
             ORDER BY s.time DESC, s.message_id LIMIT 1)
            UNION ALL
            (SELECT s.time, s.message_id FROM public.vm_status AS s WHERE s.device_no = device AND s.time > at
             ORDER BY s.time, s.message_id DESC LIMIT 1)) AS neighbour
        WHERE neighbour.message_id = id
          AND (word = 'offline' OR neighbour.time BETWEEN at - ingest.redelivery_window() AND at + ingest.redelivery_window()));
END
$$;

-- Telemetry is never dropped as a repeat by its bytes, so neither is what was rejected of it, but for the very same row.
CREATE OR REPLACE FUNCTION ingest.is_known_reject(of_topic TEXT, id BIGINT, at TIMESTAMPTZ) RETURNS BOOLEAN
LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN EXISTS (SELECT FROM public.vm_rejected AS r
                   WHERE r.message_id = id
                     AND (r.time = at
                          OR of_topic ~ '/(events|status|commands/ack)$'
                         AND r.time BETWEEN at - ingest.redelivery_window() AND at + ingest.redelivery_window()));
END
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
            ('vm_status', 'ingest.is_known_status(NEW.device_no, NEW.message_id, NEW.status, ingest.from_ns(NEW.device_ts), NEW.time)', 'NEW.device_no'),
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
                    PERFORM ingest.count_skipped();
                    RETURN NULL;
                END IF;
                INSERT INTO public.%3$I (%4$s) VALUES (%5$s) ON CONFLICT DO NOTHING;
                IF NOT FOUND THEN
                    PERFORM ingest.count_skipped();
                END IF;%7$s
                RETURN NULL;
            EXCEPTION WHEN data_exception OR integrity_constraint_violation OR program_limit_exceeded THEN
                IF ingest.refuse(%3$L, NEW.time, %6$s, pg_catalog.to_jsonb(NEW), SQLERRM) = 0 THEN
                    PERFORM ingest.count_skipped();
                END IF;
                RETURN NULL;
            END
            $function$
        $create$, 'land_' || substr(target.name, 4), target.is_known, target.name, columns, casts, target.device,
            CASE WHEN target.name IN ('vm_events', 'vm_status')
                 THEN 'INSERT INTO public.vm_devices (device_no) VALUES (NEW.device_no) ON CONFLICT DO NOTHING;' ELSE '' END);
        EXECUTE format('CREATE OR REPLACE TRIGGER land BEFORE INSERT ON ingest.%I FOR EACH ROW EXECUTE FUNCTION ingest.%I()',
                       target.name, 'land_' || substr(target.name, 4));
        EXECUTE format('CREATE OR REPLACE TRIGGER note AFTER INSERT ON ingest.%I FOR EACH STATEMENT EXECUTE FUNCTION ingest.note_skipped()',
                       target.name);
    END LOOP;
END
$make$;

RESET ROLE;
RESET client_min_messages;
