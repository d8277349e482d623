"""What clients and machines do to a hub, one test for each way to fail; FAILURES.md says where the others are."""

import json
import os
import pathlib
import signal
import socket
import sys
import threading
import time
import unittest

from hub_process import Hub
from legacy_hub import LegacyClient
from native_case import Native
from native_frame import HEADER, Flag, Frame, Status, Tlv, Verb, after
from native_hub import NativeClient
from pandora import App, DEADLINE_S, MEMORY_FACTOR, wait_until

NATIVE_WORKER = f"{sys.executable} -u {pathlib.Path(__file__).resolve().parent}/native_worker.py"
MIB = 1 << 20


def message(name, data=None, **more):
    """The body of a MSG_UP frame."""
    return json.dumps({"action": "PANDORA_HUB_ACTION_MSG_UP", "data": {
        "remote": {"objectName": name}, "action": "OBJECT_ACTION_INVOKE", "propertyName": "f", "data": [data],
        "broadcast": False, "needReply": True, "host": {}, **more}}).encode()


def resident_mib(hub):
    pages = int(pathlib.Path(f"/proc/{hub.process.pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") // MIB


class Failures(Native):
    """One hub for all: whatever a test did to it, the next one finds it well."""

    def setUp(self):
        self.witness = self.native()
        self.addCleanup(self.assert_served)

    def assert_served(self):
        self.assertIsNone(self.hub.process.poll(), "the hub has ended")
        self.assertEqual(self.witness.call("pandora.hub", "ping").status, Status.OK)

    def legacy(self, name=None, location=None):
        client = self.enterContext(LegacyClient(self.hub.path, location))
        client.online()
        if name:
            client.publish(name)
        return client

    def native(self, *objects, **more):
        return self.connect(objects=objects, **more)

    def wait_disconnects(self, reason, before):
        self.hub.wait_count("disconnects", reason, before + 1)


class WhatIsSent(Failures):
    def test_a_frame_that_is_too_long_is_answered_before_it_is_read_and_ends_its_connection(self):
        before = self.disconnects("frame_too_large")
        client = self.legacy()
        client.socket.sendall(HEADER.pack(0, 77, 16 * MIB + 1))
        self.assertEqual(client.finish("response_callback_77")["error"]["name"], "PandoraTooLargeError")
        with self.assertRaises(ConnectionError):
            client.receive()
        self.assertEqual(self.disconnects("frame_too_large"), before + 1)

    def test_a_body_that_is_no_json_is_answered_and_too_many_of_them_end_the_connection(self):
        client = self.legacy()
        for n in range(16):
            self.assertTrue(client.invoke("pandora.hub", "ping")["success"], n)
            answer = client.finish(f"response_callback_{client.send_raw(b'{' * (n + 1))}")
            self.assertEqual(answer["error"]["name"], "PandoraMalformedFrameError")
        with self.assertRaises(ConnectionError):
            while True:
                client.receive()

    def test_valid_json_of_the_wrong_shape_harms_nobody(self):
        client = self.legacy()
        actions = [f"PANDORA_HUB_ACTION_{name}" for name in ("ONLINE_UP", "PUBLISH_UP", "UNPUBLISH_UP", "MSG_UP",
                                                             "MSG_DOWN", "", "x")]
        actions += ["response_callback_1", "response_callback_", "response_callback_-1", "connect", "error", 7, None]
        shapes = [None, 0, "", "x", [], [1], {}, {"data": None}, {"data": {"selector": 7}}, {"host": 7},
                  {"remote": 7, "broadcast": 1}, {"remote": [], "needReply": True}, {"timeout": "x", "remote": {}},
                  {"data": {"selector": {"objectName": {"deep": [1]}}}}, {"native": {"v": "x"}, "host": {}}]
        for action in actions:
            for shape in shapes:
                client.send(action, shape)
            client.send_raw(json.dumps({"action": action}).encode())
        for body in (b"[]", b"7", b"null", b'"x"', b"{}", b"[" * 500 + b"]" * 500):
            client.send_raw(body)
        client.location = {}
        self.assertTrue(client.invoke("pandora.hub", "ping")["success"])

    def test_packet_ids_wrap_around_and_each_answer_finds_its_request(self):
        callee, caller = self.native("o"), self.native()
        caller.id = 2**30 - 4
        numbers = [caller.invoke("o", "f", [n]) for n in range(8)]
        self.assertEqual(numbers[2:4], [2**30 - 1, 1])
        for asked in reversed([callee.next_message() for _ in numbers]):
            callee.reply(asked, asked.value[0])
        self.assertEqual([caller.answer_to(number).value for number in numbers], list(range(8)))

    def test_an_id_that_is_still_in_use_does_not_mix_up_two_calls(self):
        callee, caller = self.native("o"), self.native()
        for value in ("one", "two"):
            caller.invoke("o", "f", [value], id=5)
        one, two = callee.next_message(), callee.next_message()
        self.assertEqual((one.value, two.value), (["one"], ["two"]))
        self.assertNotEqual(one.id, two.id, "the hub's own ids are different")
        callee.reply(two, "to two")
        callee.reply(one, "to one")
        self.assertEqual([caller.answer_to(5).value for _ in range(2)], ["to two", "to one"])
        callee.heard()  # the hub has read them
        self.assertEqual(caller.heard(), [], "one answer to each")
        self.assertEqual(caller.call("o", "g", id=6, deadline=after(0.1)).status, Status.DEADLINE)


class WhoDoesNotRead(Failures):
    def fill(self, caller, name, count=24, size=MIB // 2):
        """Sends more than the hub keeps for one client. Returns the outcomes that come at once."""
        ids = [caller.invoke(name, "f", "x" * size, deadline=after(3600)) for _ in range(count)]
        self.sent = ids
        return [frame.status for frame in caller.heard() if frame.is_answer()]

    def test_a_slow_reader_makes_its_own_calls_busy_and_loses_messages_that_are_counted(self):
        slow, caller = self.native("slow"), self.native()
        busy = self.fill(caller, "slow")
        self.assertIn(Status.BUSY, busy)
        self.assertLessEqual(set(busy), {Status.BUSY})
        before = self.hub.count("dropped", "busy")
        caller.message(Flag.ONEWAY, Verb.INVOKE, "slow", "f", "x" * MIB)
        self.hub.wait_count("dropped", "busy", before + 1)
        asked = slow.next_message()  # it reads again
        slow.reply(asked, "at last")
        self.assertEqual(caller.answer_to(self.sent[0]).value, "at last")

    def test_a_destination_that_is_stuck_holds_up_nobody_elses_calls_nor_its_senders(self):
        self.native("stuck")
        quick, caller = self.native("quick"), self.native()
        self.fill(caller, "stuck")
        slowest = 0.0
        for n in range(50):
            begin = time.monotonic()
            caller.invoke("stuck", "f", "x" * 100_000, deadline=after(3600))
            number = caller.invoke("quick", "f", [n])
            quick.reply(quick.next_message(), n)
            self.assertEqual(caller.answer_to(number).value, n)
            slowest = max(slowest, time.monotonic() - begin)
        self.assertLess(slowest, 8, "no wait for the patience of 10 s that the hub has with it")

    def test_requests_go_around_one_that_does_not_keep_up(self):
        self.native("many", "stuck-one")
        caller = self.native()
        self.fill(caller, "stuck-one")
        well = self.native("many")
        for _ in range(20):
            number = caller.invoke("many", "f")
            well.reply(well.next_message(), "well")
            self.assertEqual(caller.answer_to(number).value, "well")

    def test_who_reads_no_answers_is_held_to_its_own_bounds(self):
        server, greedy = self.native("server"), self.native()
        before = self.disconnects("slow_reader")

        def serve():
            try:
                while True:
                    server.reply(server.next_message(), "x" * MIB)
            except OSError:
                pass  # the test is over

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        try:
            for _ in range(64):
                greedy.invoke("server", "f", deadline=after(3600))
            self.wait_disconnects("slow_reader", before)
        except (BrokenPipeError, ConnectionResetError):
            self.wait_disconnects("slow_reader", before)
        finally:
            server.socket.shutdown(socket.SHUT_RDWR)
            thread.join(DEADLINE_S)

    def test_who_leaves_unread_what_would_fit_has_ten_seconds(self):
        server, forgetful = self.native("forgotten"), self.native()
        before = self.disconnects("slow_reader")
        for _ in range(3):
            forgetful.invoke("forgotten", "f", deadline=after(3600))
            server.reply(server.next_message(), "x" * MIB)
        server.heard()  # the hub has read them
        self.assertEqual(self.disconnects("slow_reader"), before)
        self.wait_disconnects("slow_reader", before)

    def test_a_storm_of_broadcasts_lets_others_have_their_turn(self):
        """What the hub has done by the time it answers another one, where both have asked while it stood still."""
        for _ in range(300):
            self.native("storm")
        sender = self.native()
        to_all = [(Tlv.SELECTOR, b'{"objectName":"storm"}')]
        blast = Frame(Flag.NATIVE | Flag.ONEWAY, id=1, verb=Verb.MULTI, tlvs=to_all)
        before = self.traffic()
        os.kill(self.hub.process.pid, signal.SIGSTOP)
        try:
            sender.send_bytes(1000 * blast.encode())  # at once: a socket holds few small pieces
            asked = self.witness.invoke("pandora.hub", "stats", deadline=after(60))
        finally:
            os.kill(self.hub.process.pid, signal.SIGCONT)
        meanwhile = self.traffic(self.witness.answer_to(asked)) - before
        sender.heard()  # the hub has read it all
        self.assertLess(meanwhile, (self.traffic() - before) / 2)

    def traffic(self, answer=None):
        """Bytes that the hub has given to its clients so far, or means to."""
        stats = (answer or self.witness.call("pandora.hub", "stats", deadline=after(60))).value
        return stats["bytes_sent"] + stats["queued_bytes"]

    def test_what_goes_to_many_is_kept_once(self):
        for _ in range(80):
            self.native("many-readers")
        sender = self.native()
        before = resident_mib(self.hub)
        for _ in range(40):  # less than makes the hub end the connection of one who reads nothing for 10 s
            sender.message(Flag.ONEWAY, Verb.MULTI, "many-readers", "f", "x" * 20_000)
        sender.heard()
        self.assertLess(resident_mib(self.hub) - before, 32, "each its own would be 61 MiB")

    def test_a_client_that_stands_still_is_noticed_and_gets_no_more_calls(self):
        child = os.fork()
        if child == 0:
            try:
                client = NativeClient(self.hub.path, objects=["still"], timeout_s=None)
                while True:
                    frame = client.next_message()
                    client.reply(frame, os.getpid())
            finally:
                os._exit(0)
        self.addCleanup(lambda: (os.kill(child, signal.SIGKILL), os.waitpid(child, 0)))
        wait_until(lambda: self.witness.call("still", "f").status == Status.OK, "it serves")
        other = self.native("still")
        os.kill(child, signal.SIGSTOP)

        def is_unresponsive():
            other.heard()
            clients = self.hub.ask("clients")["clients"]
            return any(client["pid"] == child and client["unresponsive"] for client in clients)

        wait_until(is_unresponsive, "it is noticed", 2 * DEADLINE_S)
        for _ in range(10):
            number = self.witness.invoke("still", "f")
            other.reply(other.next_message(), "well")
            self.assertEqual(self.witness.answer_to(number).value, "well")
        os.kill(child, signal.SIGCONT)
        wait_until(lambda: not is_unresponsive(), "it is well again")


class Answers(Failures):
    def test_an_answer_that_comes_too_late_is_dropped_and_counted(self):
        callee, caller = self.legacy("o"), self.legacy()
        before = self.hub.count("dropped", "late_reply")
        answer = caller.begin("o", propertyName="f", timeout=50)
        number, _ = callee.next_message()
        self.assertEqual(caller.finish(answer)["error"]["name"], "MessengerRequestTimeoutError")
        callee.answer(number, success=True, data="late")
        self.hub.wait_count("dropped", "late_reply", before + 1)
        self.assertEqual(caller.heard(), [])

    def test_only_the_first_answer_counts_and_only_of_who_was_asked(self):
        callee, caller, liar = self.legacy("o"), self.legacy(), self.legacy()
        answer = caller.begin("o", propertyName="f", timeout=60_000)
        number, _ = callee.next_message()
        for guess in range(number - 5, number + 6):
            liar.answer(guess, success=True, data="forged")
        liar.heard()
        for data in ("first", "second"):
            callee.answer(number, success=True, data=data)
        self.assertEqual(caller.finish(answer)["data"], "first")
        callee.heard()
        caller.invoke("pandora.hub", "ping")
        self.assertEqual([body for _, body in caller.kept if body["action"] == answer], [])

    def test_a_callee_that_dies_in_the_middle_fails_its_calls_at_once_and_is_not_asked_elsewhere(self):
        callee, caller = self.legacy("o"), self.legacy()
        answers = [caller.begin("o", propertyName="f", timeout=3_600_000) for _ in range(10)]
        for _ in answers:
            callee.next_message()
        other = self.legacy("o")
        callee.socket.close()
        for answer in answers:
            self.assertEqual(caller.finish(answer)["error"]["name"], "PandoraPeerGoneError")
        self.assertEqual(other.heard(), [])

    def test_a_caller_that_dies_in_the_middle_leaves_nothing_behind(self):
        callee, caller = self.legacy("o"), self.legacy()
        in_flight = self.hub.ask("stats")["calls_in_flight"]
        before = self.hub.count("calls", "caller_gone")
        for _ in range(10):
            caller.begin("o", propertyName="f", timeout=3_600_000)
        numbers = [callee.next_message()[0] for _ in range(10)]
        caller.socket.close()
        self.hub.wait_count("calls", "caller_gone", before + 10)
        self.assertEqual(self.hub.ask("stats")["calls_in_flight"], in_flight)
        for number in numbers:
            callee.answer(number, success=True, data="for nobody")
        self.assertEqual(callee.heard(), [])

    def test_clients_that_call_each_other_in_a_circle_do_not_stand_still(self):
        a, b = self.native("a"), self.native("b")
        outer = a.invoke("b", "f", [1])
        asked_b = b.next_message()
        inner = b.invoke("a", "g", [2])
        asked_a = a.next_message()
        own = a.invoke("a", "h", [3])  # and itself
        a.reply(a.next_message(), 3)
        a.reply(asked_a, a.answer_to(own).value + 1)
        b.reply(asked_b, b.answer_to(inner).value + 1)
        self.assertEqual(a.answer_to(outer).value, 5)


class WhoItIs(Failures):
    def test_two_that_call_themselves_the_same_are_two(self):
        location = {"clientId": "same", "processName": "same"}
        one, two = self.legacy("twin", location), self.legacy("twin", location)
        caller = self.legacy()
        answer = caller.begin("twin", propertyName="f", broadcast=True)
        for client, data in ((one, 1), (two, 2)):
            client.answer(client.next_message()[0], success=True, data=data)
        self.assertEqual(sorted(r["data"] for r in caller.finish(answer)["batchReply"]), [1, 2])
        one.socket.close()
        answer = caller.begin("twin", propertyName="f")
        two.answer(two.next_message()[0], success=True, data=2)
        self.assertEqual(caller.finish(answer)["data"], 2)

    @unittest.skipUnless(os.geteuid() == 0, "becomes another user")
    def test_a_user_who_is_not_allowed_gets_nothing_even_where_the_file_would_let_it(self):
        before = self.disconnects("uid_not_allowed")
        self.assertEqual(self.as_nobody(), b"denied")
        os.chmod(self.hub.path, 0o666)
        os.chmod(self.hub.folder, 0o755)
        self.assertEqual(self.as_nobody(), b"closed")
        self.wait_disconnects("uid_not_allowed", before)

    def as_nobody(self):
        """What another user comes to at the socket."""
        reader, writer = os.pipe()
        child = os.fork()
        if child == 0:
            try:
                os.setgroups([])
                os.setgid(65534)
                os.setuid(65534)
                os.write(writer, self.knock())
            finally:
                os._exit(0)
        os.close(writer)
        os.waitpid(child, 0)
        with open(reader, "rb") as told:
            return told.read()

    def knock(self):
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as client:
            client.settimeout(DEADLINE_S)
            try:
                client.connect(str(self.hub.path))
                client.sendall(HEADER.pack(0, 1, len(message("pandora.hub"))) + message("pandora.hub"))
                return client.recv(100) or b"closed"
            except PermissionError:
                return b"denied"
            except (BrokenPipeError, ConnectionResetError):
                return b"closed"

    def test_selectors_are_bounded_for_each_client(self):
        client = self.legacy()
        refused = [n for n in range(1100) if not client.publish(f"o{n}")["success"]]
        self.assertTrue(1000 <= refused[0] <= 1024, refused[:1])
        self.assertEqual(refused, list(range(refused[0], 1100)))
        self.assertTrue(self.legacy().publish("of-another")["success"])


class Memory(unittest.TestCase):
    def test_what_all_hold_together_is_bounded_and_the_greediest_go(self):
        with Hub() as hub, NativeClient(hub.path) as witness:
            greedy = [NativeClient(hub.path) for _ in range(24)]
            for client in greedy:
                client.socket.settimeout(0.5)
                try:
                    client.send_bytes(HEADER.pack(0, 9, 15 * MIB) + b" " * (14 * MIB))
                except OSError:
                    pass  # it was one of those
            wait_until(lambda: hub.count("disconnects", "memory_budget"), "somebody is let go")
            self.assertLess(resident_mib(hub), 450 * MEMORY_FACTOR)
            self.assertEqual(witness.call("pandora.hub", "ping").status, Status.OK)
            for client in greedy:
                client.close()
            wait_until(lambda: resident_mib(hub) < 200 * MEMORY_FACTOR,
                       lambda: f"given back, not {resident_mib(hub)} MiB")


class SupervisedHub(unittest.TestCase):
    PROCESSES = f"  store: {{command: exec {NATIVE_WORKER} store, objects: [store]}}\n"

    def setUp(self):
        self.app = self.enterContext(App(self.PROCESSES))
        self.app.wait_line("store ready")

    def crash(self, number):
        os.kill(self.app.pid_of("hub/0"), number)

    def test_a_new_hub_has_the_old_ones_socket_and_who_connects_meanwhile_waits_in_it(self):
        with NativeClient(self.app.hub_socket) as before:
            self.crash(signal.SIGKILL)
            before.wait_closed()
            with NativeClient(self.app.hub_socket) as client:
                answer = client.call("store", "get", deadline=after(60))
                self.assertEqual((answer.status, answer.value), (Status.OK, self.app.pid_of("store/0")), answer)

    def test_a_hub_that_crashes_ends_no_worker(self):
        worker = self.app.pid_of("store/0")
        for n in range(1, 4):
            self.crash(signal.SIGSEGV)
            self.app.wait_line(r"\bhub ready", count=n + 1)
        view = self.app.wait_view("store/0", state="ready")
        self.assertEqual((view["pid"], view["restarts"]), (worker, 0))

    def test_a_supervisor_that_stands_still_blocks_no_call_between_others(self):
        with NativeClient(self.app.hub_socket) as client:
            os.kill(self.app.master.pid, signal.SIGSTOP)
            try:
                stuck = client.invoke("pandora.supervisor", "list", deadline=after(0.5))
                for _ in range(20):
                    self.assertEqual(client.call("store", "get").status, Status.OK)
                self.assertEqual(client.answer_to(stuck).status, Status.DEADLINE)
            finally:
                os.kill(self.app.master.pid, signal.SIGCONT)
            self.assertEqual(client.call("pandora.supervisor", "list", deadline=after(60)).status, Status.OK)


if __name__ == "__main__":
    sys.exit(unittest.main())
