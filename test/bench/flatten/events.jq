{
  time: .ts, event_type: .event_type,
  order_id: .data.order_id, channel_id: (.data.channel_id // .data.meal_cid), oven_id: .data.oven_id,
  error_code: .data.error_code, image_url: .data.image_url, video_url: .data.video_url, raw_data: tojson
}
