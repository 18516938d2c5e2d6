-- Roll-ups for the dashboards: continuous aggregates where the edition has them, plain views of the same names and columns where
-- not, so that no dashboard needs to know. Real-time: what has not been materialized yet is added on the fly.

SET ROLE vending_owner;

DO $$
DECLARE
    rollup RECORD;
    kind "char";
    made BOOLEAN;
BEGIN
    FOR rollup IN
        SELECT * FROM (VALUES
            ('telemetry_5m', INTERVAL '2 days', INTERVAL '5 minutes', INTERVAL '5 minutes', $query$
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
                       count(anomalies) AS anomalies
                FROM public.vm_telemetry
                GROUP BY 1, 2$query$),
            ('events_1h', INTERVAL '7 days', INTERVAL '1 hour', INTERVAL '15 minutes', $query$
                SELECT time_bucket(INTERVAL '1 hour', time) AS bucket,
                       device_no,
                       event_type,
                       severity,
                       count(*) AS events
                FROM public.vm_events
                GROUP BY 1, 2, 3, 4$query$)) AS t (name, reach, lag, every, query)
    LOOP
        SELECT relkind INTO kind FROM pg_class WHERE oid = to_regclass('public.' || rollup.name);
        IF kind IS NOT NULL AND EXISTS (SELECT FROM timescaledb_information.continuous_aggregates
                                        WHERE view_schema = 'public' AND view_name = rollup.name) THEN
            CONTINUE;
        END IF;
        IF current_setting('timescaledb.license', true) = 'timescale' THEN
            -- The edition has become a better one: the plain view gives way.
            EXECUTE format('DROP VIEW IF EXISTS public.%I', rollup.name);
            made := ingest.try_feature('continuous aggregate ' || rollup.name,
                format('CREATE MATERIALIZED VIEW public.%I WITH (timescaledb.continuous, timescaledb.materialized_only = false) AS %s WITH NO DATA',
                       rollup.name, rollup.query));
        ELSE
            made := false;
            RAISE NOTICE 'not in this edition of TimescaleDB: continuous aggregate %; a plain view of that name takes its place', rollup.name;
        END IF;
        IF made THEN
            -- The refresh never reaches back to what retention drops, so history is kept (start_offset < retention).
            PERFORM add_continuous_aggregate_policy(format('public.%I', rollup.name)::regclass, start_offset => rollup.reach,
                end_offset => rollup.lag, schedule_interval => rollup.every, if_not_exists => true);
        ELSE
            EXECUTE format('CREATE OR REPLACE VIEW public.%I AS %s', rollup.name, rollup.query);
        END IF;
    END LOOP;
END
$$;

RESET ROLE;
