-- What an operator asks first: which machines are there, are they online, since when, what do they say.

SET ROLE vending_owner;

-- Machines of rows that are older than vm_devices, or that came by another way than the landing. Found by jumping from one to the next in the
-- device indexes: a scan of every row would take minutes where this takes a fraction of a second.
WITH RECURSIVE
telemetry AS (
    (SELECT device_no FROM public.vm_telemetry ORDER BY device_no LIMIT 1)
    UNION ALL
    SELECT (SELECT t.device_no FROM public.vm_telemetry AS t WHERE t.device_no > last.device_no ORDER BY t.device_no LIMIT 1)
    FROM telemetry AS last WHERE last.device_no IS NOT NULL
),
status AS (
    (SELECT device_no FROM public.vm_status ORDER BY device_no LIMIT 1)
    UNION ALL
    SELECT (SELECT s.device_no FROM public.vm_status AS s WHERE s.device_no > last.device_no ORDER BY s.device_no LIMIT 1)
    FROM status AS last WHERE last.device_no IS NOT NULL
),
events AS (
    (SELECT device_no FROM public.vm_events ORDER BY device_no LIMIT 1)
    UNION ALL
    SELECT (SELECT e.device_no FROM public.vm_events AS e WHERE e.device_no > last.device_no ORDER BY e.device_no LIMIT 1)
    FROM events AS last WHERE last.device_no IS NOT NULL
)
INSERT INTO public.vm_devices (device_no)
SELECT device_no
FROM (SELECT device_no FROM telemetry UNION SELECT device_no FROM status UNION SELECT device_no FROM events) AS seen
WHERE device_no IS NOT NULL
ORDER BY device_no
ON CONFLICT DO NOTHING;

CREATE OR REPLACE VIEW public.devices AS
SELECT device_no, public.region_of(device_no) AS region FROM public.vm_devices;

COMMENT ON VIEW public.devices IS 'Every machine that ever sent anything. region is the middle of VM-{region}-{number}, empty for other names.';

-- online: the last sign of life (telemetry, event or online status) is younger than 5 minutes and no offline status came after it. A
-- machine that came online an hour ago and still reports is online; one whose last will came is offline at once; one that has gone silent
-- without a will is offline after 5 minutes. Only the words online and offline say anything; a status of another word changes nothing.
--
-- Some machines send a message for each section of a reading, or for each probe. So what the newest row lacks is taken from the rows
-- before it: of each section the newest value that is there within 15 minutes, among the last 8 rows that have any of the section. A
-- section is looked for only where the newest row is not whole. The day from now() on lets the planner leave out the other chunks.
--
-- A row of the future (of a clock that ran ahead; the processor stores no such telemetry or status since it takes arrival for those)
-- counts when its time has come: until then it would hide every row after it.
DO $$
DECLARE
    sections TEXT;
