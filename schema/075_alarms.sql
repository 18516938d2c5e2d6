-- Active alarms: fault events that nothing has ended yet. Alerts and dashboards both read them from here.

SET ROLE vending_owner;

-- What ends an alarm of each type, and how far back is looked. Types that are not here are no alarms.
--   channel, oven  a later sale (DISPENSE_SUCCESS) through the same channel or oven; through any where the event names none
--   zone           a later reading of that freezer zone below the event's threshold (-10 degC where it names none)
--   door           a later reading with the door closed
--   time           nothing: it is shown for that long
CREATE OR REPLACE VIEW public.alarm_rules AS
SELECT event_type, title, ended_by, look_back
FROM (VALUES ('CHANNEL_JAM',     '卡货 Channel jam',       'channel', INTERVAL '3 days'),
             ('DISPENSE_FAILED', '出货失败 Dispense failed', 'channel', INTERVAL '1 day'),
             ('HEATING_FAILURE', '加热失败 Heating failure', 'oven',    INTERVAL '3 days'),
             ('TEMP_OVERHEAT',   '冷冻超温 Freezer too warm', 'zone',   INTERVAL '1 day'),
             ('DOOR_OPENED',     '开门 Door open',          'door',    INTERVAL '1 day'),
             ('VANDALISM_ALERT', '暴力告警 Vandalism',       'time',    INTERVAL '1 hour')) AS rule (event_type, title, ended_by, look_back);

COMMENT ON VIEW public.alarm_rules IS 'Which events are alarms, what ends each, and how far back active_alarms looks for it.';

