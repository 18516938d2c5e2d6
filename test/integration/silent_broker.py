"""A broker of the test's own that takes connections and messages, and acknowledges no more of them than it was told to."""

import socket
import struct
import threading

from process import free_port

CONNECT, PUBLISH, PINGREQ, DISCONNECT = 1, 3, 12, 14
RECEIVE_MAXIMUM = 0x21


class SilentBroker:
    """acknowledges: so many messages of QoS 1, then none. receive_maximum: what its CONNACK says. lasts: closes a connection after
    so many messages that it did not acknowledge. breaks: resets the first connection after so many messages of QoS 0."""

    def __init__(self, acknowledges=0, receive_maximum=None, lasts=None, breaks=None):
        self.port = free_port()
        self.acknowledges = acknowledges
        self.lasts = lasts
        self.breaks = breaks
        self.plain = []  # payloads of QoS 0
        properties = b"" if receive_maximum is None else bytes([RECEIVE_MAXIMUM]) + receive_maximum.to_bytes(2, "big")
        self.connack = b"\x20" + bytes([3 + len(properties), 0, 0, len(properties)]) + properties
        self.published = []  # packet identifiers, in their order, again where they were sent again
        self.connections = 0
        self.listener = socket.create_server(("127.0.0.1", self.port))
        self.accepted = []
        self.thread = threading.Thread(target=self.serve, daemon=True)
        self.thread.start()

    def serve(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            self.accepted.append(connection)
            try:
                self.serve_one(connection)
            except (OSError, EOFError):
                pass
            connection.close()

    def serve_one(self, connection):
        held_back = 0
        with connection.makefile("rb") as stream:
            while True:
                kind, body = self.read_packet(stream)
                if kind >> 4 == CONNECT:
                    self.connections += 1
                    connection.sendall(self.connack)
                elif kind >> 4 == PINGREQ:
                    connection.sendall(b"\xd0\0")
                elif kind >> 4 == PUBLISH and kind & 0x06:
                    at = 2 + int.from_bytes(body[:2], "big")
                    self.published.append(body[at : at + 2])
                    if self.acknowledges > 0:
                        self.acknowledges -= 1
                        connection.sendall(b"\x40\x02" + body[at : at + 2])
                    else:
                        held_back += 1
                elif kind >> 4 == PUBLISH:
                    at = 2 + int.from_bytes(body[:2], "big")
                    self.plain.append(body[at + 1 + body[at] :])
                    if self.connections == 1 and len(self.plain) == self.breaks:
                        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                        return
                elif kind >> 4 == DISCONNECT:
                    return
                if held_back == self.lasts:
                    return

    @staticmethod
    def read_packet(stream):
        def take(count):
            data = stream.read(count)
            if len(data) < count:
                raise EOFError
            return data

        kind = take(1)[0]
        length, shift = 0, 0
        while True:
            byte = take(1)[0]
            length |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                return kind, take(length)

    def close(self):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        for connection in self.accepted:
            connection.close()
        self.thread.join(10)
