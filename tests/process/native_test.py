"""The native dialect against a real hub: negotiation, calls, answers, and what is refused."""

import json
import os
import struct
import sys
import unittest

from native_case import Native
from native_frame import HEADER, NOTHING, Act, Control, Flag, Frame, Option, Status, Tlv, Verb, after, now_ns, soon
from native_hub import NativeClient
from pandora import Client


class Negotiation(Native):
    def test_the_hub_answers_with_what_it_is(self):
        before = now_ns()
        native = self.connect(features=["channel", "pool", "telepathy"]).native
        self.assertEqual((native["v"], set(native["features"])), (1, {"channel", "pool"}))
        self.assertEqual(native["max"], 16 * 1024 * 1024)
        self.assertGreaterEqual(native["credit"]["messages"], 1)
        self.assertGreater(native["handle"], 0)
        self.assertTrue(before <= int(native["clock"]) <= now_ns())

    def test_a_client_from_the_future_is_answered_in_the_version_of_now(self):
        with NativeClient(self.hub.path, v=7) as client:
            self.assertEqual(client.native["v"], 1)

    def test_features_that_were_not_asked_for_are_not_there(self):
        self.assertEqual(self.connect().native["features"], [])

    def test_two_connections_have_two_handles(self):
        self.assertNotEqual(self.connect().handle, self.connect().handle)

    def test_a_client_that_says_nothing_of_it_stays_legacy(self):
        with Client(self.hub.path) as client:
            self.assertEqual(client.online(), {"success": True})

    def test_json_requests_are_answered_in_json_on_a_native_connection(self):
        client = self.connect()
        client.publish("here")
        self.assertEqual(client.unpublish("here"), {"success": True})
        self.assertEqual(client.json_request("OFFLINE_UP", {}), {"success": True})
        self.assertEqual(self.connect().call("here", "f").status, Status.NO_ROUTE)


