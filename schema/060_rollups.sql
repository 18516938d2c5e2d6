-- Roll-ups for the dashboards: continuous aggregates where the edition has them, plain views of the same names and columns where
-- not, so that no dashboard needs to know. Real-time: what has not been materialized yet is added on the fly.
--
-- New columns go to the end of a query: a plain view takes them in place. A continuous aggregate cannot be changed: one that lacks a column
-- is made anew from what the tables still hold.

SET ROLE vending_owner;

DO $$
DECLARE
    rollup RECORD;
    lacking TEXT;
    made BOOLEAN;
BEGIN
    FOR rollup IN
        SELECT * FROM (VALUES
            -- warm_s: how long the zone was above -10 degC, as the share of the readings in these five minutes.
            ('telemetry_5m', 'telemetry_1h', INTERVAL '28 days', INTERVAL '5 minutes', INTERVAL '5 minutes', $query$
                SELECT time_bucket(INTERVAL '5 minutes', time) AS bucket,
                       device_no,
                       count(*) AS readings,
                       avg(freezer_temp_0) AS freezer_temp_0, max(freezer_temp_0) AS freezer_temp_0_max,
                       avg(freezer_temp_1) AS freezer_temp_1, max(freezer_temp_1) AS freezer_temp_1_max,
                       avg(freezer_temp_2) AS freezer_temp_2, max(freezer_temp_2) AS freezer_temp_2_max,
                       avg(freezer_temp_3) AS freezer_temp_3, max(freezer_temp_3) AS freezer_temp_3_max,
                       avg(ambient_temp) AS ambient_temp,
                       avg(voltage) AS voltage, min(voltage) AS voltage_min, max(voltage) AS voltage_max,
                       avg(current) AS current, max(current) AS current_max,
                       max(vibration_g) AS vibration_g_max,
                       avg(rssi)::double precision AS rssi,
                       count(anomalies) AS anomalies,
                       300::double precision * count(*) FILTER (WHERE freezer_temp_0 > -10) / nullif(count(freezer_temp_0), 0) AS freezer_temp_0_warm_s,
                       300::double precision * count(*) FILTER (WHERE freezer_temp_1 > -10) / nullif(count(freezer_temp_1), 0) AS freezer_temp_1_warm_s,
                       300::double precision * count(*) FILTER (WHERE freezer_temp_2 > -10) / nullif(count(freezer_temp_2), 0) AS freezer_temp_2_warm_s,
                       300::double precision * count(*) FILTER (WHERE freezer_temp_3 > -10) / nullif(count(freezer_temp_3), 0) AS freezer_temp_3_warm_s
                FROM public.vm_telemetry
                GROUP BY 1, 2$query$),
            -- Of the five-minute one, each five minutes weighing the same. It is what makes a week of the whole fleet quick.
            ('telemetry_1h', NULL, INTERVAL '28 days', INTERVAL '1 hour', INTERVAL '15 minutes', $query$
                SELECT time_bucket(INTERVAL '1 hour', bucket) AS bucket,
                       device_no,
                       sum(readings)::bigint AS readings,
                       avg(freezer_temp_0) AS freezer_temp_0, max(freezer_temp_0_max) AS freezer_temp_0_max,
                       avg(freezer_temp_1) AS freezer_temp_1, max(freezer_temp_1_max) AS freezer_temp_1_max,
                       avg(freezer_temp_2) AS freezer_temp_2, max(freezer_temp_2_max) AS freezer_temp_2_max,
                       avg(freezer_temp_3) AS freezer_temp_3, max(freezer_temp_3_max) AS freezer_temp_3_max,
                       avg(ambient_temp) AS ambient_temp,
                       avg(voltage) AS voltage, min(voltage_min) AS voltage_min, max(voltage_max) AS voltage_max,
                       avg(current) AS current, max(current_max) AS current_max,
                       max(vibration_g_max) AS vibration_g_max,
                       avg(rssi) AS rssi,
                       sum(anomalies)::bigint AS anomalies,
                       sum(freezer_temp_0_warm_s) AS freezer_temp_0_warm_s,
                       sum(freezer_temp_1_warm_s) AS freezer_temp_1_warm_s,
                       sum(freezer_temp_2_warm_s) AS freezer_temp_2_warm_s,
                       sum(freezer_temp_3_warm_s) AS freezer_temp_3_warm_s
                FROM public.telemetry_5m
                GROUP BY 1, 2$query$),
            ('events_1h', NULL, INTERVAL '88 days', INTERVAL '1 hour', INTERVAL '15 minutes', $query$
                SELECT time_bucket(INTERVAL '1 hour', time) AS bucket,
                       device_no,
                       event_type,
                       severity,
                       count(*) AS events
                FROM public.vm_events
                GROUP BY 1, 2, 3, 4$query$)) AS t (name, on_top, reach, lag, every, query)
    LOOP
        IF EXISTS (SELECT FROM timescaledb_information.continuous_aggregates WHERE view_schema = 'public' AND view_name = rollup.name) THEN
            EXECUTE 'CREATE TEMPORARY VIEW wanted AS ' || rollup.query;
            SELECT string_agg(attname, ', ') INTO lacking FROM pg_attribute AS w
            WHERE attrelid = 'pg_temp.wanted'::regclass
              AND NOT EXISTS (SELECT FROM pg_attribute AS h
                              WHERE h.attrelid = to_regclass('public.' || rollup.name) AND h.attname = w.attname);
            DROP VIEW pg_temp.wanted;
            IF lacking IS NULL THEN
                -- Older versions did not reach back to the beginning.
                PERFORM alter_job(j.job_id, config => jsonb_set(j.config, '{start_offset}', to_jsonb(rollup.reach::text)))
                FROM timescaledb_information.jobs AS j JOIN timescaledb_information.continuous_aggregates AS c
                  ON (j.hypertable_schema, j.hypertable_name) IN ((c.view_schema, c.view_name), (c.materialization_hypertable_schema, c.materialization_hypertable_name))
                WHERE c.view_schema = 'public' AND c.view_name = rollup.name AND j.proc_name = 'policy_refresh_continuous_aggregate'
                  AND (j.config ->> 'start_offset')::interval IS DISTINCT FROM rollup.reach;
                CONTINUE;
            END IF;
            RAISE NOTICE 'continuous aggregate % lacks %: made anew', rollup.name, lacking;
            IF rollup.on_top IS NOT NULL THEN
                EXECUTE format('DROP MATERIALIZED VIEW IF EXISTS public.%I', rollup.on_top);
            END IF;
            EXECUTE format('DROP MATERIALIZED VIEW public.%I', rollup.name);
        END IF;
        IF current_setting('timescaledb.license', true) = 'timescale' THEN
            -- The edition has become a better one: the plain view gives way, and first what is built on it.
            IF rollup.on_top IS NOT NULL THEN
                EXECUTE format('DROP VIEW IF EXISTS public.%I', rollup.on_top);
            END IF;
            EXECUTE format('DROP VIEW IF EXISTS public.%I', rollup.name);
            made := ingest.try_feature('continuous aggregate ' || rollup.name,
                format('CREATE MATERIALIZED VIEW public.%I WITH (timescaledb.continuous, timescaledb.materialized_only = false) AS %s WITH NO DATA',
                       rollup.name, rollup.query));
        ELSE
            made := false;
            RAISE NOTICE 'not in this edition of TimescaleDB: continuous aggregate %; a plain view of that name takes its place', rollup.name;
        END IF;
        IF made THEN
            -- The first refresh takes in all that is there; the ones after it only what has changed. It never reaches back to what retention
            -- drops, so history is kept (start_offset < retention).
            PERFORM add_continuous_aggregate_policy(format('public.%I', rollup.name)::regclass, start_offset => rollup.reach,
                end_offset => rollup.lag, schedule_interval => rollup.every, if_not_exists => true);
        ELSE
            EXECUTE format('CREATE OR REPLACE VIEW public.%I AS %s', rollup.name, rollup.query);
        END IF;
    END LOOP;
END
$$;

RESET ROLE;
