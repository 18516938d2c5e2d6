"""A made-up fleet in the database: what `machines` machines would have sent in `days` days up to now. Put into the tables themselves, since
how fast rows land is measured elsewhere (landing.py)."""

REGIONS = "{SH,BJ,GZ,SZ,HN,CD,WH,HZ,NJ,XA}"

MACHINES = """
CREATE TEMPORARY TABLE machine AS
SELECT format('VM-%s-%s', regions[1 + n % array_length(regions, 1)], to_char(n / array_length(regions, 1) + 1, 'FM0000')) AS device_no, n,
       n % 50 = 7 AS warm,                                           -- two in a hundred have a freezer that is too warm now and then
       20 + (n % 97) * 0.2 AS lat, 105 + (n % 89) * 0.18 AS lng
FROM generate_series(0, {machines} - 1) AS n, (SELECT '{regions}'::text[] AS regions) AS r;
"""

TELEMETRY = """
INSERT INTO vm_telemetry (time, device_no, voltage, current, uptime, door_closed, freezer_temp_0, freezer_temp_1, freezer_temp_2, freezer_temp_3,
                          ambient_temp, vibration_g, rssi, lat, lng, network_type, csq, anomalies)
SELECT t + n * INTERVAL '1 millisecond', device_no, 215 + 10 * random(), 1 + random(), extract(epoch FROM t)::bigint % 864000, random() > 0.005,
       CASE WHEN warm AND extract(hour FROM t) IN (3, 4, 12) THEN -6 ELSE -18.5 END + random(), -18.9 + random(),
       CASE WHEN random() > 0.002 THEN -18.2 + random() END, -18.7 + random(),
       25 + 3 * random(), 0.05 * random(), -60 - (10 * random())::int, lat, lng, '4G', 20 + n % 10,
       CASE WHEN random() > 0.998 THEN 'environment.freezer_temps.2=-127 sensor fault code' END
FROM generate_series({start}, {start} + INTERVAL '1 day' - INTERVAL '{every} seconds', INTERVAL '{every} seconds') AS t CROSS JOIN machine
WHERE t < now();
"""

EVENTS = """
INSERT INTO vm_events (time, device_no, event_type, order_id, channel_id, oven_id, error_code, image_url, video_url, raw_data, severity, message_id)
SELECT t, device_no, kind, CASE WHEN kind LIKE 'DISPENSE%' THEN 'ORD' || id END,
       CASE WHEN kind LIKE 'DISPENSE%' OR kind = 'CHANNEL_JAM' THEN 'M-' || to_char(1 + id % 48, 'FM00') END,
       CASE WHEN kind IN ('DISPENSE_SUCCESS', 'HEATING_FAILURE') THEN CASE WHEN id % 2 = 0 THEN 'OVEN_A' ELSE 'OVEN_B' END END,
       CASE kind WHEN 'CHANNEL_JAM' THEN 'E103' WHEN 'DISPENSE_FAILED' THEN 'E102' WHEN 'TEMP_OVERHEAT' THEN 'E301' END,
       CASE WHEN kind IN ('CHANNEL_JAM', 'VANDALISM_ALERT', 'SNAPSHOT_CAPTURED', 'DISPENSE_SUCCESS') THEN 'https://images.example.com/' || id || '.jpg' END,
       CASE WHEN kind = 'VANDALISM_ALERT' THEN 'https://videos.example.com/' || id || '.mp4' END,
       jsonb_build_object('event_type', kind, 'ts', extract(epoch FROM t)::bigint, 'data', jsonb_build_object(
           'zone_index', id % 4, 'temperature', -5, 'threshold', -10, 'g_force', 3, 'motor_current', 4.2, 'door_id', 'MAIN')),
       CASE kind WHEN 'VANDALISM_ALERT' THEN 'critical' WHEN 'DISPENSE_SUCCESS' THEN 'medium' WHEN 'SNAPSHOT_CAPTURED' THEN 'low' ELSE 'high' END, id
FROM (SELECT *, CASE WHEN r < 0.90 THEN 'DISPENSE_SUCCESS' WHEN r < 0.91 THEN 'DISPENSE_FAILED' WHEN r < 0.92 THEN 'CHANNEL_JAM'
                     WHEN r < 0.925 THEN 'HEATING_FAILURE' WHEN r < 0.945 THEN 'DOOR_OPENED' WHEN r < 0.946 THEN 'VANDALISM_ALERT'
                     WHEN r < 0.95 THEN 'TEMP_OVERHEAT' ELSE 'SNAPSHOT_CAPTURED' END AS kind
      FROM (SELECT {start} + random() * INTERVAL '1 day' AS t, device_no, (random() * 9e15)::bigint AS id, random() AS r
            FROM machine, generate_series(1, 60)) AS dice) AS made
WHERE t < now() ORDER BY t;
"""

