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
-- without a will is offline after 5 minutes.
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
       t.voltage, t.current, t.uptime, t.door_closed,
       t.freezer_temp_0, t.freezer_temp_1, t.freezer_temp_2, t.freezer_temp_3,
       greatest(t.freezer_temp_0, t.freezer_temp_1, t.freezer_temp_2, t.freezer_temp_3) AS warmest_zone,
       t.ambient_temp, t.vibration_g, t.rssi, t.network_type, t.csq,
       coalesce(t.lat, place.lat) AS lat,
       coalesce(t.lng, place.lng) AS lng
FROM public.devices AS d
LEFT JOIN LATERAL (SELECT * FROM public.vm_telemetry AS x WHERE x.device_no = d.device_no ORDER BY x.time DESC LIMIT 1) AS t ON true
LEFT JOIN LATERAL (SELECT x.time, x.event_type FROM public.vm_events AS x WHERE x.device_no = d.device_no ORDER BY x.time DESC LIMIT 1) AS e ON true
LEFT JOIN LATERAL (SELECT x.* FROM public.vm_status AS x WHERE x.device_no = d.device_no ORDER BY x.time DESC LIMIT 1) AS s ON true
LEFT JOIN LATERAL (SELECT x.lat, x.lng FROM public.vm_telemetry AS x
                   WHERE t.lat IS NULL AND x.device_no = d.device_no AND x.lat IS NOT NULL AND x.lng IS NOT NULL
                     AND x.time > now() - INTERVAL '7 days'
                   ORDER BY x.time DESC LIMIT 1) AS place ON true
CROSS JOIN LATERAL (SELECT greatest(t.time, e.time, CASE WHEN s.status <> 'offline' THEN s.time END) AS last_seen) AS sign;

COMMENT ON VIEW public.device_status IS 'One row per machine: is it online as an operator means it, its latest status and since when, its latest reading.';

RESET ROLE;
