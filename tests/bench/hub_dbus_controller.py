"""Runs a dbus-broker: makes its listener and its policy, which is all that a controller has to do.

Debian's own controller, dbus-broker-launch, wants a running systemd journal. The interface is described in
dbus-broker(1), the policy's shape is the signature below.
"""

import array
import os
import socket
import struct
import subprocess

ANSWER_SECONDS_MAX = 10
BYTES_MAX = 1 << 31  # above all that the bench has in flight, so that nobody is cut off; it is read as 32 bits
OBJECTS_MAX = 1 << 20

_BATCH = "(bta(btbs)a(btssssuutt)a(btssssuutt))"  # may connect; may own names; may send; may receive
_POLICY = f"(a(u{_BATCH})a(buu{_BATCH})a(ss)bs)"  # by uid, by range of ids, SELinux, AppArmor, type of the bus
_EVERYBODY = (1 << 32) - 1  # as uid
_METHOD_CALL, _METHOD_RETURN = 1, 2
_ALIGNMENT = {"b": 4, "u": 4, "t": 8, "s": 4, "o": 4, "h": 4, "g": 1, "y": 1, "v": 1, "a": 4, "(": 8}


def _one_type(signature):
    """The length of the first complete type."""
    if signature[0] == "a":
        return 1 + _one_type(signature[1:])
    if signature[0] != "(":
        return 1
    depth = 0
    for at, letter in enumerate(signature):
        depth += {"(": 1, ")": -1}.get(letter, 0)
        if depth == 0:
            return at + 1
    raise ValueError(signature)


class _Writer:
    """D-Bus marshalling, little endian, of as much as the calls here need."""

    def __init__(self):
        self.bytes = bytearray()

    def align(self, to):
        self.bytes += b"\0" * (-len(self.bytes) % to)

    def values(self, signature, values):
        for value in values:
            length = _one_type(signature)
            self.value(signature[:length], value)
            signature = signature[length:]

    def value(self, kind, value):
        self.align(_ALIGNMENT[kind[0]])
        if kind in "buh":
            self.bytes += struct.pack("<I", value)
        elif kind == "y":
            self.bytes.append(value)
        elif kind == "t":
            self.bytes += struct.pack("<Q", value)
        elif kind in "so":
            self.bytes += struct.pack("<I", len(value)) + value.encode() + b"\0"
        elif kind == "g":
            self.bytes += bytes([len(value)]) + value.encode() + b"\0"
        elif kind == "v":
            inner, content = value
            self.value("g", inner)
            self.value(inner, content)
        elif kind[0] == "(":
            self.values(kind[1:-1], value)
        else:
            self._array(kind[1:], value)

    def _array(self, kind, values):
        at = len(self.bytes)
        self.bytes += b"\0" * 4
        self.align(_ALIGNMENT[kind[0]])
        begin = len(self.bytes)
        for value in values:
            self.value(kind, value)
        struct.pack_into("<I", self.bytes, at, len(self.bytes) - begin)


def _call(path, interface, member, signature, arguments, descriptors):
    body = _Writer()
    body.values(signature, arguments)
    head = _Writer()
    head.bytes += struct.pack("<cBBBII", b"l", _METHOD_CALL, 0, 1, len(body.bytes), 1)
    head.value("a(yv)", [(1, ("o", path)), (2, ("s", interface)), (3, ("s", member)), (8, ("g", signature)),
                         (9, ("u", descriptors))])
    head.align(8)
    return bytes(head.bytes + body.bytes)


def _allow_all():
    """Priority 1 beats the denial that stands where no rule does; empty texts and zeros stand for any."""
    exchange = [(True, 1, "", "", "", "", 0, 0, 0, (1 << 64) - 1)]
    batch = (True, 1, [(True, 1, True, "")], exchange, exchange)
    return ([(_EVERYBODY, batch)], [], [], False, "session")


def _greet(control):
    control.sendall(b"\0AUTH EXTERNAL\r\nDATA\r\nNEGOTIATE_UNIX_FD\r\nBEGIN\r\n")
    answer = b""
    while answer.count(b"\r\n") < 3:
        received = control.recv(4096)
        if not received:
            raise OSError("dbus-broker refused its controller")
        answer += received


def _add_listener(control, listener):
    call = _call("/org/bus1/DBus/Broker", "org.bus1.DBus.Broker", "AddListener", "ohv",
                 ("/org/bus1/DBus/Listener/0", 0, (_POLICY, _allow_all())), 1)
    ancillary = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [listener.fileno()]))]
    sent = control.sendmsg([call], ancillary)
    control.sendall(call[sent:])
    answer = control.recv(4096)
    if len(answer) < 2 or answer[1] != _METHOD_RETURN:
        raise OSError(f"dbus-broker refused its listener: {answer!r}")


def start(program, path, log):
    """A bus at the Unix socket `path`: (process, the controller's socket); the bus ends with that socket."""
    control, theirs = socket.socketpair()
    control.settimeout(ANSWER_SECONDS_MAX)
    with theirs, socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))
        listener.listen(64)
        listener.setblocking(False)  # dbus-broker accepts until there is nobody left, and would wait for more
        process = subprocess.Popen(
            [program, "--controller", str(theirs.fileno()), "--machine-id", "0" * 31 + "1",
             "--max-bytes", str(BYTES_MAX), "--max-objects", str(OBJECTS_MAX), "--max-matches", str(OBJECTS_MAX)],
            pass_fds=[theirs.fileno()], stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        try:
            theirs.close()
            _greet(control)
            _add_listener(control, listener)
        except OSError:
            process.kill()
            process.wait()
            control.close()
            raise
    return process, control
