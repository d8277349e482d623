"""The native dialect against a real hub: deadlines, cancellation, streams, credit, waiting."""

import sys
import unittest

from native_case import Native
from native_frame import Control, Flag, Frame, Option, Status, Tlv, after, credit, now_ns, soon


class Deadlines(Native):
    def setUp(self):
        self.callee, self.caller = self.connect(objects=["slow"]), self.connect()

    def test_a_call_that_is_not_answered_ends_in_time_and_its_answer_comes_too_late(self):
        before = self.hub.count("dropped", "late_reply")
        deadline = soon()
        number = self.caller.invoke("slow", "f", deadline=deadline)
        asked = self.callee.next_message()
        self.assertEqual(asked.deadline, deadline)
        self.assert_failed(self.caller.answer_to(number), Status.DEADLINE)
        self.assertGreaterEqual(now_ns(), deadline)
        self.callee.reply(asked, "late")
        self.hub.wait_count("dropped", "late_reply", before + 1)
        self.assertEqual(self.caller.heard(), [])

    def test_a_deadline_in_the_past_is_over_at_once(self):
        self.assert_failed(self.caller.call("slow", "f", deadline=1), Status.DEADLINE)

    def test_one_that_is_too_far_is_bounded(self):
        self.caller.invoke("slow", "f", deadline=2**64 - 1)
        self.assertLessEqual(self.callee.next_message().deadline, after(24 * 3600))

    def test_a_callee_hands_its_deadline_on(self):
        """So three calls in a row end when the first one's caller gives up, not after three times that."""
        middle = self.connect(objects=["middle"])
        deadline = soon()
        number = self.caller.invoke("middle", "f", deadline=deadline)
        asked = middle.next_message()
        onward = middle.invoke("slow", "g", deadline=asked.deadline)
        self.assertEqual(self.callee.next_message().deadline, deadline)
        self.assert_failed(middle.answer_to(onward), Status.DEADLINE)
        self.assert_failed(self.caller.answer_to(number), Status.DEADLINE)

    def test_a_callee_is_told_when_its_call_is_over(self):
        self.caller.invoke("slow", "f", deadline=soon())
        asked = self.callee.next_message()
        self.assertEqual(self.callee.expect_control(Control.CANCEL).id, asked.id)


class Cancel(Native):
    def setUp(self):
        self.callee, self.caller = self.connect(objects=["slow"]), self.connect()

    def test_it_reaches_the_callee_by_the_id_that_it_was_given_and_the_answer_is_dropped(self):
        kept = self.caller.invoke("slow", "kept", deadline=after(60))
        number = self.caller.invoke("slow", "f", deadline=after(60))
        first, second = self.callee.next_message(), self.callee.next_message()
        self.caller.control(Control.CANCEL, id=number)
        self.assertEqual(self.callee.expect_control(Control.CANCEL).id, second.id)
        self.callee.reply(second, "late")
        self.callee.reply(first, "kept")
        self.assertEqual(self.caller.answer_to(kept).value, "kept")
        self.assertEqual(self.caller.heard(), [])

    def test_of_one_that_has_ended_or_never_was_it_is_ignored(self):
        number = self.caller.invoke("slow", "f")
        self.callee.reply(self.callee.next_message(), 1)
        self.caller.answer_to(number)
        for each in (number, 12345):
            self.caller.control(Control.CANCEL, id=each)
        self.assertEqual((self.caller.heard(), self.callee.heard()), ([], []))

    def test_nobody_can_cancel_the_calls_of_others(self):
        number = self.caller.invoke("slow", "f", deadline=after(60))
        asked = self.callee.next_message()
        other = self.connect()
        for each in range(64):
            other.control(Control.CANCEL, id=each + 1)
        other.heard()
        self.callee.reply(asked, "still wanted")
        self.assertEqual(self.caller.answer_to(number).value, "still wanted")

    def test_the_end_of_the_caller_cancels_its_calls(self):
        self.caller.invoke("slow", "f", deadline=after(60))
        asked = self.callee.next_message()
        self.caller.close()
        self.assertEqual(self.callee.expect_control(Control.CANCEL).id, asked.id)