BEGIN
    SELECT string_agg(format($join$
        LEFT JOIN LATERAL (
            SELECT %2$s
            FROM (SELECT x.time, %3$s FROM public.vm_telemetry AS x
                  WHERE num_nulls(%4$s) > 0 AND x.device_no = d.device_no AND num_nonnulls(%3$s) > 0
                    AND x.time > now() - INTERVAL '1 day' AND x.time <= now() AND x.time > t.time - INTERVAL '15 minutes' AND x.time <= t.time
                  ORDER BY x.time DESC LIMIT 8) AS x) AS %1$I ON true$join$,
        section,
        (SELECT string_agg(format('last(x.%1$I, x.time) FILTER (WHERE x.%1$I IS NOT NULL) AS %1$I', name), ', ') FROM unnest(columns) AS name),
        (SELECT string_agg(format('x.%I', name), ', ') FROM unnest(columns) AS name),
        (SELECT string_agg(format('t.%I', name), ', ') FROM unnest(columns) AS name)), '')
    INTO sections
    FROM (VALUES ('system', ARRAY['voltage', 'current', 'uptime', 'door_closed']),
                 ('freezer', ARRAY['freezer_temp_0', 'freezer_temp_1', 'freezer_temp_2', 'freezer_temp_3']),
                 ('surroundings', ARRAY['ambient_temp', 'vibration_g']),
                 ('radio', ARRAY['rssi', 'network_type', 'csq'])) AS of_a_reading (section, columns);

    EXECUTE format($view$
        CREATE OR REPLACE VIEW public.device_status AS
        SELECT d.device_no,
               d.region,
               coalesce(sign.last_seen > now() - INTERVAL '5 minutes' AND (s.status IS DISTINCT FROM 'offline' OR sign.last_seen > s.time), false)
                   AS online,
               s.status,
               s.time AS since,
               s.reason,
               s.firmware,
               s.hardware,
               sign.last_seen,
               t.time AS last_telemetry,
               e.time AS last_event,
               e.event_type AS last_event_type,
               coalesce(t.voltage, system.voltage) AS voltage,
               coalesce(t.current, system.current) AS current,
               coalesce(t.uptime, system.uptime) AS uptime,
               coalesce(t.door_closed, system.door_closed) AS door_closed,
               coalesce(t.freezer_temp_0, freezer.freezer_temp_0) AS freezer_temp_0,
               coalesce(t.freezer_temp_1, freezer.freezer_temp_1) AS freezer_temp_1,
               coalesce(t.freezer_temp_2, freezer.freezer_temp_2) AS freezer_temp_2,
               coalesce(t.freezer_temp_3, freezer.freezer_temp_3) AS freezer_temp_3,
               greatest(coalesce(t.freezer_temp_0, freezer.freezer_temp_0), coalesce(t.freezer_temp_1, freezer.freezer_temp_1),
                        coalesce(t.freezer_temp_2, freezer.freezer_temp_2), coalesce(t.freezer_temp_3, freezer.freezer_temp_3)) AS warmest_zone,
               coalesce(t.ambient_temp, surroundings.ambient_temp) AS ambient_temp,
               coalesce(t.vibration_g, surroundings.vibration_g) AS vibration_g,
               coalesce(t.rssi, radio.rssi) AS rssi,
               coalesce(t.network_type, radio.network_type) AS network_type,
               coalesce(t.csq, radio.csq) AS csq,
               coalesce(t.lat, place.lat) AS lat,
               coalesce(t.lng, place.lng) AS lng
        FROM public.devices AS d
        LEFT JOIN LATERAL (SELECT x.time, x.voltage, x.current, x.uptime, x.door_closed, x.freezer_temp_0, x.freezer_temp_1, x.freezer_temp_2,
                                  x.freezer_temp_3, x.ambient_temp, x.vibration_g, x.rssi, x.network_type, x.csq,
                                  CASE WHEN x.lng IS NOT NULL THEN x.lat END AS lat, CASE WHEN x.lat IS NOT NULL THEN x.lng END AS lng
                           FROM public.vm_telemetry AS x WHERE x.device_no = d.device_no AND x.time <= now()
                           ORDER BY x.time DESC LIMIT 1) AS t ON true
        LEFT JOIN LATERAL (SELECT x.time, x.event_type FROM public.vm_events AS x WHERE x.device_no = d.device_no AND x.time <= now()
                           ORDER BY x.time DESC LIMIT 1) AS e ON true
        LEFT JOIN LATERAL (SELECT x.time, x.status, x.reason, x.firmware, x.hardware FROM public.vm_status AS x
                           WHERE x.device_no = d.device_no AND x.status IN ('online', 'offline') AND x.time <= now()
                           ORDER BY x.time DESC LIMIT 1) AS s ON true %s
        LEFT JOIN LATERAL (SELECT x.lat, x.lng FROM public.vm_telemetry AS x
                           WHERE t.lat IS NULL AND x.device_no = d.device_no AND x.lat IS NOT NULL AND x.lng IS NOT NULL
                             AND x.time > now() - INTERVAL '7 days' AND x.time <= now()
                           ORDER BY x.time DESC LIMIT 1) AS place ON true
        CROSS JOIN LATERAL (SELECT greatest(t.time, e.time, CASE WHEN s.status = 'online' THEN s.time END) AS last_seen) AS sign$view$, sections);
END
$$;

COMMENT ON VIEW public.device_status IS 'One row per machine: is it online as an operator means it, its latest status and since when, its latest reading.';

RESET ROLE;
