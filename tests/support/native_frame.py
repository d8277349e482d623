"""Frames of the hub's native dialect, written from hub/PROTOCOL.md section 9 and nothing else."""

import dataclasses
import enum
import json
import os
import struct
import time

HEADER = struct.Struct(">BII")
BLOCK = struct.Struct(">BBBBIIIQIBBH")
ID_MAX = 2**30 - 1
NOTHING = object()  # no payload; None is JSON's null


class Flag(enum.IntFlag):
    ONEWAY, REQUEST, NATIVE, BINARY, FDS, MORE, CONTROL = 0x80, 0x40, 0x20, 0x10, 0x08, 0x04, 0x02


class Verb(enum.IntEnum):
    INVOKE, MULTI, REPLY, EVENT, SHOUT = range(5)


class Control(enum.IntEnum):
    (INTERN, NAMED, IDENTITY, PING, PONG, CANCEL, CREDIT, SUBSCRIBE, UNSUBSCRIBE, OVERFLOW, GOAWAY, OPEN_CHANNEL,
     CHANNEL, REPORT, POOL, RELEASE, WAIT_FOR) = range(1, 18)


class Status(enum.IntEnum):
    (OK, NO_ROUTE, PEER_GONE, DEADLINE, BUSY, DENIED, TOO_LARGE, UNSUPPORTED, APP_ERROR, SHUTTING_DOWN, INVALID,
     CANCELED) = range(12)


class Act(enum.IntEnum):
    CALL, INTROSPECT, GET, SUBSCRIBE, UNSUBSCRIBE, RAW = range(6)


class Keep(enum.IntEnum):
    """What happens to events when their subscriber does not keep up."""
    DROP_NEW, DROP_OLD, LAST_VALUE, DISCONNECT = range(4)


class Option(enum.IntFlag):
    IDEMPOTENT, WAIT, RETAIN, SPREAD = 1, 2, 4, 8


class Tlv(enum.IntEnum):
    SELECTOR, NAME, TRACE, SCHEMA, SHM, STICKY = range(1, 7)


def now_ns():
    return time.clock_gettime_ns(time.CLOCK_MONOTONIC)


def after(seconds):
    """A deadline."""
    return now_ns() + int(seconds * 1e9)


def soon(seconds=1.0):
    """A deadline that a test waits for: not long, and on a machine that is overloaded not before what is on its way."""
    return after(seconds * min(max(1.0, os.getloadavg()[0] / os.cpu_count()), 4.0))


def credit(messages, kib=0):
    return min(kib, 0xFFFF) << 16 | messages


@dataclasses.dataclass
class Frame:
    """A native frame. `tlvs` is a list of (type, value); `fds` belong to whoever has the frame."""
    flags: int = Flag.NATIVE
    id: int | None = None  # the sender's next
    verb: int = 0
    status: int = 0
    dst: int = 0
    src: int = 0
    method: int = 0
    deadline: int = 0
    credit: int = 0
    options: int = 0
    act: int = 0
    schema: int = 0
    tlvs: list = dataclasses.field(default_factory=list)
    payload: bytes = b""
    fds: list = dataclasses.field(default_factory=list)

    def encode(self):
        tlvs = b"".join(struct.pack(">BBH", kind, 0, len(value)) + value + bytes(-len(value) % 4)
                        for kind, value in self.tlvs)
        block = BLOCK.pack(self.verb, (BLOCK.size + len(tlvs)) // 4, self.status, len(self.fds), self.dst, self.src,
                           self.method, self.deadline, self.credit, self.options, self.act, self.schema)
        body = block + tlvs + self.payload
        return HEADER.pack(self.flags, self.id, len(body)) + body

    @classmethod
    def decode(cls, flags, number, body, fds):
        (verb, units, status, nfds, dst, src, method, deadline, granted, options, act,
         schema) = BLOCK.unpack_from(body)
        tlvs, at, end = [], BLOCK.size, units * 4
        while at < end:
            kind, _, length = struct.unpack_from(">BBH", body, at)
            tlvs.append((kind, body[at + 4:at + 4 + length]))
            at += 4 + length + -length % 4
        return cls(flags, number, verb, status, dst, src, method, deadline, granted, options, act, schema, tlvs,
                   body[end:], [fds.popleft() for _ in range(nfds)])

    def tlv(self, kind):
        return next((value for have, value in self.tlvs if have == kind), None)

    def has(self, flag):
        return bool(self.flags & flag)

    @property
    def value(self):
        if self.has(Flag.BINARY):
            return self.payload
        return json.loads(self.payload) if self.payload else NOTHING

    @property
    def messages(self):
        return self.credit & 0xFFFF

    def is_control(self, verb):
        return self.has(Flag.CONTROL) and self.verb == verb

    def is_answer(self):
        return not self.flags & (Flag.ONEWAY | Flag.REQUEST) and (self.has(Flag.CONTROL) or self.verb == Verb.REPLY)

    def is_message(self):
        """A request or a one-way message for the application."""
        return not self.has(Flag.CONTROL) and self.verb in (Verb.INVOKE, Verb.MULTI, Verb.SHOUT)

    def is_event(self):
        return not self.has(Flag.CONTROL) and self.verb == Verb.EVENT
