"""Native and legacy clients of one real hub call, hear and fail each other."""

import json
import sys
import unittest

from legacy_hub import LegacyClient
from native_case import Native
from native_frame import NOTHING, Act, Control, Flag, Frame, Option, Status, Tlv, Verb, after, credit


class Dialects(Native):
    def setUp(self):
        self.native = self.connect("native", objects=["new"])
        self.legacy = self.enterContext(LegacyClient(self.hub.path, {"processName": "legacy", "clientId": "l1"}))
        self.legacy.online()
        self.legacy.publish("old")


class LegacyCallsNative(Dialects):
    def test_what_is_asked_and_answered_arrives_as_it_is(self):
        for value in (0, False, "", None, [1, {"a": "ä"}], 1.5, NOTHING):
            answer = self.legacy.begin("new", propertyName="echo", data=[7])
            asked = self.native.next_message()
            self.assertEqual((asked.act, asked.value, self.native.name_of(asked)), (Act.CALL, [7], "echo"))
            self.assertEqual(self.native.selector_of(asked), {"objectName": "new"})
            self.native.reply(asked, value)
            reply = self.legacy.finish(answer)
            self.assertIs(reply["success"], True)
            self.assertEqual(reply.get("data", NOTHING), value)
            self.assertEqual(reply["host"]["processName"], "native")

    def test_each_action_is_an_act(self):
        for action, more, act, name in (("INTROSPECT", {}, Act.INTROSPECT, None),
                                        ("GET_PROPERTY", {"propertyName": "p"}, Act.GET, "p"),
                                        ("SUBSCRIBE", {"register": "e"}, Act.SUBSCRIBE, "e"),
                                        ("UNSUBSCRIBE", {"register": "e"}, Act.UNSUBSCRIBE, "e")):
            answer = self.legacy.begin("new", f"OBJECT_ACTION_{action}", **more)
            asked = self.native.next_message()
            self.assertEqual((asked.act, self.native.name_of(asked)), (act, name))
            self.native.reply(asked, {"some": "value"})
            self.assertEqual(self.legacy.finish(answer)["data"], {"some": "value"})

    def test_any_other_action_is_the_whole_message(self):
        answer = self.legacy.begin("new", "my-own-action", data={"x": 1}, further=[True])
        asked = self.native.next_message()
        self.assertEqual((asked.act, asked.value["action"], asked.value["further"]), (Act.RAW, "my-own-action", [True]))
        self.native.reply(asked, "raw")
        self.assertEqual(self.legacy.finish(answer)["data"], "raw")

    def test_a_failure_arrives_as_it_was_said(self):
        answer = self.legacy.begin("new", propertyName="f", data=[])
        self.native.reply(self.native.next_message(), {"message": "no", "code": 7}, Status.APP_ERROR)
        reply = self.legacy.finish(answer)
        self.assertEqual((reply["success"], reply["error"]["message"], reply["error"]["code"]), (False, "no", 7))

    def test_the_end_of_the_native_callee_is_a_peer_that_has_gone(self):
        answer = self.legacy.begin("new", propertyName="f", data=[], timeout=60_000)
        self.native.next_message()
        self.native.close()
        self.assertEqual(self.legacy.finish(answer)["error"]["name"], "PandoraPeerGoneError")

    def test_a_timeout_is_a_deadline_and_the_native_callee_is_told(self):
        answer = self.legacy.begin("new", propertyName="f", data=[], timeout=150)
        asked = self.native.next_message()
        self.assertEqual(self.legacy.finish(answer)["error"]["name"], "MessengerRequestTimeoutError")
        self.assertEqual(self.native.expect_control(Control.CANCEL).id, asked.id)

    def test_bytes_cannot_be_told_to_it(self):
        answer = self.legacy.begin("new", propertyName="f", data=[])
        self.native.reply(self.native.next_message(), b"\0\xff")
        self.assertEqual(self.legacy.finish(answer)["error"]["name"], "PandoraUnsupportedError")

    def test_a_native_answer_that_is_no_json_costs_one_call(self):
        answer = self.legacy.begin("new", propertyName="f", data=[])
        asked = self.native.next_message()
        self.native.message(0, Verb.REPLY, id=asked.id)  # nothing at all is allowed
        self.assertTrue(self.legacy.finish(answer)["success"])
        answer = self.legacy.begin("new", propertyName="f", data=[])
        asked = self.native.next_message()
        self.native.send(Frame(id=asked.id, verb=Verb.REPLY, payload=b'{"broken'))
        self.assertFalse(self.legacy.finish(answer)["success"])
        self.assertEqual([frame for frame in self.native.heard() if not frame.is_control(Control.NAMED)], [])

    def test_a_multi_invoke_gathers_both_dialects(self):
        self.native.publish("both")
        self.legacy.publish("both")
        with LegacyClient(self.hub.path, {"processName": "asker"}) as asker:
            asker.online()
            answer = asker.begin("both", propertyName="f", data=[], broadcast=True)
            number, _ = self.legacy.next_message()
            self.legacy.answer(number, success=True, data="legacy")
            self.native.reply(self.native.next_message(), "native")
            replies = asker.finish(answer)["batchReply"]
        self.assertEqual(sorted(reply["data"] for reply in replies), ["legacy", "native"])

    def test_the_options_of_a_message_arrive(self):
        trace = f"00-{'ab' * 16}-{'cd' * 8}-01"
        self.legacy.begin("new", propertyName="f", data=[], idempotent=True, sticky="key", trace=trace)
        asked = self.native.next_message()
        self.assertTrue(asked.options & Option.IDEMPOTENT)
        self.assertEqual(asked.tlv(Tlv.TRACE), bytes.fromhex("ab" * 16 + "cd" * 8 + "01"))

    def test_wait_waits(self):
        answer = self.legacy.begin("tomorrow", propertyName="f", data=[], wait=True, timeout=60_000)
        self.legacy.invoke("pandora.hub", "ping")
        late = self.connect(objects=["tomorrow"])
        late.reply(late.next_message(), "here")
        self.assertEqual(self.legacy.finish(answer)["data"], "here")


