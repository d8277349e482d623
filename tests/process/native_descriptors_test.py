"""The native dialect against a real hub: descriptors, direct channels, pools of shared memory."""

import fcntl
import mmap
import os
import socket
import struct
import sys
import unittest

from hub_process import Hub
from native_case import Native
from native_frame import Control, Flag, Status, Tlv, Verb, after, soon
from native_hub import NativeClient, Peer
from pandora import Client, wait_until

SIZE = 1 << 20
SEALS = fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW


def shm(pool, offset, length):
    return [(Tlv.SHM, struct.pack(">III", pool, offset, length))]


class Pool:
    """The owner's side of a pool."""

    def __init__(self, size=SIZE, seals=SEALS):
        self.fd = os.memfd_create("pool", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
        os.ftruncate(self.fd, size)
        if seals:
            fcntl.fcntl(self.fd, fcntl.F_ADD_SEALS, seals)
        self.memory = mmap.mmap(self.fd, size)
        self.size = size

    def close(self):
        self.memory.close()
        os.close(self.fd)

    def announce(self, client, number):
        client.control(Control.POOL, dst=number, deadline=self.size, fds=[self.fd])

    def write(self, offset, data):
        self.memory[offset:offset + len(data)] = data
        return offset, len(data)


def received(frame):
    """What a receiver does with a POOL: checks it, and maps it for reading."""
    fd = frame.fds[0]
    assert fcntl.fcntl(fd, fcntl.F_GET_SEALS) & SEALS == SEALS
    assert os.fstat(fd).st_size >= frame.deadline
    memory = mmap.mmap(fd, frame.deadline, prot=mmap.PROT_READ)
    os.close(fd)
    return memory


class Descriptors(Native):
    def test_they_travel_with_a_request_and_with_its_answer(self):
        callee, caller = self.connect(objects=["files"]), self.connect()
        there, back = os.pipe()
        number = caller.invoke("files", "open", ["a"], fds=[back])
        os.close(back)
        asked = callee.next_message()
        self.assertEqual((asked.has(Flag.FDS), len(asked.fds)), (True, 1))
        os.write(asked.fds[0], b"through the hub")
        self.assertEqual(os.read(there, 100), b"through the hub")
        callee.reply(asked, "taken", fds=asked.fds)
        answer = caller.answer_to(number)
        self.assertEqual((answer.value, len(answer.fds)), ("taken", 1))
        for fd in (there, *asked.fds, *answer.fds):
            os.close(fd)
        self.assertEqual(caller.call("nobody", "f").status, Status.NO_ROUTE, "the connection goes on")

    def test_each_frame_has_its_own(self):
        """Frames with and without descriptors in one stream: none moves to the frame beside it."""
        callee, caller = self.connect(objects=["files"]), self.connect()
        pipes = [os.pipe() for _ in range(10)]
        for n, (_, writer) in enumerate(pipes):
            caller.invoke("files", "none", [n, "x" * 3000])
            caller.invoke("files", "one", [n], fds=[writer] * (n % 4 + 1))
        for n, (reader, _) in enumerate(pipes):
            self.assertEqual(callee.next_message().fds, [])
            asked = callee.next_message()
            self.assertEqual((asked.value, len(asked.fds)), ([n], n % 4 + 1))
            os.write(asked.fds[0], b"%d" % n)
            self.assertEqual(os.read(reader, 10), b"%d" % n)
            for fd in asked.fds:
                os.close(fd)
        for fd in (fd for pair in pipes for fd in pair):
            os.close(fd)

    def test_the_hub_keeps_none(self):
        callee, caller = self.connect(objects=["files"]), self.connect()
        self.hub.ask("ping")
        before = len(self.hub.descriptors())
        for target in ("files", "nobody") * 20:
            caller.invoke(target, "f", fds=[0, 0])
        for frame in (f for f in caller.heard() + callee.heard() if f.is_message()):
            for fd in frame.fds:
                os.close(fd)
        self.assertLessEqual(len(self.hub.descriptors()), before)

    def test_a_legacy_callee_cannot_be_given_any_nor_bytes(self):
        legacy = self.enterContext(Client(self.hub.path))
        legacy.online()
        legacy.publish("old")
        caller = self.connect()
        self.assert_failed(caller.call("old", "f", fds=[0]), Status.UNSUPPORTED)
        self.assert_failed(caller.call("old", "f", b"\0\1"), Status.UNSUPPORTED)


class Channels(Native):
    def setUp(self):
        self.callee = self.connect(objects=["near"], features=["channel"])
        self.caller = self.connect(features=["channel"])

    def open(self):
        answer = self.caller.ask(Control.OPEN_CHANNEL, dst="near")
        self.assertEqual((answer.status, len(answer.fds), answer.src), (Status.OK, 1, self.callee.handle))
        told = self.callee.expect_control(Control.CHANNEL)
        self.assertEqual((told.method, len(told.fds), told.src), (answer.method, 1, self.caller.handle))
        self.assertEqual(self.callee.selector_of(told), {"objectName": "near"})
        ends = [self.enterContext(Peer(socket.socket(fileno=frame.fds[0]))) for frame in (answer, told)]
        return answer.method, *ends

    def test_both_get_an_end_and_need_the_hub_no_more(self):
        _, caller, callee = self.open()
        frames = self.hub.ask("stats")["frames_received"]
        for n in range(100):
            number = caller.invoke(0, "double", [n])
            asked = callee.next_message()
            self.assertEqual((asked.dst, asked.tlv(Tlv.SELECTOR)), (0, None))
            callee.reply(asked, asked.value[0] * 2)
            self.assertEqual(caller.answer_to(number).value, n * 2)
        self.assertLess(self.hub.ask("stats")["frames_received"] - frames, 20)

    def test_descriptors_go_through_it(self):
        _, caller, callee = self.open()
        reader, writer = os.pipe()
        caller.invoke(0, "take", [], fds=[writer])
        asked = callee.next_message()
        os.write(asked.fds[0], b"direct")
        self.assertEqual(os.read(reader, 10), b"direct")
        for fd in (reader, writer, *asked.fds):
            os.close(fd)

    def test_the_end_of_one_is_told_to_the_other(self):
        channel, caller, callee = self.open()
        self.callee.close()
        told = self.caller.expect_control(Control.CHANNEL)
        self.assertEqual((told.method, told.status, told.fds), (channel, Status.PEER_GONE, []))
        caller.close()
        callee.wait_closed()

    def test_and_when_the_caller_ends_to_the_callee(self):
        channel, _, _ = self.open()
        self.caller.close()
        told = self.callee.expect_control(Control.CHANNEL)
        self.assertEqual((told.method, told.status), (channel, Status.PEER_GONE))

    def test_one_that_a_side_says_is_over_makes_room_for_another(self):
        for _ in range(100):
            channel, caller, callee = self.open()
            self.caller.control(Control.REPORT, {"calls": 1}, method=channel, status=Status.PEER_GONE)
            told = self.callee.expect_control(Control.CHANNEL)
            self.assertEqual((told.method, told.status, told.fds), (channel, Status.PEER_GONE, []))
            caller.close()
            callee.wait_closed()
            callee.close()

    def test_what_goes_through_is_reported_and_shown(self):
        channel, _, _ = self.open()
        before = len(self.caller.heard())
        self.caller.control(Control.REPORT, {"calls": 5, "errors": 1, "bytes_sent": 100, "bytes_received": 50},
                            method=channel)
        self.caller.control(Control.REPORT, {"calls": "many"}, method=channel)
        self.caller.control(Control.REPORT, {"calls": 5}, method=0x7FFFFFFF)
        self.assertEqual((before, self.caller.heard()), (0, []), "the connection goes on")
        self.callee.control(Control.REPORT, {"calls": 4}, method=channel)
        self.callee.heard()  # the hub has read all of that
        shown = {each["channel"]: each for each in self.hub.ask("channels")}[channel]
        self.assertEqual(shown["object"], "near")
        self.assertEqual([shown["caller"][key] for key in ("calls", "errors", "bytes_sent", "bytes_received", "pid")],
                         [5, 1, 100, 50, os.getpid()])
        self.assertEqual(shown["callee"]["calls"], 4)
        stats = self.hub.ask("stats")
        self.assertGreaterEqual(stats["channels"], 1)
        self.assertGreaterEqual(stats["channel_calls"], 5)

    def test_only_who_can_is_chosen(self):
        self.connect(objects=["far"])
        self.assert_failed(self.caller.ask(Control.OPEN_CHANNEL, dst="far"), Status.UNSUPPORTED)
        self.assert_failed(self.caller.ask(Control.OPEN_CHANNEL, dst="nobody"), Status.NO_ROUTE)
        self.assert_failed(self.connect().ask(Control.OPEN_CHANNEL, dst="near"), Status.UNSUPPORTED)

    def test_the_hub_keeps_none_of_the_two_ends(self):
        self.hub.ask("ping")
        before = len(self.hub.descriptors())
        for _ in range(10):
            self.open()
        self.assertLessEqual(len(self.hub.descriptors()), before)


class Pools(Native):
    def setUp(self):
        self.callee = self.connect(objects=["big"], features=["pool"])
        self.caller = self.connect(features=["pool"])
        self.pool = Pool()
        self.addCleanup(self.pool.close)

    def test_a_payload_stands_in_the_callers_memory_until_it_is_released(self):
        self.pool.announce(self.caller, 1)
        offset, length = self.pool.write(4096, os.urandom(300_000))
        number = self.caller.message(Flag.REQUEST | Flag.BINARY, Verb.INVOKE, "big", "f", tlvs=shm(1, offset, length))
        told = self.callee.expect_control(Control.POOL)
        self.assertEqual((told.src, told.dst, told.deadline), (self.caller.handle, 1, SIZE))
        memory = received(told)
        asked = self.callee.next_message()
        self.assertEqual((asked.payload, asked.src), (b"", self.caller.handle))
        pool, at, count = struct.unpack(">III", asked.tlv(Tlv.SHM))
        self.assertEqual((pool, at, count), (1, offset, length))
        self.assertEqual(memory[at:at + count], self.pool.memory[offset:offset + length])
        self.callee.control(Control.RELEASE, dst=pool, src=asked.src, method=at)
        released = self.caller.expect_control(Control.RELEASE)
        self.assertEqual((released.src, released.dst, released.method), (self.callee.handle, 1, offset))
        self.callee.reply(asked, count)
        self.assertEqual(self.caller.answer_to(number).value, 300_000)

        self.caller.invoke("big", "again", tlvs=shm(1, 0, 10))
        self.callee.next_message()
        self.assertFalse(any(frame.is_control(Control.POOL) for frame in self.callee.heard()), "told once")

    def test_an_answer_can_stand_in_the_callees(self):
        self.pool.announce(self.caller, 1)
        self.caller.invoke("big", "hello", tlvs=shm(1, 0, 1))
        self.callee.next_message()
        own = Pool()
        self.addCleanup(own.close)
        own.announce(self.callee, 7)
        number = self.caller.invoke("big", "f")
        self.callee.reply(self.callee.next_message(), tlvs=shm(7, *own.write(100, b'"in memory"')))
        memory = received(self.caller.expect_control(Control.POOL))
        _, at, count = struct.unpack(">III", self.caller.answer_to(number).tlv(Tlv.SHM))
        self.assertEqual(memory[at:at + count], b'"in memory"')

    def test_who_cannot_have_it_makes_the_call_unsupported(self):
        self.connect(objects=["plain"])
        legacy = self.enterContext(Client(self.hub.path))
        legacy.online()
        legacy.publish("old")
        self.pool.announce(self.caller, 1)
        for name in ("plain", "old"):
            self.assert_failed(self.caller.call(name, "f", tlvs=shm(1, 0, 10)), Status.UNSUPPORTED)
        answer = self.caller.answer_to(self.caller.message(Flag.REQUEST, Verb.MULTI, "big", "f", tlvs=shm(1, 0, 10)))
        self.assert_failed(answer, Status.UNSUPPORTED)

    def test_there_are_four_and_nothing_outside_them(self):
        for number in range(1, 6):
            self.pool.announce(self.caller, number)
        for what in (shm(5, 0, 10), shm(9, 0, 10), shm(1, SIZE, 1), shm(1, SIZE - 1, 2), shm(1, 2**32 - 1, 2**32 - 1)):
            self.assert_failed(self.caller.call("big", "f", tlvs=what), Status.UNSUPPORTED)
        self.caller.invoke("big", "f", tlvs=shm(4, SIZE - 10, 10))
        self.assertEqual(self.callee.next_message().tlv(Tlv.SHM), struct.pack(">III", 4, SIZE - 10, 10))

    def test_an_answer_for_a_caller_that_cannot_have_it_is_unsupported(self):
        caller = self.connect()
        self.pool.announce(self.callee, 1)
        number = caller.invoke("big", "f")
        self.callee.reply(self.callee.next_message(), tlvs=shm(1, 0, 10))
        self.assert_failed(caller.answer_to(number), Status.UNSUPPORTED)

    def test_the_hub_releases_for_a_receiver_that_has_gone(self):
        self.pool.announce(self.caller, 1)
        number = self.caller.invoke("big", "f", tlvs=shm(1, 64, 10), deadline=after(60))
        self.callee.next_message()
        self.callee.close()
        released = self.caller.expect_control(Control.RELEASE)
        self.assertEqual((released.dst, released.method), (1, 64))
        self.assert_failed(self.caller.answer_to(number), Status.PEER_GONE)

    def test_its_owner_hears_once_that_a_place_is_free_also_where_nobody_got_it(self):
        self.pool.announce(self.caller, 1)

        def released():
            frames = [frame for frame in self.caller.heard() if frame.is_control(Control.RELEASE)]
            return [(frame.src, frame.dst, frame.method) for frame in frames]

        for name, verb in (("nobody", Verb.INVOKE), ("big", Verb.MULTI), ("big", Verb.EVENT)):
            self.caller.message(Flag.REQUEST if verb != Verb.EVENT else 0, verb, name, "f", tlvs=shm(1, 64, 10))
            self.assertEqual(released(), [(self.caller.handle, 1, 64)], f"{verb} for {name}")
        self.caller.invoke("big", "f", tlvs=shm(1, 64, 10), deadline=soon(0.5))
        asked = self.callee.next_message()
        self.assertEqual(released(), [], "the callee has it")
        self.callee.expect_control(Control.CANCEL)
        self.pool.announce(self.callee, 1)
        self.callee.reply(asked, tlvs=shm(1, 4096, 10))  # to nobody any more
        given_back = self.callee.expect_control(Control.RELEASE)
        self.assertEqual((given_back.src, given_back.dst, given_back.method), (self.callee.handle, 1, 4096))
        self.callee.control(Control.RELEASE, dst=1, src=self.caller.handle, method=64)
        self.assertEqual(self.caller.expect_control(Control.RELEASE).src, self.callee.handle)

    def test_a_part_that_was_not_granted_is_nobodys(self):
        self.pool.announce(self.callee, 1)
        number = self.caller.invoke("big", "f")
        self.callee.reply(self.callee.next_message(), more=True, tlvs=shm(1, 64, 10))
        self.assert_failed(self.caller.answer_to(number), Status.INVALID)
        self.assertEqual(self.callee.expect_control(Control.RELEASE).src, self.callee.handle)
        self.assertFalse(any(frame.is_control(Control.POOL) for frame in self.caller.heard()))

    def test_nobody_can_release_for_somebody_else(self):
        self.pool.announce(self.caller, 1)
        self.caller.invoke("big", "f", tlvs=shm(1, 64, 10), deadline=after(60))
        self.callee.next_message()
        stranger = self.connect(features=["pool"])
        stranger.control(Control.RELEASE, dst=1, src=self.caller.handle, method=64)
        stranger.heard()
        self.assertFalse(any(frame.is_control(Control.RELEASE) for frame in self.caller.heard()))

    def test_a_pool_that_is_withdrawn_is_no_more(self):
        self.pool.announce(self.caller, 1)
        self.caller.invoke("big", "f", tlvs=shm(1, 64, 10))
        self.callee.expect_control(Control.POOL)
        self.caller.control(Control.POOL, dst=1, deadline=0)
        told = self.callee.expect_control(Control.POOL)
        self.assertEqual((told.dst, told.deadline, told.src), (1, 0, self.caller.handle))
        self.assert_failed(self.caller.call("big", "f", tlvs=shm(1, 64, 10)), Status.UNSUPPORTED)

    def test_what_could_shrink_or_is_smaller_or_no_memory_is_no_pool(self):
        short, open_ended = Pool(4096), Pool(seals=fcntl.F_SEAL_GROW)
        reader, writer = os.pipe()
        for pool in (short, open_ended):
            self.addCleanup(pool.close)
        for fd in (reader, writer):
            self.addCleanup(os.close, fd)
        before = self.hub.ask("stats")["dropped"]["wrong_shape"]
        for number, fd in enumerate((short.fd, open_ended.fd, reader), 1):
            self.caller.control(Control.POOL, dst=number, deadline=SIZE, fds=[fd])
            refused = self.caller.expect_control(Control.POOL)
            self.assertEqual((refused.src, refused.dst, refused.deadline), (self.caller.handle, number, 0))
            self.assert_failed(self.caller.call("big", "f", tlvs=shm(number, 0, 10)), Status.UNSUPPORTED)
        self.assertEqual(self.hub.ask("stats")["dropped"]["wrong_shape"] - before, 3)
        short.announce(self.caller, 1)
        self.caller.invoke("big", "f", tlvs=shm(1, 0, 10))
        self.assertEqual(self.callee.next_message().tlv(Tlv.SHM), struct.pack(">III", 1, 0, 10))

    def test_the_hub_does_not_keep_the_memory_of_who_has_gone(self):
        def holds_none():
            return not any("memfd:pool" in where for where in self.hub.descriptors())

        for _ in range(5):
            with self.connect(features=["pool"]) as owner:
                for number in range(1, 5):
                    self.pool.announce(owner, number)
                owner.heard()
        wait_until(holds_none, "all closed")



class Shortage(unittest.TestCase):
    def test_one_user_cannot_take_all_that_the_hub_has(self):
        """Of 160 the hub has 32 for itself, and a quarter of the rest for what clients send: half of that for one."""
        pool = Pool()
        self.addCleanup(pool.close)
        hub = self.enterContext(Hub(descriptors_max=(160, 160)))
        callee, *owners = [self.enterContext(NativeClient(hub.path, objects=objects, features=["pool"]))
                           for objects in (["files"], *[[]] * 8)]
        before = len(hub.descriptors())
        for owner in owners:
            for number in range(1, 5):
                pool.announce(owner, number)
            owner.heard()
        self.assertEqual(hub.count("dropped", "descriptors"), 32 - 16)
        wait_until(lambda: len(hub.descriptors()) <= before + 16, "what was not kept is closed")
        self.assertEqual(owners[-1].call("files", "f", fds=[0]).status, Status.BUSY)

        owners[0].close()  # and its four pools are free again
        wait_until(lambda: len(hub.descriptors()) < before + 16 - 3, "room for others")
        number = owners[-1].invoke("files", "f", fds=[0])
        asked = callee.next_message()
        os.close(asked.fds[0])
        callee.reply(asked, "taken")
        self.assertEqual(owners[-1].answer_to(number).value, "taken")


if __name__ == "__main__":
    sys.exit(unittest.main())
