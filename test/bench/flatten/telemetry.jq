{
  time: .ts, device_no: .device_no,
  voltage: .system.voltage, current: .system.current, uptime: .system.uptime, door_closed: .system.door_closed,
  freezer_temp_0: .environment.freezer_temps[0], freezer_temp_1: .environment.freezer_temps[1],
  freezer_temp_2: .environment.freezer_temps[2], freezer_temp_3: .environment.freezer_temps[3],
  ambient_temp: .environment.ambient_temp, vibration_g: .environment.vibration_g,
  rssi: .connectivity.rssi, network_type: .connectivity.type, csq: .connectivity.csq,
  lat: .location.lat, lng: .location.lng
}