class Calls(Native):
    def setUp(self):
        self.callee, self.caller = self.connect("callee"), self.connect("caller")
        self.callee.publish("math")

    def exchange(self, payload, **fields):
        """An invoke, as the callee got it, and what an answer of `payload` is at the caller's."""
        number = self.caller.invoke("math", "abs", payload, **fields)
        asked = self.callee.next_message()
        self.callee.reply(asked, payload)
        return asked, self.caller.answer_to(number)

    def test_an_invoke_arrives_as_it_was_sent_with_who_sent_it_and_by_when(self):
        begin = now_ns()
        asked, answer = self.exchange([-4], schema=7, tlvs=[(Tlv.SCHEMA, b"math.v7"), (0x7F, b"unknown")])
        self.assertTrue(asked.has(Flag.REQUEST))
        self.assertEqual((asked.verb, asked.act, asked.status), (Verb.INVOKE, Act.CALL, 0))
        self.assertEqual((asked.src, asked.schema, asked.value), (self.caller.handle, 7, [-4]))
        self.assertEqual([asked.tlv(kind) for kind in (Tlv.NAME, Tlv.SCHEMA, 0x7F)], [b"abs", b"math.v7", b"unknown"])
        self.assertEqual(json.loads(asked.tlv(Tlv.SELECTOR)), {"objectName": "math"})
        self.assertTrue(begin + 4.9e9 < asked.deadline < now_ns() + 5e9, "the default of 5 s")
        self.assertEqual((answer.status, answer.value, answer.src), (Status.OK, [-4], self.callee.handle))
        self.assertFalse(answer.has(Flag.MORE))

    def test_the_example_of_the_document_is_served_byte_by_byte(self):
        client = self.connect()
        frame = bytes.fromhex("60" "00000003" "00000048" "00110000" "00000000" "00000000" "00000000"
                              "0000000000000000" "00000000" "00000000" "01000015"
                              "7b226f626a6563744e616d65223a226d617468227d" "000000" "02000003" "61627300" "5b2d345d")
        client.send_bytes(frame)
        asked = self.callee.next_message()
        self.assertEqual((asked.value, asked.tlv(Tlv.NAME)), ([-4], b"abs"))
        self.callee.send_bytes(bytes.fromhex("20") + asked.id.to_bytes(4, "big") + bytes.fromhex(
            "00000021" "02080000" "00000000" "00000000" "00000000" "0000000000000000" "00000000" "00000000" "34"))
        self.assertEqual(client.answer_to(3).value, 4)

    def test_results_that_are_falsy_or_none_at_all_arrive_as_they_are(self):
        for value in (0, False, "", None, [], {}, NOTHING, 0.0, b"", b"\0\xff" * 3):
            _, answer = self.exchange(value)
            self.assertEqual((answer.status, answer.value), (Status.OK, value), value)
            self.assertEqual(answer.has(Flag.BINARY), isinstance(value, bytes))

    def test_the_failure_of_a_callee_is_its_own_words(self):
        number = self.caller.invoke("math", "sqrt", [-1])
        error = {"message": "negative", "name": "RangeError", "more": [1]}
        self.callee.reply(self.callee.next_message(), error, Status.APP_ERROR)
        answer = self.caller.answer_to(number)
        self.assertEqual((answer.status, answer.value), (Status.APP_ERROR, error))

    def test_each_act_reaches_the_callee(self):
        for act in Act:
            number = self.caller.invoke("math", "pi", act=act)
            asked = self.callee.next_message()
            self.assertEqual(asked.act, act)
            self.callee.reply(asked, int(act))
            self.assertEqual(self.caller.answer_to(number).value, act)

    def test_numbers_stand_for_selectors_and_names_and_are_told_before_they_are_used(self):
        dst, method = self.caller.number_of({"objectName": "math"}), self.caller.number_of("abs")
        self.assertEqual(self.caller.number_of("abs"), method)
        number = self.caller.invoke(dst, method, [-1])
        asked = self.callee.next_message()
        self.assertEqual((asked.dst, asked.method, asked.tlvs), (dst, method, []))
        named = [frame for frame in self.callee.heard() if frame.is_control(Control.NAMED)]
        self.assertEqual({(frame.act, frame.dst): frame.payload.decode() for frame in named},
                         {(0, dst): '{"objectName": "math"}', (1, method): "abs"})
        self.callee.reply(asked, 1)
        self.assertEqual(self.caller.answer_to(number).value, 1)

    def test_a_number_that_was_told_is_not_told_again(self):
        method = self.caller.number_of("again")
        for _ in range(3):
            self.caller.invoke("math", method)
            self.callee.reply(self.callee.next_message())
        self.assertEqual(sum(frame.is_control(Control.NAMED) for frame in self.callee.heard()), 1)

    def test_texts_too_long_for_numbers_are_refused(self):
        for act, text in ((1, b"n" * 257), (0, b'{"objectName":"' + b"n" * 16384 + b'"}'), (0, b"[]"), (0, b"{")):
            asked = self.caller.send(Frame(Flag.NATIVE | Flag.CONTROL | Flag.REQUEST, verb=Control.INTERN, act=act,
                                           payload=text))
            self.assert_failed(self.caller.answer_to(asked), Status.INVALID)

    def test_a_selector_too_long_for_a_tlv_is_used_by_its_number(self):
        selector = {"objectName": "math", "padding": "x" * 2000}
        answered = self.caller.invoke(self.caller.number_of(selector), "abs")
        self.callee.reply(self.callee.next_message(), 1)
        self.assertEqual(self.caller.answer_to(answered).value, 1)

    def test_nobody_is_there(self):
        answer = self.caller.call("nobody", "f")
        self.assert_failed(answer, Status.NO_ROUTE)
        self.assertEqual(answer.src, 0)

    def test_the_end_of_the_callee_is_told_at_once(self):
        number = self.caller.invoke("math", "abs", deadline=after(60))
        self.callee.next_message()
        self.callee.close()
        self.assert_failed(self.caller.answer_to(number), Status.PEER_GONE)

    def test_an_idempotent_call_goes_to_another_callee_when_the_first_dies(self):
        other = self.connect()
        number = self.caller.invoke("math", "abs", [1], options=Option.IDEMPOTENT)
        self.callee.next_message()
        other.publish("math")
        self.callee.close()
        asked = other.next_message()
        self.assertEqual((asked.value, asked.src), ([1], self.caller.handle))
        other.reply(asked, "other")
        self.assertEqual(self.caller.answer_to(number).value, "other")

    def test_a_one_way_message_asks_for_nothing(self):
        self.caller.message(Flag.ONEWAY, Verb.INVOKE, "math", "note", [1])
        asked = self.callee.next_message()
        self.assertEqual((asked.has(Flag.ONEWAY), asked.has(Flag.REQUEST), asked.value), (True, False, [1]))
        self.callee.reply(asked, "unasked for")
        self.callee.heard()  # the hub has read it
        self.assertEqual(self.caller.heard(), [])

    def test_both_send_pings(self):
        ping = self.caller.control(Control.PING)
        self.caller.expect_frame(lambda frame: frame.is_control(Control.PONG) and frame.id == ping)
        self.assertTrue(self.callee.expect_control(Control.PING).has(Flag.ONEWAY), "to who says nothing")

    def test_sticky_keys_go_to_the_same_callee(self):
        callees = [self.callee] + [self.connect(objects=["math"]) for _ in range(4)]
        by_handle = {callee.handle: callee for callee in callees}
        chosen = {}
        for key in (f"key-{n}".encode() for n in range(12)):
            for _ in range(3):
                number = self.caller.invoke("math", "abs", tlvs=[(Tlv.STICKY, key)])
                self.caller.heard()  # the hub has read it, and given it to somebody
                for callee in callees:
                    for frame in filter(Frame.is_message, callee.heard()):
                        callee.reply(frame)
                answer = self.caller.answer_to(number)
                self.assertIn(answer.src, by_handle)
                chosen.setdefault(key, set()).add(answer.src)
        self.assertEqual({len(who) for who in chosen.values()}, {1})
        self.assertGreater(len(set.union(*chosen.values())), 1, "not all keys to one")

    def test_trace_context_goes_along(self):
        trace = bytes(range(25))
        asked, _ = self.exchange([], tlvs=[(Tlv.TRACE, trace)])
        self.assertEqual(asked.tlv(Tlv.TRACE), trace)

    def test_a_shout_reaches_every_connection_the_sender_included(self):
        self.caller.message(Flag.ONEWAY, Verb.SHOUT, {}, "hear", ["all"])
        for client in (self.caller, self.callee):
            self.assertEqual(client.next_message().value, ["all"])