STATUS = """
INSERT INTO vm_status (time, device_no, status, firmware, hardware, reason, device_ts, message_id)
SELECT t, device_no, status, CASE status WHEN 'online' THEN '5.0.1' END, CASE status WHEN 'online' THEN 'v3.2' END,
       CASE status WHEN 'offline' THEN 'unexpected' END, t, (random() * 9e15)::bigint
FROM (SELECT {start} + n * INTERVAL '1 second' AS t, device_no, 'online' AS status FROM machine
      UNION ALL SELECT {start} + INTERVAL '6 hours' + n * INTERVAL '1 second', device_no, 'offline' FROM machine WHERE n % 20 = 3
      UNION ALL SELECT {start} + INTERVAL '7 hours' + n * INTERVAL '1 second', device_no, 'online' FROM machine WHERE n % 20 = 3) AS made
WHERE t < now();
"""

# Half a percent is rejected; Telegraf is started again at noon and its counters with it.
INGEST = """
INSERT INTO vm_ingest (time, instance, received, telemetry, events, status, passed, duplicates, anomalies, rejected, rejected_invalid_json,
                       rejected_unknown_topic, bytes_in, bytes_out, busy_us, interval_s)
SELECT t, instance, 1005, 980, 20, 0, 0, 0, 2, 5, 3, 2, 330000, 200000, 9000, 10
FROM generate_series({start}, {start} + INTERVAL '1 day' - INTERVAL '10 seconds', INTERVAL '10 seconds') AS t, unnest('{{a,b}}'::text[]) AS instance
WHERE t < now();
INSERT INTO vm_telegraf (time, instance, output, metrics_added, metrics_written, metrics_dropped, metrics_rejected, buffer_size, buffer_limit, errors)
SELECT t, instance, 'postgresql', n * 1000, n * 1000, n / 1000, 0, 100 * random(), 100000, n / 500
FROM generate_series({start}, {start} + INTERVAL '1 day' - INTERVAL '10 seconds', INTERVAL '10 seconds') AS t, unnest('{{a,b}}'::text[]) AS instance,
     LATERAL (SELECT (extract(epoch FROM t)::bigint % 86400 / 10 + 4320) % 8640 AS n) AS counted
WHERE t < now();
INSERT INTO vm_rejected (time, device_no, topic, reason, detail, payload, payload_encoding, payload_size, message_id)
SELECT {start} + random() * INTERVAL '1 day', device_no, 'v1/vm/' || device_no || '/events', CASE WHEN random() < 0.6 THEN 'invalid_json' ELSE 'unknown_topic' END,
       'line 1: unexpected end', repeat('{{"event_type": ', 20), 'text', 300, (random() * 9e15)::bigint
FROM machine, generate_series(1, 5);
DELETE FROM vm_rejected WHERE time > now();
"""


def fill(database, machines=1000, days=7, every=60):
    """Telemetry of each machine every `every` seconds, 60 events a day, a status or three."""
    making = [MACHINES.format(machines=machines, regions=REGIONS)]
    for day in range(days, 0, -1):
        start = f"(date_trunc('minute', now()) - INTERVAL '{day} days')"
        making += [text.format(start=start, every=every) for text in (TELEMETRY, EVENTS, STATUS, INGEST)]
    # The last minute of everybody, so that the fleet is online.
    making.append(TELEMETRY.format(start="date_trunc('minute', now())", every=every))
    making.append("INSERT INTO vm_devices (device_no) SELECT device_no FROM machine ON CONFLICT DO NOTHING;")
    database.sql("SET synchronous_commit = off; " + "".join(making))
    for table in ("vm_telemetry", "vm_events", "vm_status", "vm_ingest", "vm_telegraf", "vm_rejected", "vm_devices"):
        database.sql(f"VACUUM (ANALYZE) {table}")


# TimescaleDB's Apache edition has no continuous aggregates; tables filled by the same queries stand for them, with the indexes that a
# continuous aggregate gets (each grouped column with the bucket).
ROLLUPS = (("telemetry_5m", ("device_no",)), ("telemetry_1h", ("device_no",)), ("events_1h", ("device_no", "event_type", "severity")))


def materialize(database):
    statements = [f"CREATE TABLE {name}_made AS SELECT * FROM {name};" for name, _ in ROLLUPS]
    statements += [f"DROP VIEW {name};" for name in ("telemetry_1h", "telemetry_5m", "events_1h")]
    for name, keys in ROLLUPS:
        statements.append(f"ALTER TABLE {name}_made RENAME TO {name}; GRANT SELECT ON {name} TO vending_reader; CREATE INDEX ON {name} (bucket DESC);")
        statements += [f"CREATE INDEX ON {name} ({key}, bucket DESC);" for key in keys]
    database.sql("".join(statements))
    for name, _ in ROLLUPS:
        database.sql(f"VACUUM (ANALYZE) {name}")
