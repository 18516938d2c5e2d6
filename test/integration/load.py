"""Messages without end: a stream of numbered events, for as long as a test needs them."""

import json
import threading
import time


def event(**data):
    return {"event_type": "DOOR_OPENED", "data": data, "ts": int(time.time())}


class Stream(threading.Thread):
    """Publishes a batch of numbered events at QoS 1, waits for the broker's acknowledgements and `pause` seconds, and again."""

    def __init__(self, broker, pause=0.0, batch=20, filler=""):
        super().__init__(daemon=True)
        self.pause = pause
        self.batch = batch
        self.filler = filler
        self.publisher = broker.publisher("stream")
        self.stopping = threading.Event()
        self.published = 0
        self.error = None

    def run(self):
        try:
            while not self.stopping.is_set():
                for _ in range(self.batch):
                    payload = json.dumps(event(order_id=f"ORDER-{self.published}", filler=self.filler))
                    self.publisher.publish(f"v1/vm/VM-LOAD-{self.published % 50:02}/events", payload)
                    self.published += 1
                self.publisher.flush()
                self.stopping.wait(self.pause)
        except Exception as error:  # reported by finish()
            self.error = error

    def finish(self):
        self.stopping.set()
        self.join(120)
        assert not self.is_alive() and self.error is None, f"publishing failed: {self.error}"
        return {b"ORDER-%d" % number for number in range(self.published)}


def landed(database):
    """The orders that have become rows, as Stream.finish() names them."""
    return {order.encode() for (order,) in database.sql("SELECT DISTINCT order_id FROM vm_events WHERE order_id IS NOT NULL")}
