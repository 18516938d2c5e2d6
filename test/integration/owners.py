"""What there was before this project: the owner's own tables and Telegraf configuration, as they stand in the owner's design."""

OWNERS_DDL = """
CREATE TABLE vm_telemetry (
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
SELECT create_hypertable('vm_telemetry', 'time');
CREATE INDEX idx_telemetry_device ON vm_telemetry (device_no, time DESC);

CREATE TABLE vm_events (
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
SELECT create_hypertable('vm_events', 'time');
CREATE INDEX idx_events_device ON vm_events (device_no, time DESC);
CREATE INDEX idx_events_type ON vm_events (event_type, time DESC);

CREATE TABLE vm_status (
    time            TIMESTAMPTZ NOT NULL,
    device_no       TEXT NOT NULL,
    status          TEXT NOT NULL,
    firmware        TEXT,
    hardware        TEXT
);
SELECT create_hypertable('vm_status', 'time');
CREATE INDEX idx_status_device ON vm_status (device_no, time DESC);
"""

# The least change that lets Telegraf start and write at all:
# - servers and connection are the test's;
# - `measurement` names a part of the topic, it is no text: "_/_/_/measurement" and name_prefix in place of "vm_telemetry";
# - omit_hostname and topic_tag: outputs.postgresql drops every row with a tag that has no column;
# - tag_As_Jsonb is no setting of outputs.postgresql: left out.
OWNERS_TELEGRAF = """
[agent]
  interval = "10s"
  flush_interval = "10s"
  omit_hostname = true

[[inputs.mqtt_consumer]]
  servers = ["{broker}"]
  topics = [
    "v1/vm/+/telemetry",
    "v1/vm/+/events",
    "v1/vm/+/status"
  ]
  qos = 1
  client_id = "{client_id}"
  topic_tag = ""
  name_prefix = "vm_"
  data_format = "json_v2"

  [[inputs.mqtt_consumer.topic_parsing]]
    topic = "v1/vm/+/telemetry"
    measurement = "_/_/_/measurement"
    tags = "_/_/device_no/_"

  [[inputs.mqtt_consumer.topic_parsing]]
    topic = "v1/vm/+/events"
    measurement = "_/_/_/measurement"
    tags = "_/_/device_no/_"

  [[inputs.mqtt_consumer.topic_parsing]]
    topic = "v1/vm/+/status"
    measurement = "_/_/_/measurement"
    tags = "_/_/device_no/_"

  [[inputs.mqtt_consumer.json_v2]]
    [[inputs.mqtt_consumer.json_v2.field]]
      path = "system.voltage"
      rename = "voltage"
      type = "float"
    [[inputs.mqtt_consumer.json_v2.field]]
      path = "system.current"
      rename = "current"
      type = "float"
    [[inputs.mqtt_consumer.json_v2.field]]
      path = "system.uptime"
      rename = "uptime"
      type = "int"
    [[inputs.mqtt_consumer.json_v2.field]]
      path = "system.door_closed"
      rename = "door_closed"
      type = "bool"
    [[inputs.mqtt_consumer.json_v2.field]]
      path = "environment.freezer_temps.0"
      rename = "freezer_temp_0"
      type = "float"
    [[inputs.mqtt_consumer.json_v2.field]]
      path = "environment.freezer_temps.1"
      rename = "freezer_temp_1"
      type = "float"
    [[inputs.mqtt_consumer.json_v2.field]]
      path = "environment.freezer_temps.2"
      rename = "freezer_temp_2"
      type = "float"
    [[inputs.mqtt_consumer.json_v2.field]]
      path = "environment.freezer_temps.3"
      rename = "freezer_temp_3"
      type = "float"
    [[inputs.mqtt_consumer.json_v2.field]]
      path = "environment.ambient_temp"
      rename = "ambient_temp"
      type = "float"
    [[inputs.mqtt_consumer.json_v2.field]]
      path = "connectivity.rssi"
      rename = "rssi"
      type = "int"

[[outputs.postgresql]]
  connection = "{connection}"
  create_templates = []
  add_column_templates = []
"""