class NativeCallsLegacy(Dialects):
    def call(self, method, payload, **fields):
        number = self.native.invoke("old", method, payload, **fields)
        return number, *self.legacy.next_message()

    def test_what_is_asked_and_answered_arrives_as_it_is(self):
        for value in (0, False, "", None, [1, {"a": "ä"}]):
            number, frame, message = self.call("echo", [7])
            self.assertEqual((message["action"], message["propertyName"], message["data"], message["needReply"]),
                             ("OBJECT_ACTION_INVOKE", "echo", [7], True))
            self.assertEqual((message["remote"]["objectName"], message["host"]["processName"]), ("old", "native"))
            self.legacy.answer(frame, success=True, data=value)
            answer = self.native.answer_to(number)
            self.assertEqual((answer.status, answer.value), (Status.OK, value))

    def test_no_data_is_an_empty_payload(self):
        number, frame, _ = self.call("f", NOTHING)
        self.legacy.answer(frame, success=True)
        self.assertIs(self.native.answer_to(number).value, NOTHING)

    def test_a_failure_is_an_app_error_in_its_own_words(self):
        number, frame, _ = self.call("f", [])
        self.legacy.answer(frame, success=False, error={"message": "no", "stack": "s", "code": 7})
        answer = self.native.answer_to(number)
        self.assertEqual((answer.status, answer.value["message"], answer.value["code"]), (Status.APP_ERROR, "no", 7))

    def test_each_act_is_an_action(self):
        for act, action, member in ((Act.INTROSPECT, "INTROSPECT", None), (Act.GET, "GET_PROPERTY", "propertyName"),
                                    (Act.SUBSCRIBE, "SUBSCRIBE", "register"),
                                    (Act.UNSUBSCRIBE, "UNSUBSCRIBE", "register")):
            number, frame, message = self.call("name" if member else None, NOTHING, act=act)
            self.assertEqual(message["action"], f"OBJECT_ACTION_{action}")
            self.assertEqual(message.get(member), "name" if member else None)
            self.legacy.answer(frame, success=True, data=[])
            self.assertEqual(self.native.answer_to(number).value, [])

    def test_a_raw_message_is_its_payload(self):
        number, frame, message = self.call(None, {"action": "mine", "more": 1}, act=Act.RAW)
        self.assertEqual((message["action"], message["more"]), ("mine", 1))
        self.legacy.answer(frame, success=True, data="done")
        self.assertEqual(self.native.answer_to(number).value, "done")

    def test_trace_context_goes_along(self):
        _, _, message = self.call("f", [], tlvs=[(Tlv.TRACE, bytes(range(25)))])
        self.assertEqual(message["trace"], f"00-{bytes(range(16)).hex()}-{bytes(range(16, 24)).hex()}-18")

    def test_no_stream_comes_from_it(self):
        number, frame, _ = self.call("f", [], credit=credit(5))
        self.legacy.answer(frame, success=True, data="one")
        answer = self.native.answer_to(number)
        self.assertEqual((answer.value, answer.has(Flag.MORE)), ("one", False))

    def test_the_end_of_the_legacy_callee_is_told_at_once(self):
        number, _, _ = self.call("f", [], deadline=after(60))
        self.legacy.socket.close()
        self.assert_failed(self.native.answer_to(number), Status.PEER_GONE)

    def test_a_reply_that_is_none_costs_one_call(self):
        number, frame, _ = self.call("f", [])
        self.legacy.send(f"response_callback_{frame}", "what?")
        answer = self.native.answer_to(number)
        self.assertEqual((answer.status, answer.value), (Status.OK, NOTHING), "it says nothing of a failure")
        number, frame, _ = self.call("f", [])
        self.legacy.answer(frame, success=True, data=1)
        self.assertEqual(self.native.answer_to(number).value, 1)