class Streams(Native):
    def setUp(self):
        self.callee, self.caller = self.connect(objects=["source"]), self.connect()

    def test_as_many_answers_come_as_were_granted_and_the_last_one_is_free(self):
        number = self.caller.invoke("source", "f", credit=credit(3))
        asked = self.callee.next_message()
        self.assertEqual(asked.messages, 3)
        for n in range(3):
            self.callee.reply(asked, n, more=True)
        self.callee.reply(asked, "end")
        frames = [self.caller.answer_to(number) for _ in range(4)]
        self.assertEqual([(f.value, f.has(Flag.MORE)) for f in frames],
                         [(0, True), (1, True), (2, True), ("end", False)])

    def test_more_is_granted_meanwhile(self):
        number = self.caller.invoke("source", "f", credit=credit(1), deadline=after(60))
        asked = self.callee.next_message()
        for n in range(5):
            self.callee.reply(asked, n, more=True)
            self.assertEqual(self.caller.answer_to(number).value, n)
            self.caller.control(Control.CREDIT, id=number, credit=credit(1))
            granted = self.callee.expect_control(Control.CREDIT)
            self.assertEqual((granted.id, granted.messages), (asked.id, 1))
        self.callee.reply(asked)
        self.assertFalse(self.caller.answer_to(number).has(Flag.MORE))

    def test_an_answer_beyond_the_grant_ends_the_call(self):
        for grant in (0, 2):
            number = self.caller.invoke("source", "f", credit=credit(grant), deadline=after(60))
            asked = self.callee.next_message()
            for n in range(grant + 1):
                self.callee.reply(asked, n, more=True)
            for n in range(grant):
                self.assertEqual(self.caller.answer_to(number).value, n)
            self.assert_failed(self.caller.answer_to(number), Status.INVALID)
            self.assertEqual(self.callee.expect_control(Control.CANCEL).id, asked.id)
            self.callee.reply(asked, "more")
            self.callee.heard()  # the hub has read it
            self.assertEqual(self.caller.heard(), [])

    def test_the_deadline_holds_for_all_of_it(self):
        number = self.caller.invoke("source", "f", credit=credit(10), deadline=soon())
        asked = self.callee.next_message()
        self.callee.reply(asked, 0, more=True)
        self.assertEqual(self.caller.answer_to(number).value, 0)
        self.assert_failed(self.caller.answer_to(number), Status.DEADLINE)

    def test_a_callee_that_ends_in_the_middle_is_gone(self):
        number = self.caller.invoke("source", "f", credit=credit(10), options=Option.IDEMPOTENT, deadline=after(60))
        asked = self.callee.next_message()
        other = self.connect(objects=["source"])
        self.callee.reply(asked, 0, more=True)
        self.assertEqual(self.caller.answer_to(number).value, 0)
        self.callee.close()
        self.assert_failed(self.caller.answer_to(number), Status.PEER_GONE)
        self.assertEqual(other.heard(), [], "what has begun to be answered is not asked again")

    def test_a_stream_is_canceled_like_any_call(self):
        number = self.caller.invoke("source", "f", credit=credit(2), deadline=after(60))
        asked = self.callee.next_message()
        self.callee.reply(asked, 0, more=True)
        self.caller.answer_to(number)
        self.caller.control(Control.CANCEL, id=number)
        self.callee.expect_control(Control.CANCEL)
        self.callee.reply(asked, 1, more=True)
        self.callee.reply(asked, 2)
        self.callee.heard()
        self.assertEqual(self.caller.heard(), [])


