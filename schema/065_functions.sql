-- What dashboards and alert rules share: the operators' day, and a machine's region.
--
-- VENDING_TIME_ZONE names the time zone in which an operator's day begins, Asia/Shanghai unless it says otherwise. It is kept as the setting
-- vending.time_zone of the database; where the variable is not set, a database that has the setting keeps it.

\set time_zone ''
\getenv time_zone VENDING_TIME_ZONE
SELECT set_config('vending.new_time_zone', :'time_zone', true);

DO $$
DECLARE
    wanted TEXT := current_setting('vending.new_time_zone');
BEGIN
    IF wanted = '' THEN
        IF EXISTS (SELECT FROM pg_db_role_setting, unnest(setconfig) AS setting
                   WHERE setrole = 0 AND setting LIKE 'vending.time\_zone=%'
                     AND setdatabase = (SELECT oid FROM pg_database WHERE datname = current_database())) THEN
            RETURN;
        END IF;
        wanted := 'Asia/Shanghai';
    END IF;
    BEGIN
        PERFORM now() AT TIME ZONE wanted;
    EXCEPTION WHEN invalid_parameter_value THEN
        RAISE EXCEPTION 'VENDING_TIME_ZONE: % (a name such as Asia/Shanghai is wanted)', SQLERRM;
    END;
    EXECUTE format('ALTER DATABASE %I SET vending.time_zone = %L', current_database(), wanted);
END
$$;

SET ROLE vending_owner;

CREATE OR REPLACE FUNCTION public.operator_time_zone() RETURNS TEXT
LANGUAGE sql STABLE PARALLEL SAFE AS $$ SELECT coalesce(nullif(current_setting('vending.time_zone', true), ''), 'Asia/Shanghai') $$;
COMMENT ON FUNCTION public.operator_time_zone() IS 'Time zone of the operators'' day: VENDING_TIME_ZONE of schema/apply.sh.';

CREATE OR REPLACE FUNCTION public.start_of_day(moment TIMESTAMPTZ DEFAULT now()) RETURNS TIMESTAMPTZ
LANGUAGE sql STABLE PARALLEL SAFE AS $$ SELECT date_trunc('day', moment, public.operator_time_zone()) $$;
COMMENT ON FUNCTION public.start_of_day(TIMESTAMPTZ) IS 'When the operators'' day of that moment began: today''s orders are those with time >= start_of_day().';

-- As devices.region. Without a regular expression, so that a filter on millions of rows costs little.
CREATE OR REPLACE FUNCTION public.region_of(device_no TEXT) RETURNS TEXT
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$ SELECT CASE WHEN device_no LIKE 'VM-%-%' THEN split_part(device_no, '-', 2) ELSE '' END $$;
COMMENT ON FUNCTION public.region_of(TEXT) IS 'Middle part of VM-{region}-{number}, empty for other names.';

RESET ROLE;
