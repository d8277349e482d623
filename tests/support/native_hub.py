"""A hub client in the native dialect, written from hub/PROTOCOL.md section 9 and nothing else.

One thread uses a client; it waits for what it expects and keeps the rest in order. Nothing is hidden: tests see frames.
"""

import array
import collections
import json
import socket
import time

from native_frame import HEADER, ID_MAX, NOTHING, Control, Flag, Frame, Keep, Status, Tlv, Verb, credit
from pandora import DEADLINE_S, wait_until


class Peer:
    """Frames over a connected socket: the hub's, or a direct channel's."""

    def __init__(self, connected, timeout_s=DEADLINE_S):
        self.socket = connected
        self.socket.settimeout(timeout_s)
        self.timeout_s = timeout_s
        self.id = 0
        self.names = {}  # (0 for a selector, 1 for a name; number): text, as the hub has told
        self._bytes = bytearray()
        self._fds = collections.deque()
        self._kept = collections.deque()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.socket.close()

    # ---- out

    def next_id(self):
        self.id = self.id % ID_MAX + 1
        return self.id

    def send(self, frame):
        """Sends it, with the next id where it has none. Returns its id."""
        frame.id = self.next_id() if frame.id is None else frame.id
        self.send_bytes(frame.encode(), frame.fds)
        return frame.id

    def send_bytes(self, data, fds=()):
        sent = 0
        if fds:  # with the first byte; who has read the frame before has had only what came before it
            rights = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", fds))]
            sent = self.socket.sendmsg([data], rights)
        self.socket.sendall(data[sent:])

    def message(self, flags, verb, dst=0, method=None, payload=NOTHING, tlvs=(), **fields):
        """Sends a native frame. `dst`: number, selector or object's name; `method`: number or name. Returns its id."""
        tlvs = list(tlvs)
        if isinstance(dst, (str, dict)):
            selector = {"objectName": dst} if isinstance(dst, str) else dst
            tlvs.append((Tlv.SELECTOR, json.dumps(selector).encode()))
            dst = 0
        if isinstance(method, str):
            tlvs.append((Tlv.NAME, method.encode()))
            method = 0
        if isinstance(payload, (bytes, bytearray)):
            flags |= Flag.BINARY
        else:
            payload = b"" if payload is NOTHING else json.dumps(payload, separators=(",", ":")).encode()
        if fields.get("fds"):
            flags |= Flag.FDS
        return self.send(Frame(flags | Flag.NATIVE, verb=verb, dst=dst, method=method or 0, tlvs=tlvs,
                               payload=bytes(payload), **fields))

    def invoke(self, dst, method, payload=(), **fields):
        return self.message(Flag.REQUEST, Verb.INVOKE, dst, method, payload, **fields)

    def call(self, dst, method, payload=(), **fields):
        """The answer to an invoke."""
        return self.answer_to(self.invoke(dst, method, payload, **fields))

    def control(self, verb, payload=NOTHING, *, dst=0, method=None, request=False, **fields):
        return self.message(Flag.CONTROL | (Flag.REQUEST if request else Flag.ONEWAY), verb, dst, method, payload,
                            **fields)

    def ask(self, verb, payload=NOTHING, **fields):
        """The answer to a control request."""
        return self.answer_to(self.control(verb, payload, request=True, **fields))

    def reply(self, asked, payload=NOTHING, status=Status.OK, more=False, **fields):
        return self.message(Flag.MORE if more else 0, Verb.REPLY, payload=payload, id=asked.id, status=status, **fields)

    # ---- in

    def receive(self):
        """The next from the socket: a Frame, or the body of a JSON frame. A ping is answered on the way."""
        flags, number, length = HEADER.unpack(self._exactly(HEADER.size))
        body = self._exactly(length)
        if not flags & Flag.NATIVE:
            return json.loads(body)
        frame = Frame.decode(flags, number, body, self._fds)
        if frame.is_control(Control.PING):
            self.control(Control.PONG, id=frame.id)
        if frame.is_control(Control.NAMED):
            self.names[frame.act, frame.dst] = frame.payload.decode()
        return frame

    def _exactly(self, count):
        while len(self._bytes) < count:
            data, fds, _, _ = socket.recv_fds(self.socket, 1 << 18, 253)
            self._fds.extend(fds)
            if not data:
                raise ConnectionError("the other end is closed")
            self._bytes += data
        taken = bytes(self._bytes[:count])
        del self._bytes[:count]
        return taken

    def expect(self, wanted):
        """The first Frame or body for which `wanted` is true; what else comes is kept for later."""
        for frame in self._kept:
            if wanted(frame):
                self._kept.remove(frame)
                return frame
        for frame in self._arriving():
            if wanted(frame):
                return frame
            self._kept.append(frame)
        raise TimeoutError(f"not within {self.timeout_s} s, but {list(self._kept)[-5:]}")

    def _arriving(self):
        """What comes until the time is over, which the hub's pings do not begin anew."""
        end = None if self.timeout_s is None else time.monotonic() + self.timeout_s
        while end is None or time.monotonic() < end:
            yield self.receive()

    def expect_frame(self, wanted):
        return self.expect(lambda frame: isinstance(frame, Frame) and wanted(frame))

    def expect_control(self, verb):
        return self.expect_frame(lambda frame: frame.is_control(verb) and not frame.is_answer())

    def answer_to(self, number):
        return self.expect_frame(lambda frame: frame.id == number and frame.is_answer())

    def next_message(self):
        return self.expect_frame(Frame.is_message)

    def name_of(self, frame):
        """Of the method or event, however it came; None where there is none."""
        if frame.method:
            return self.names[1, frame.method]
        return frame.tlv(Tlv.NAME) and frame.tlv(Tlv.NAME).decode()

    def selector_of(self, frame):
        return json.loads(self.names[0, frame.dst] if frame.dst else frame.tlv(Tlv.SELECTOR))

    def grant(self, messages, kib=0):
        """Lets the other end send so much more."""
        self.control(Control.CREDIT, id=0, credit=credit(messages, kib))

    def next_event(self):
        return self.expect_frame(Frame.is_event)

    def heard(self):
        """All that has been sent to this client and that it has not looked at: a ping asks for the end of it."""
        ping = self.control(Control.PING)
        self.expect_frame(lambda frame: frame.is_control(Control.PONG) and frame.id == ping)
        kept = list(self._kept)
        self._kept.clear()
        return kept

    def wait_closed(self):
        """Reads on until the other end closes."""
        try:
            for frame in self._arriving():
                self._kept.append(frame)
        except (ConnectionError, BrokenPipeError):
            return
        raise TimeoutError(f"not closed within {self.timeout_s} s")