class Identity(Native):
    def test_who_asks_for_it_is_told_whose_handle_it_is_before_it_sees_it(self):
        callee, caller = self.connect(stamp=True, objects=["who"]), self.connect()
        caller.invoke("who", "f")
        asked = callee.next_message()
        told = [frame for frame in callee.heard() if frame.is_control(Control.IDENTITY)]
        self.assertEqual([frame.src for frame in told], [asked.src])
        self.assertEqual(set(told[0].value), {"client", "app", "process", "instance", "pid", "uid"})
        self.assertEqual((told[0].value["process"], told[0].value["uid"]), (None, os.getuid()))

    def test_nobody_can_write_another_sender(self):
        callee, caller = self.connect(objects=["who"]), self.connect()
        caller.invoke("who", "f", src=callee.handle)
        self.assertEqual(callee.next_message().src, caller.handle)

    def test_who_does_not_ask_is_not_told(self):
        callee, caller = self.connect(objects=["who"]), self.connect()
        caller.invoke("who", "f")
        callee.next_message()
        self.assertFalse(any(frame.is_control(Control.IDENTITY) for frame in callee.heard()))


class Multi(Native):
    def test_each_answer_is_passed_on_as_it_comes_and_the_last_one_counts_them(self):
        callees = [self.connect(objects=["many"]) for _ in range(3)]
        caller = self.connect()
        number = caller.message(Flag.REQUEST, Verb.MULTI, "many", "f", [1])
        for n in (2, 0, 1):
            callees[n].reply(callees[n].next_message(), n)
            answer = caller.answer_to(number)
            self.assertEqual((answer.value, answer.src, answer.has(Flag.MORE)), (n, callees[n].handle, True))
        last = caller.answer_to(number)
        self.assertEqual((last.value, last.src, last.status), ({"asked": 3, "answered": 3}, 0, Status.OK))
        self.assertFalse(last.has(Flag.MORE))

    def test_who_does_not_answer_costs_only_its_own_answer(self):
        callees = [self.connect(objects=["many"]) for _ in range(2)]
        caller = self.connect()
        deadline = soon(5)
        number = caller.message(Flag.REQUEST, Verb.MULTI, "many", "f", deadline=deadline)
        callees[1].reply(callees[1].next_message(), "here")
        self.assertEqual(caller.answer_to(number).value, "here")
        silent = caller.answer_to(number)
        self.assert_failed(silent, Status.DEADLINE)
        self.assertEqual((silent.src, silent.has(Flag.MORE)), (callees[0].handle, True))
        last = caller.answer_to(number)
        self.assertLess(now_ns(), deadline, "before the caller gives up")
        self.assertEqual((last.status, last.value), (Status.DEADLINE, {"asked": 2, "answered": 1}))

    def test_nobody_is_there(self):
        caller = self.connect()
        self.assert_failed(caller.answer_to(caller.message(Flag.REQUEST, Verb.MULTI, "nobody", "f")), Status.NO_ROUTE)

    def test_a_callee_that_ends_has_answered_so(self):
        callees = [self.connect(objects=["many"]) for _ in range(2)]
        caller = self.connect()
        number = caller.message(Flag.REQUEST, Verb.MULTI, "many", "f", deadline=after(60))
        callees[0].next_message()
        callees[0].close()
        callees[1].reply(callees[1].next_message(), 1)
        frames = [caller.answer_to(number) for _ in range(3)]
        self.assertEqual(sorted(frame.status for frame in frames[:2]), [Status.OK, Status.PEER_GONE])
        self.assertEqual([frame.has(Flag.MORE) for frame in frames], [True, True, False])
        self.assertEqual(frames[2].value, {"asked": 2, "answered": 1})


