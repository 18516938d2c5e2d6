-- What every table and column holds, with its unit. Read them with \d+ or in any database browser.

SET ROLE vending_owner;

COMMENT ON TABLE public.vm_telemetry IS 'Health of each machine, every 10 to 30 s (MQTT v1/vm/{device_no}/telemetry, QoS 0). Kept 30 days.';
COMMENT ON TABLE public.vm_events IS 'Business events and faults (MQTT v1/vm/{device_no}/events, QoS 1). Kept 90 days.';
COMMENT ON TABLE public.vm_status IS 'Online and offline (MQTT v1/vm/{device_no}/status, QoS 1, retained; offline is usually the last will).';
COMMENT ON TABLE public.vm_rejected IS 'Messages that could not become a row, whole, with the reason. Kept 90 days.';
COMMENT ON TABLE public.vm_ingest IS 'What each vending-processor or vending-input counted about itself since its report before. Kept 30 days.';

COMMENT ON TABLE public.vm_telegraf IS 'What each Telegraf says of its outputs, counted since its start. Kept 30 days.';
COMMENT ON TABLE public.vm_skipped IS 'Rows that came again: what the landing skipped because it was there, counted for each batch that had any. Kept 30 days.';
COMMENT ON TABLE public.vm_devices IS 'Every machine that ever sent anything. Delete the row of one that is gone for good; it comes back with its next message.';
COMMENT ON VIEW public.telemetry_5m IS 'vm_telemetry by machine and five minutes.';
COMMENT ON VIEW public.telemetry_1h IS 'telemetry_5m by machine and hour.';
COMMENT ON VIEW public.events_1h IS 'vm_events by hour, machine, type and severity.';

DO $$
DECLARE
    described RECORD;