class Events(Dialects):
    def test_a_legacy_subscriber_hears_a_native_provider(self):
        self.legacy.publish("new@subscriber")
        answer = self.legacy.begin("new", "OBJECT_ACTION_SUBSCRIBE", register="tick")
        asked = self.native.next_message()
        self.assertEqual((asked.act, self.native.name_of(asked)), (Act.SUBSCRIBE, "tick"))
        self.native.reply(asked)
        self.assertTrue(self.legacy.finish(answer)["success"])
        self.native.emit("new", "tick", 1, "two")
        _, message = self.legacy.next_message()
        self.assertEqual((message["action"], message["propertyName"], message["data"]),
                         ("OBJECT_ACTION_INVOKE", "callback", ["tick", [1, "two"]]))

    def test_all_legacy_subscribers_hear_it(self):
        with LegacyClient(self.hub.path) as second:
            second.online()
            for client in (self.legacy, second):
                client.publish("new@subscriber")
                answer = client.begin("new", "OBJECT_ACTION_SUBSCRIBE", register="tick")
                self.native.reply(self.native.next_message())
                self.assertTrue(client.finish(answer)["success"])
            self.native.emit("new", "tick", 1)
            for client in (self.legacy, second):
                self.assertEqual(client.next_message()[1]["data"], ["tick", [1]])

    def test_a_native_subscriber_hears_a_legacy_provider_that_the_hub_has_asked(self):
        self.native.subscribe("old", "tick")
        _, asked = self.legacy.next_message()
        self.assertEqual((asked["action"], asked["register"]), ("OBJECT_ACTION_SUBSCRIBE", "tick"))
        answer = self.legacy.begin("old@subscriber", propertyName="callback", data=["tick", [3]], broadcast=True)
        self.assertEqual(self.native.next_event().value, [3])
        self.assertTrue(self.legacy.finish(answer)["success"])

    def test_a_provider_that_comes_later_is_asked_then(self):
        self.native.subscribe("later", "tick")
        self.legacy.publish("later")
        _, asked = self.legacy.next_message()
        self.assertEqual((asked["action"], asked["register"]), ("OBJECT_ACTION_SUBSCRIBE", "tick"))


class Stamp(Native):
    def test_a_legacy_client_sees_who_a_native_caller_is(self):
        with LegacyClient(self.hub.path) as legacy:
            legacy.request("PANDORA_HUB_ACTION_ONLINE_UP", {"host": {}, "stamp": True})
            legacy.publish("old")
            caller = self.connect()
            caller.invoke("old", "f")
            _, body = legacy.receive()
            self.assertEqual(set(body["source"]), {"client", "app", "process", "instance", "pid", "uid"})
            self.assertEqual(list(body), ["action", "source", "data"])
            self.assertNotIn("source", json.dumps(body["data"]))


if __name__ == "__main__":
    sys.exit(unittest.main())