class Unknown(Native):
    """What a later version may bring, and what no version allows."""

    def raw(self, client, block=b"", flags=Flag.NATIVE | Flag.REQUEST, fixed=None):
        fixed = fixed if fixed is not None else struct.pack(">BB", 0, 8) + bytes(30)
        body = fixed + block
        number = client.next_id()
        client.send_bytes(HEADER.pack(flags, number, len(body)) + body)
        return number

    def test_unknown_verbs_acts_options_and_tlvs_that_must_be_understood_are_refused(self):
        callee, client = self.connect(objects=["o"]), self.connect()
        for number in (client.message(Flag.REQUEST, 99, "o", "f"),
                       client.invoke("o", "f", act=99),
                       client.invoke("o", "f", options=0x80),
                       client.invoke("o", "f", tlvs=[(0x90, b"important")]),
                       client.control(99, request=True)):
            self.assert_failed(client.answer_to(number), Status.UNSUPPORTED)
        self.assertEqual(callee.heard(), [])

    def test_where_nobody_waits_they_are_dropped_and_counted(self):
        callee, client = self.connect(objects=["o"]), self.connect()
        before = self.hub.count("dropped", "unsupported")
        client.message(Flag.ONEWAY, 99, "o", "f")
        client.message(Flag.ONEWAY, Verb.INVOKE, "o", "f", act=99)
        client.control(99)
        self.hub.wait_count("dropped", "unsupported", before + 3)
        self.assertEqual(callee.heard(), [])

    def test_a_request_that_makes_no_sense_is_invalid(self):
        client = self.connect()
        for tlvs in ([], [(Tlv.SELECTOR, b"{")], [(Tlv.SELECTOR, b"[]")], [(Tlv.SELECTOR, b"")]):
            answer = client.answer_to(client.message(Flag.REQUEST, Verb.INVOKE, method="f", tlvs=tlvs))
            self.assert_failed(answer, Status.INVALID)
        answer = client.answer_to(client.message(Flag.REQUEST, Verb.INVOKE, dst=0x7FFFFFFF, method="f"))
        self.assert_failed(answer, Status.INVALID)

    def test_a_frame_that_is_broken_ends_the_connection_and_no_other(self):
        witness = self.connect(objects=["witness"])
        request = Flag.NATIVE | Flag.REQUEST
        for what, block, flags, fixed in (
                ("a block of 7 units", b"", request, struct.pack(">BB", 0, 7) + bytes(30)),
                ("a block beyond the body", b"", request, struct.pack(">BB", 0, 255) + bytes(30)),
                ("half a block", b"", request, bytes(16)),
                ("a TLV beyond the block", struct.pack(">BBH", 2, 0, 100), request,
                 struct.pack(">BB", 0, 9) + bytes(30)),
                ("the reserved flag", b"", request | 1, None),
                ("one-way and request", b"", request | Flag.ONEWAY, None),
                ("descriptors that are not there", b"", request | Flag.FDS,
                 struct.pack(">BBBB", 0, 8, 0, 1) + bytes(28)),
                ("too many descriptors", b"", request | Flag.FDS, struct.pack(">BBBB", 0, 8, 0, 5) + bytes(28))):
            with self.subTest(what):
                before = self.disconnects("protocol_error")
                client = self.connect()
                self.raw(client, block, flags, fixed)
                client.wait_closed()
                self.assertEqual(self.disconnects("protocol_error"), before + 1)
        self.assertEqual(witness.heard(), [])

    def test_flags_mean_nothing_before_the_negotiation(self):
        body = json.dumps({"action": "PANDORA_HUB_ACTION_MSG_UP", "data": {
            "remote": {"objectName": "nobody"}, "broadcast": False, "needReply": True}}).encode()
        with Client(self.hub.path) as client:
            for flags in (0x01, 0xE0, 0xFF):
                client.socket.sendall(HEADER.pack(flags, 1, len(body)) + body)
                self.assertIn("Cannot found", json.dumps(client.receive()[1]))

    def test_a_legacy_message_on_a_native_connection_is_refused(self):
        client = self.connect()
        asked = {"remote": {"objectName": "pandora.hub"}, "action": "OBJECT_ACTION_INVOKE", "propertyName": "ping",
                 "broadcast": False, "needReply": True}
        self.assertFalse(client.json_request("MSG_UP", asked)["success"])
        self.assertEqual(client.heard(), [])

    def test_json_that_is_broken_is_answered_and_the_connection_goes_on(self):
        client = self.connect()
        client.send_bytes(HEADER.pack(0, 77, 1) + b"{")
        answer = client.expect(lambda body: isinstance(body, dict))
        self.assertEqual((answer["action"], answer["data"]["error"]["name"]),
                         ("response_callback_77", "PandoraMalformedFrameError"))
        self.assertEqual(client.heard(), [])


if __name__ == "__main__":
    sys.exit(unittest.main())