class NativeClient(Peer):
    """Online in the native dialect; `native` is what the hub answered, None where it has not the dialect."""

    def __init__(self, path, location=None, *, timeout_s=DEADLINE_S, stamp=False, objects=(), **native):
        connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        wait_until(lambda: connection.connect_ex(str(path)) == 0, f"connect to {path}")
        super().__init__(connection, timeout_s)
        self.location = location or {}
        answer = self.json_request("ONLINE_UP", {"host": self.location, "needReply": True, "stamp": stamp,
                                                 "native": {"v": 1, **native}})
        assert answer["success"], answer
        self.native = answer.get("native")
        for name in objects:
            self.publish(name)

    @property
    def handle(self):
        return self.native["handle"]

    def json_request(self, action, data):
        body = json.dumps({"action": f"PANDORA_HUB_ACTION_{action}", "data": data}).encode()
        number = self.next_id()
        self.send_bytes(HEADER.pack(0, number, len(body)) + body)
        return self.expect(lambda body: isinstance(body, dict)
                           and body["action"] == f"response_callback_{number}")["data"]

    def publish(self, name, **more):
        answer = self.json_request("PUBLISH_UP", {"data": {"selector": dict(self.location, objectName=name, **more)}})
        assert answer["success"], answer

    def unpublish(self, name):
        return self.json_request("UNPUBLISH_UP", {"data": {"selector": {"objectName": name}}})

    def number_of(self, text):
        """INTERN: the hub's number for a selector (dict) or a name (str)."""
        payload = json.dumps(text) if isinstance(text, dict) else text
        answer = self.answer_to(self.send(Frame(Flag.NATIVE | Flag.CONTROL | Flag.REQUEST, verb=Control.INTERN,
                                                act=int(isinstance(text, str)), payload=payload.encode())))
        assert answer.status == Status.OK, answer
        return answer.dst

    def subscribe(self, name, event=None, policy=Keep.DROP_NEW, queue=0):
        answer = self.ask(Control.SUBSCRIBE, dst=name, method=event, act=policy, credit=credit(queue))
        assert answer.status == Status.OK, answer

    def emit(self, name, event, *parameters, **fields):
        return self.message(0, Verb.EVENT, name, event, list(parameters), **fields)