class Credit(Native):
    """How much the hub sends to a client that has named a bound."""

    def test_a_client_out_of_credit_is_busy_until_it_returns_some(self):
        callee, caller = self.connect(objects=["o"], credit={"messages": 2, "kib": 64}), self.connect()
        numbers = [caller.invoke("o", "f", [n]) for n in range(2)]
        asked = [callee.next_message() for _ in range(2)]
        self.assert_failed(caller.call("o", "f"), Status.BUSY)
        callee.reply(asked[0], 0)
        self.assertEqual(caller.answer_to(numbers[0]).value, 0)
        self.assert_failed(caller.call("o", "f"), Status.BUSY)
        callee.grant(1, 1)
        callee.heard()  # the hub has read it
        caller.invoke("o", "f", ["third"])
        self.assertEqual(callee.next_message().value, ["third"])

    def test_an_answer_can_carry_it(self):
        callee, caller = self.connect(objects=["o"], credit={"messages": 1, "kib": 64}), self.connect()
        for n in range(20):
            number = caller.invoke("o", "f", [n])
            callee.reply(callee.next_message(), n, credit=credit(1, 1))
            self.assertEqual(caller.answer_to(number).value, n)

    def test_requests_go_to_one_that_has_some(self):
        poor = self.connect(objects=["o"], credit={"messages": 1, "kib": 64})
        rich, caller = self.connect(objects=["o"]), self.connect()
        for _ in range(10):
            caller.invoke("o", "f")
        self.assertEqual(caller.heard(), [], "all are with somebody")
        asked = [sum(map(Frame.is_message, callee.heard())) for callee in (poor, rich)]
        self.assertLessEqual(asked[0], 1)
        self.assertEqual(sum(asked), 10)

    def test_a_sticky_key_waits_for_nobody_if_it_may_be_spread(self):
        callees = {c.handle: c for c in (self.connect(objects=["o"], credit={"messages": 1, "kib": 64})
                                         for _ in range(2))}
        caller = self.connect()
        key = [(Tlv.STICKY, b"key")]
        caller.invoke("o", "first", tlvs=key)
        caller.invoke("o", "second", tlvs=key, options=Option.SPREAD)
        caller.heard()  # the hub has read them
        names = [{self.name(frame) for frame in callee.heard() if frame.is_message()} for callee in callees.values()]
        self.assertEqual(sorted(map(sorted, names)), [["first"], ["second"]])
        self.assert_failed(caller.call("o", "third", tlvs=key), Status.BUSY)

    @staticmethod
    def name(frame):
        return frame.tlv(Tlv.NAME).decode()

    def test_bytes_are_counted_and_only_the_last_may_be_longer_than_what_is_left(self):
        callee, caller = self.connect(objects=["o"], credit={"messages": 100, "kib": 8}), self.connect()
        caller.invoke("o", "f", "x" * 7000)
        caller.invoke("o", "f", "x" * 7000)
        self.assertEqual([len(callee.next_message().value) for _ in range(2)], [7000, 7000])
        self.assert_failed(caller.call("o", "f"), Status.BUSY)
        callee.grant(2, 14)
        callee.heard()
        caller.invoke("o", "f", "more")
        self.assertEqual(callee.next_message().value, "more")

    def test_answers_and_control_frames_are_free(self):
        caller = self.connect(credit={"messages": 1, "kib": 1})
        callee = self.connect(objects=["o"])
        for n in range(10):
            number = caller.invoke("o", "f")
            callee.reply(callee.next_message(), "x" * 5000)
            self.assertEqual(caller.answer_to(number).value, "x" * 5000)

    def test_the_hub_takes_as_many_requests_as_it_has_said_and_no_more(self):
        callee, caller = self.connect(objects=["o"]), self.connect()
        bound = caller.native["credit"]["messages"]
        numbers = [caller.invoke("o", "f", deadline=after(60)) for _ in range(bound)]
        self.assert_failed(caller.call("o", "f"), Status.BUSY)
        callee.reply(callee.next_message(), 1)
        self.assertIn(caller.expect_frame(Frame.is_answer).id, numbers)
        again = caller.invoke("o", "last")
        for _ in range(bound - 1):
            callee.next_message()
        callee.reply(callee.next_message(), "last")
        self.assertEqual(caller.answer_to(again).value, "last")


class Waiting(Native):
    def test_wait_for_is_answered_as_soon_as_somebody_is_there(self):
        waiting = self.connect()
        number = waiting.control(Control.WAIT_FOR, dst="late", request=True, deadline=after(60))
        self.assertEqual(waiting.heard(), [])
        self.connect(objects=["late"])
        answer = waiting.answer_to(number)
        self.assertEqual((answer.status, answer.value, answer.has(Flag.CONTROL)), (Status.OK, {"clients": 1}, True))
        self.assertEqual(waiting.ask(Control.WAIT_FOR, dst="late").value, {"clients": 1})

    def test_and_not_for_ever(self):
        self.assert_failed(self.connect().ask(Control.WAIT_FOR, dst="never", deadline=after(0.1)), Status.DEADLINE)

    def test_a_call_can_wait_for_its_callee(self):
        caller = self.connect()
        number = caller.invoke("later", "f", [1], options=Option.WAIT, deadline=after(60))
        self.assertEqual(caller.heard(), [])
        callee = self.connect(objects=["later"])
        callee.reply(callee.next_message(), "served")
        self.assertEqual(caller.answer_to(number).value, "served")

    def test_one_that_waits_in_vain_ends_in_time(self):
        answer = self.connect().call("nobody-comes", "f", options=Option.WAIT, deadline=after(0.2))
        self.assert_failed(answer, Status.DEADLINE)

    def test_one_that_waits_can_be_canceled(self):
        caller = self.connect()
        number = caller.invoke("late-again", "f", options=Option.WAIT, deadline=after(60))
        caller.control(Control.CANCEL, id=number)
        caller.heard()
        callee = self.connect(objects=["late-again"])
        self.assertEqual((callee.heard(), caller.heard()), ([], []))


if __name__ == "__main__":
    sys.exit(unittest.main())