-- Each branch finds the events that nothing has ended; what is left is folded into one row per machine, type and part. The types and times of
-- alarm_rules are repeated here as constants (a test compares them), because the planner needs them to find the right chunks and indexes.
-- What has a time of the future (a clock that ran ahead) ends nothing before that time has come: it would blind alarms for as long. An
-- event of the future is shown at once.
CREATE OR REPLACE VIEW public.active_alarms AS
WITH sold AS NOT MATERIALIZED (
    SELECT device_no, channel_id, oven_id, time FROM public.vm_events
    WHERE event_type = 'DISPENSE_SUCCESS' AND time > now() - INTERVAL '3 days' AND time <= now()
),
-- Freezers and doors are ended by telemetry. One look per machine and zone: when was the last reading that ends what began before it?
felt AS NOT MATERIALIZED (
    SELECT time, device_no, event_type, order_id, channel_id, oven_id, error_code, image_url, video_url, raw_data, severity,
           CASE WHEN e.raw_data #>> '{data,zone_index}' ~ '^[0-3]$' THEN (e.raw_data #>> '{data,zone_index}')::integer END AS zone
    FROM public.vm_events AS e
    WHERE e.event_type IN ('TEMP_OVERHEAT', 'DOOR_OPENED') AND e.time > now() - INTERVAL '1 day'
),
measured AS (
    SELECT first.device_no, first.event_type, first.zone, ending.time AS ended
    FROM (SELECT device_no, event_type, zone, min(time) AS since,
                 (array_agg(raw_data #>> '{data,threshold}' ORDER BY time DESC))[1] AS threshold
          FROM felt GROUP BY device_no, event_type, zone) AS first
    LEFT JOIN LATERAL (
        SELECT t.time FROM public.vm_telemetry AS t
        WHERE t.device_no = first.device_no AND t.time > first.since AND t.time > now() - INTERVAL '1 day' AND t.time <= now()
          AND CASE first.event_type
              WHEN 'DOOR_OPENED' THEN t.door_closed
              ELSE CASE first.zone WHEN 0 THEN t.freezer_temp_0 WHEN 1 THEN t.freezer_temp_1 WHEN 2 THEN t.freezer_temp_2 WHEN 3 THEN t.freezer_temp_3
                   ELSE greatest(t.freezer_temp_0, t.freezer_temp_1, t.freezer_temp_2, t.freezer_temp_3) END
                   < CASE WHEN first.threshold ~ '^-?\d{1,3}(\.\d{1,6})?$' THEN first.threshold::double precision ELSE -10 END
              END
        ORDER BY t.time DESC LIMIT 1) AS ending ON true
),
-- Scalar subqueries and not NOT EXISTS: one look into an index for each alarm, where an anti join would read every sale of three days.
unended AS (
    SELECT time, device_no, event_type, order_id, channel_id, oven_id, error_code, image_url, video_url, raw_data, severity,
           NULL::integer AS zone, channel_id AS part
    FROM public.vm_events AS e
    WHERE e.event_type IN ('CHANNEL_JAM', 'DISPENSE_FAILED') AND e.time > now() - INTERVAL '3 days'
      AND (e.event_type = 'CHANNEL_JAM' OR e.time > now() - INTERVAL '1 day')
      AND CASE WHEN e.channel_id IS NULL
          THEN (SELECT s.time FROM sold AS s WHERE s.device_no = e.device_no AND s.time > e.time LIMIT 1)
          ELSE (SELECT s.time FROM sold AS s WHERE s.device_no = e.device_no AND s.channel_id = e.channel_id AND s.time > e.time LIMIT 1)
          END IS NULL
    UNION ALL
    SELECT time, device_no, event_type, order_id, channel_id, oven_id, error_code, image_url, video_url, raw_data, severity, NULL, oven_id
    FROM public.vm_events AS e
    WHERE e.event_type = 'HEATING_FAILURE' AND e.time > now() - INTERVAL '3 days'
      AND CASE WHEN e.oven_id IS NULL
          THEN (SELECT s.time FROM sold AS s WHERE s.device_no = e.device_no AND s.time > e.time LIMIT 1)
          ELSE (SELECT s.time FROM sold AS s WHERE s.device_no = e.device_no AND s.oven_id = e.oven_id AND s.time > e.time ORDER BY s.time DESC LIMIT 1)
          END IS NULL
    UNION ALL
    SELECT f.*, f.zone::text
    FROM felt AS f
    JOIN measured AS m ON m.device_no = f.device_no AND m.event_type = f.event_type AND m.zone IS NOT DISTINCT FROM f.zone
    WHERE m.ended IS NULL OR m.ended <= f.time
    UNION ALL
    SELECT time, device_no, event_type, order_id, channel_id, oven_id, error_code, image_url, video_url, raw_data, severity, NULL, NULL
    FROM public.vm_events AS e
    WHERE e.event_type = 'VANDALISM_ALERT' AND e.time > now() - INTERVAL '1 hour'
)
SELECT DISTINCT ON (u.device_no, u.event_type, u.part)
       u.device_no,
       public.region_of(u.device_no) AS region,
       u.event_type,
       r.title,
       u.severity,
       min(u.time) OVER same AS since,
       u.time AS latest,
       count(*) OVER same AS occurrences,
       u.channel_id,
       u.oven_id,
       u.zone,
       u.order_id,
       u.error_code,
       nullif(concat_ws(', ',
           'zone ' || u.zone,
           (u.raw_data #>> '{data,temperature}') || ' degC',
           'limit ' || (u.raw_data #>> '{data,threshold}') || ' degC',
           (u.raw_data #>> '{data,motor_current}') || ' A',
           (u.raw_data #>> '{data,actual_power}') || ' of ' || (u.raw_data #>> '{data,expected_power}') || ' W',
           'exhaust ' || (u.raw_data #>> '{data,exhaust_temp}') || ' degC',
           (u.raw_data #>> '{data,g_force}') || ' g',
           'door ' || (u.raw_data #>> '{data,door_id}')), '') AS detail,
       u.image_url,
       u.video_url
FROM unended AS u
JOIN public.alarm_rules AS r USING (event_type)
WINDOW same AS (PARTITION BY u.device_no, u.event_type, u.part)
ORDER BY u.device_no, u.event_type, u.part, u.time DESC;

COMMENT ON VIEW public.active_alarms IS 'Fault events that nothing has ended yet, one row per machine, type and channel, oven or zone; alarm_rules says what ends each.';

RESET ROLE;
