-- The tables. The owner's three keep every column of theirs, name and type; what the contract adds stands behind them.
--
-- A column added by a newer version is added here twice: in CREATE TABLE for a new database, in ALTER TABLE ... ADD COLUMN IF NOT
-- EXISTS for an old one. Nothing is ever dropped or rewritten.

-- Tables of the owner's first DDL belong to whoever ran it; their chunks follow.
DO $$
DECLARE
    old RECORD;
BEGIN
    FOR old IN
        SELECT oid::regclass AS name FROM pg_class
        WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' AND relowner <> 'vending_owner'::regrole
          AND relname IN ('vm_telemetry', 'vm_events', 'vm_status', 'vm_rejected', 'vm_ingest', 'vm_telegraf', 'vm_skipped',
                        'vm_devices')
    LOOP
        RAISE NOTICE 'table % now belongs to vending_owner', old.name;
        EXECUTE format('ALTER TABLE %s OWNER TO vending_owner', old.name);
    END LOOP;
END
$$;

SET ROLE vending_owner;
SET client_min_messages = warning;

CREATE TABLE IF NOT EXISTS public.vm_telemetry (
    time            TIMESTAMPTZ NOT NULL,
    device_no       TEXT NOT NULL,
    voltage         DOUBLE PRECISION,
    current         DOUBLE PRECISION,
    uptime          INTEGER,
    door_closed     BOOLEAN,
    freezer_temp_0  DOUBLE PRECISION,
    freezer_temp_1  DOUBLE PRECISION,
    freezer_temp_2  DOUBLE PRECISION,
    freezer_temp_3  DOUBLE PRECISION,
    ambient_temp    DOUBLE PRECISION,
    vibration_g     DOUBLE PRECISION,
    rssi            INTEGER,
    lat             DOUBLE PRECISION,
    lng             DOUBLE PRECISION
);
ALTER TABLE public.vm_telemetry
    ADD COLUMN IF NOT EXISTS network_type TEXT,
    ADD COLUMN IF NOT EXISTS csq          INTEGER,
    ADD COLUMN IF NOT EXISTS anomalies    TEXT;

CREATE TABLE IF NOT EXISTS public.vm_events (
    time            TIMESTAMPTZ NOT NULL,
    device_no       TEXT NOT NULL,
    event_type      TEXT NOT NULL,
    order_id        TEXT,
    channel_id      TEXT,
    oven_id         TEXT,
    error_code      TEXT,
    image_url       TEXT,
    video_url       TEXT,
    raw_data        JSONB
);
ALTER TABLE public.vm_events
    ADD COLUMN IF NOT EXISTS severity     TEXT,
    ADD COLUMN IF NOT EXISTS priority     TEXT,
    ADD COLUMN IF NOT EXISTS message_id   BIGINT,
    ADD COLUMN IF NOT EXISTS anomalies    TEXT;

CREATE TABLE IF NOT EXISTS public.vm_status (
    time            TIMESTAMPTZ NOT NULL,
    device_no       TEXT NOT NULL,
    status          TEXT NOT NULL,
    firmware        TEXT,
    hardware        TEXT
);
ALTER TABLE public.vm_status
    ADD COLUMN IF NOT EXISTS reason       TEXT,
    ADD COLUMN IF NOT EXISTS device_ts    TIMESTAMPTZ,
    ADD COLUMN IF NOT EXISTS message_id   BIGINT,
    ADD COLUMN IF NOT EXISTS anomalies    TEXT;

CREATE TABLE IF NOT EXISTS public.vm_rejected (
    time             TIMESTAMPTZ NOT NULL,
    device_no        TEXT,
    topic            TEXT,
    reason           TEXT NOT NULL,
    detail           TEXT,
    payload          TEXT,
    payload_encoding TEXT,
    payload_size     BIGINT,
    message_id       BIGINT
);

CREATE TABLE IF NOT EXISTS public.vm_ingest (
    time                       TIMESTAMPTZ NOT NULL,
    instance                   TEXT NOT NULL,
    received                   BIGINT,
    telemetry                  BIGINT,
    events                     BIGINT,
    status                     BIGINT,
    passed                     BIGINT,
    duplicates                 BIGINT,
    anomalies                  BIGINT,
    bytes_in                   BIGINT,
    bytes_out                  BIGINT,
    rejected                   BIGINT,
    rejected_not_line_protocol BIGINT,
    rejected_line_too_long     BIGINT,
    rejected_unknown_topic     BIGINT,
    rejected_bad_device_no     BIGINT,
    rejected_no_payload        BIGINT,
    rejected_bad_base64        BIGINT,
    rejected_empty_payload     BIGINT,
    rejected_payload_too_large BIGINT,
    rejected_invalid_utf8      BIGINT,
    rejected_invalid_json      BIGINT,
    rejected_too_deep          BIGINT,
    rejected_too_many_values   BIGINT,
    rejected_not_an_object     BIGINT,
    rejected_device_mismatch   BIGINT,
    rejected_missing_field     BIGINT,
    rejected_no_data           BIGINT,
    rejected_out_of_memory     BIGINT,
    busy_us                    BIGINT,
    interval_s                 DOUBLE PRECISION
);
ALTER TABLE public.vm_ingest
    ADD COLUMN IF NOT EXISTS lag_avg_s DOUBLE PRECISION,
    ADD COLUMN IF NOT EXISTS lag_max_s DOUBLE PRECISION,
    ADD COLUMN IF NOT EXISTS ignored   BIGINT,
    ADD COLUMN IF NOT EXISTS zoneless  BIGINT;

CREATE TABLE IF NOT EXISTS public.vm_telegraf (
    time             TIMESTAMPTZ NOT NULL,
    instance         TEXT NOT NULL,
    output           TEXT NOT NULL,
    metrics_added    BIGINT,
    metrics_written  BIGINT,
    metrics_dropped  BIGINT,
    metrics_rejected BIGINT,
    buffer_size      BIGINT,
    buffer_limit     BIGINT,
    errors           BIGINT
);

-- What the landing skipped because it was there already: a row for each batch that had any.
CREATE TABLE IF NOT EXISTS public.vm_skipped (
    time        TIMESTAMPTZ NOT NULL,
    measurement TEXT NOT NULL,
    rows        BIGINT NOT NULL
);

-- The machines, so that nobody has to look for them in the rows: the landing adds each at its first one (070_views.sql those of an older version).
CREATE TABLE IF NOT EXISTS public.vm_devices (
    device_no   TEXT PRIMARY KEY,
    known_since TIMESTAMPTZ NOT NULL DEFAULT now()
);
RESET ROLE;
RESET client_min_messages;