BEGIN
    FOR described IN
        SELECT * FROM (VALUES
            ('vm_telemetry', 'time', 'Device time where it can be trusted, else arrival (then anomalies says so)'),
            ('vm_telemetry', 'device_no', 'Machine, VM-{region}-{number}'),
            ('vm_telemetry', 'voltage', 'Mains voltage, V; normal 180 to 260'),
            ('vm_telemetry', 'current', 'Mains current, A; up to 8 while an oven heats'),
            ('vm_telemetry', 'uptime', 'Since power-on, s'),
            ('vm_telemetry', 'door_closed', 'true = closed'),
            ('vm_telemetry', 'freezer_temp_0', 'Freezer zone 0, degC; normal -30 to 0'),
            ('vm_telemetry', 'freezer_temp_1', 'Freezer zone 1, degC; normal -30 to 0'),
            ('vm_telemetry', 'freezer_temp_2', 'Freezer zone 2, degC; normal -30 to 0'),
            ('vm_telemetry', 'freezer_temp_3', 'Freezer zone 3, degC; normal -30 to 0'),
            ('vm_telemetry', 'ambient_temp', 'Around the machine, degC'),
            ('vm_telemetry', 'vibration_g', 'Acceleration, g; above 2.0 is a hard knock'),
            ('vm_telemetry', 'rssi', 'Radio signal, dBm; normal -120 to -40'),
            ('vm_telemetry', 'lat', 'Latitude, degrees, WGS 84'),
            ('vm_telemetry', 'lng', 'Longitude, degrees, WGS 84'),
            ('vm_telemetry', 'network_type', '4G, 5G or WiFi'),
            ('vm_telemetry', 'csq', 'Signal quality of the modem (+CSQ)'),
            ('vm_telemetry', 'anomalies', 'Values that could not be stored, as path=value reason; NULL = none'),
            ('vm_events', 'time', 'Device time where it can be trusted, else arrival (then anomalies says so)'),
            ('vm_events', 'device_no', 'Machine, VM-{region}-{number}'),
            ('vm_events', 'event_type', 'Canonical name in UPPER_SNAKE, such as DISPENSE_SUCCESS'),
            ('vm_events', 'order_id', 'Order'),
            ('vm_events', 'channel_id', 'Channel, else the meal (meal_cid), M-01 to M-48'),
            ('vm_events', 'oven_id', 'OVEN_A or OVEN_B'),
            ('vm_events', 'error_code', 'E101 channel empty, E102 no infrared signal, E103 motor overcurrent, E201 oven power, E202 oven timeout, E301 freezer too warm, ...'),
            ('vm_events', 'image_url', 'Picture'),
            ('vm_events', 'video_url', 'Video'),
            ('vm_events', 'raw_data', 'The whole payload as the machine sent it'),
            ('vm_events', 'severity', 'low, medium, high, critical, or unknown for a type that is not in the mapping'),
            ('vm_events', 'priority', 'What the machine says: the MQTT 5 user property "priority" in lower case; only vending-input and captures have it'),
            ('vm_events', 'message_id', '64-bit hash of topic and payload: the same bytes have the same one'),
            ('vm_events', 'anomalies', 'Values that could not be stored, as path=value reason; NULL = none'),
            ('vm_status', 'time', 'Device time where it can be trusted, else arrival; offline: always arrival'),
            ('vm_status', 'device_no', 'Machine, VM-{region}-{number}'),
            ('vm_status', 'status', 'online or offline; a word that is neither as it came, in lower case'),
            ('vm_status', 'firmware', 'Firmware version'),
            ('vm_status', 'hardware', 'Hardware version'),
            ('vm_status', 'reason', 'Of going offline: unexpected or maintenance'),
            ('vm_status', 'device_ts', 'The time in the message; of a last will the moment of connecting'),
            ('vm_status', 'message_id', '64-bit hash of topic and payload: the same bytes have the same one'),
            ('vm_status', 'anomalies', 'Values that could not be stored, as path=value reason; NULL = none'),
            ('vm_rejected', 'time', 'Arrival'),
            ('vm_rejected', 'device_no', 'Machine, where the topic tells'),
            ('vm_rejected', 'topic', 'MQTT topic, where there was one'),
            ('vm_rejected', 'reason', 'invalid_json, unknown_topic, device_mismatch, ...; landing_failed = the database refused the row'),
            ('vm_rejected', 'detail', 'What is wrong, and where'),
            ('vm_rejected', 'payload', 'The bytes that came, as payload_encoding says'),
            ('vm_rejected', 'payload_encoding', 'text, or base64 where the bytes are no text: decode(payload, ''base64'')'),
            ('vm_rejected', 'payload_size', 'Size that it had, bytes (payload holds at most the first 256 KiB)'),
            ('vm_rejected', 'message_id', '64-bit hash of topic and payload'),
            ('vm_ingest', 'time', 'When it was counted'),
            ('vm_ingest', 'instance', 'Which of them: its host unless --instance says otherwise'),
            ('vm_ingest', 'received', 'Metrics or messages read: telemetry + events + status + passed + duplicates + rejected + ignored'),
            ('vm_ingest', 'telemetry', 'Rows for vm_telemetry'),
            ('vm_ingest', 'events', 'Rows for vm_events'),
            ('vm_ingest', 'status', 'Rows for vm_status'),
            ('vm_ingest', 'passed', 'Metrics of others, passed through'),
            ('vm_ingest', 'duplicates', 'Events and statuses seen before, dropped'),
            ('vm_ingest', 'anomalies', 'Single values refused in rows that were kept'),
            ('vm_ingest', 'bytes_in', 'Read, bytes'),
            ('vm_ingest', 'bytes_out', 'Written, bytes'),
            ('vm_ingest', 'rejected', 'Messages rejected, all reasons'),
            ('vm_ingest', 'busy_us', 'Time spent working, us'),
            ('vm_ingest', 'interval_s', 'Time that this row covers, s'),
            ('vm_ingest', 'lag_avg_s', 'From device time to arrival, s: mean over the rows with a trusted device time; NULL = none'),
            ('vm_ingest', 'lag_max_s', 'From device time to arrival, s: the longest of these rows'),
            ('vm_ingest', 'ignored', 'Messages that make no row on purpose: commands, cleared statuses, retained ones without a usable time; NULL = an older version'),
            ('vm_ingest', 'zoneless', 'Messages whose time named no zone, while --time-zone is not given; NULL = an older version'),
            ('vm_skipped', 'time', 'When the batch landed'),
            ('vm_skipped', 'measurement', 'The table that the rows were for'),
            ('vm_skipped', 'rows', 'How many of the batch were there already'),
            ('vm_telegraf', 'time', 'When it was counted'),
            ('vm_telegraf', 'instance', 'Which Telegraf: VENDING_INSTANCE'),
            ('vm_telegraf', 'output', 'Its output plugin'),
            ('vm_telegraf', 'metrics_added', 'Rows given to the output since Telegraf started'),
            ('vm_telegraf', 'metrics_written', 'Rows that the output took since then'),
            ('vm_telegraf', 'metrics_dropped', 'Rows lost since then because the buffer was full'),
            ('vm_telegraf', 'metrics_rejected', 'Rows refused by the output since then'),
            ('vm_telegraf', 'buffer_size', 'Rows waiting now'),
            ('vm_telegraf', 'buffer_limit', 'Rows that the buffer holds'),
            ('vm_telegraf', 'errors', 'Errors logged by the output since then'),
            ('vm_devices', 'device_no', 'Machine, VM-{region}-{number}'),
            ('vm_devices', 'known_since', 'When it was first heard of'),
            ('telemetry_5m', 'bucket', 'Start of the five minutes'),
            ('telemetry_5m', 'device_no', 'Machine, VM-{region}-{number}'),
            ('telemetry_5m', 'readings', 'Rows of vm_telemetry'),
            ('telemetry_5m', 'vibration_g_max', 'Strongest acceleration, g; above 2.0 is a hard knock'),
            ('telemetry_5m', 'anomalies', 'Rows with a value that could not be stored'),
            ('telemetry_1h', 'bucket', 'Start of the hour'),
            ('telemetry_1h', 'device_no', 'Machine, VM-{region}-{number}'),
            ('telemetry_1h', 'readings', 'Rows of vm_telemetry'),
            ('telemetry_1h', 'vibration_g_max', 'Strongest acceleration, g; above 2.0 is a hard knock'),
            ('telemetry_1h', 'anomalies', 'Rows with a value that could not be stored'),
            ('telemetry_5m', 'freezer_temp_0_warm_s', 'How long freezer zone 0 was above -10 degC in the bucket, s'),
            ('telemetry_5m', 'freezer_temp_1_warm_s', 'How long freezer zone 1 was above -10 degC in the bucket, s'),
            ('telemetry_5m', 'freezer_temp_2_warm_s', 'How long freezer zone 2 was above -10 degC in the bucket, s'),
            ('telemetry_5m', 'freezer_temp_3_warm_s', 'How long freezer zone 3 was above -10 degC in the bucket, s'),
            ('telemetry_1h', 'freezer_temp_0_warm_s', 'How long freezer zone 0 was above -10 degC in the bucket, s'),
            ('telemetry_1h', 'freezer_temp_1_warm_s', 'How long freezer zone 1 was above -10 degC in the bucket, s'),
            ('telemetry_1h', 'freezer_temp_2_warm_s', 'How long freezer zone 2 was above -10 degC in the bucket, s'),
            ('telemetry_1h', 'freezer_temp_3_warm_s', 'How long freezer zone 3 was above -10 degC in the bucket, s'),
            ('events_1h', 'bucket', 'Start of the hour'),
            ('events_1h', 'device_no', 'Machine, VM-{region}-{number}'),
            ('events_1h', 'event_type', 'Canonical name in UPPER_SNAKE, such as DISPENSE_SUCCESS'),
            ('events_1h', 'severity', 'low, medium, high, critical, or unknown for a type that is not in the mapping'),
            ('events_1h', 'events', 'How many'),
            ('devices', 'device_no', 'Machine, VM-{region}-{number}'),
            ('devices', 'region', 'Middle part of device_no, empty where it has another form'),
            ('device_status', 'device_no', 'Machine, VM-{region}-{number}'),
            ('device_status', 'region', 'Middle part of device_no, empty where it has another form'),
            ('device_status', 'online', 'A sign of life within 5 minutes, and no offline status after it'),
            ('device_status', 'status', 'The latest online or offline; other words change nothing'),
            ('device_status', 'since', 'When that status began (arrival time for offline)'),
            ('device_status', 'reason', 'Of that status, if it is offline: unexpected or maintenance'),
            ('device_status', 'firmware', 'Firmware version, as that status says'),
            ('device_status', 'hardware', 'Hardware version, as that status says'),
            ('device_status', 'last_seen', 'Latest telemetry, event or online status'),
            ('device_status', 'last_telemetry', 'Time of the latest reading'),
            ('device_status', 'last_event', 'Time of the latest event'),
            ('device_status', 'last_event_type', 'Canonical name of the latest event'),
            ('device_status', 'warmest_zone', 'Warmest of the four freezer zones, degC'),
            ('alarm_rules', 'event_type', 'Canonical name of the event'),
            ('alarm_rules', 'title', 'For people, Chinese and English'),
            ('alarm_rules', 'ended_by', 'channel, oven: a later sale through it; zone: a colder reading; door: a reading with it closed; time: nothing'),
            ('alarm_rules', 'look_back', 'How old an event active_alarms still shows'),
            ('active_alarms', 'device_no', 'Machine, VM-{region}-{number}'),
            ('active_alarms', 'region', 'Middle part of device_no, empty where it has another form'),
            ('active_alarms', 'event_type', 'Canonical name in UPPER_SNAKE, such as CHANNEL_JAM'),
            ('active_alarms', 'title', 'The type for people, Chinese and English'),
            ('active_alarms', 'severity', 'low, medium, high, critical, or unknown'),
            ('active_alarms', 'since', 'Time of the first event that nothing has ended'),
            ('active_alarms', 'latest', 'Time of the latest such event; the columns after it are of that one'),
            ('active_alarms', 'occurrences', 'How many such events'),
            ('active_alarms', 'channel_id', 'Channel'),
            ('active_alarms', 'oven_id', 'Oven'),
            ('active_alarms', 'zone', 'Freezer zone, 0 to 3'),
            ('active_alarms', 'order_id', 'Order'),
            ('active_alarms', 'error_code', 'E101 channel empty, E102 no infrared signal, ...'),
            ('active_alarms', 'detail', 'What the event says of the fault: temperature, power, current, force'),
            ('active_alarms', 'image_url', 'Picture'),
            ('active_alarms', 'video_url', 'Video')) AS c (relation, name, says)
    LOOP
        EXECUTE format('COMMENT ON COLUMN public.%I.%I IS %L', described.relation, described.name, described.says);
    END LOOP;

    -- The measured values of the views: what their table says of them.
    FOR described IN
        SELECT of_view.attrelid::regclass AS relation, of_view.attname AS name,
               CASE WHEN of_view.attrelid = 'public.device_status'::regclass THEN 'Latest within 15 minutes of the latest reading: '
                    WHEN of_view.attname LIKE '%\_min' THEN 'Lowest in the bucket: '
                    WHEN of_view.attname LIKE '%\_max' THEN 'Highest in the bucket: '
                    ELSE 'Mean of the bucket: ' END || col_description(of_table.attrelid, of_table.attnum) AS says
        FROM pg_attribute AS of_view
        JOIN pg_attribute AS of_table ON of_table.attrelid = 'public.vm_telemetry'::regclass
         AND of_table.attname = regexp_replace(of_view.attname, '_(min|max)$', '')
        WHERE of_view.attrelid IN ('public.device_status'::regclass, 'public.telemetry_5m'::regclass, 'public.telemetry_1h'::regclass)
          AND of_view.attname NOT IN ('device_no', 'anomalies', 'vibration_g_max')
    LOOP
        EXECUTE format('COMMENT ON COLUMN %s.%I IS %L', described.relation, described.name, described.says);
    END LOOP;

    FOR described IN
        SELECT attname AS name FROM pg_attribute
        WHERE attrelid = 'public.vm_ingest'::regclass AND attname LIKE 'rejected\_%' AND NOT attisdropped
    LOOP
        EXECUTE format('COMMENT ON COLUMN public.vm_ingest.%I IS %L', described.name,
                       'Messages rejected with reason ' || substr(described.name, length('rejected_') + 1));
    END LOOP;
END
$$;

RESET ROLE;
