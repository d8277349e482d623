"""The native dialect's events against a real hub: topics, policies, what is lost and told, what is kept."""

import sys
import unittest

from native_case import Native
from native_frame import Control, Flag, Keep, Option, Status, Tlv, Verb


def texts(frames):
    """(name, parameters) of the events among the frames."""
    return [(frame.tlv(Tlv.NAME).decode(), *frame.value) for frame in frames if frame.is_event()]


class Feed(Native):
    """A provider of `feed` and somebody to hear it."""

    def setUp(self):
        self.provider, self.subscriber = self.connect(objects=["feed"]), self.connect()

    def emit(self, event, *parameters, **fields):
        self.provider.emit("feed", event, *parameters, **fields)

    def settle(self):
        """The hub has read all that the provider has sent."""
        self.provider.heard()

    def events(self, client=None):
        self.settle()
        return texts((client or self.subscriber).heard())


class Events(Feed):
    def test_who_has_subscribed_hears_it_and_nobody_else(self):
        stranger = self.connect()
        self.subscriber.subscribe("feed", "price")
        self.emit("price", 7, "EUR")
        self.emit("other", 8)
        self.emit("price", 9, "EUR")
        self.settle()
        frames = self.subscriber.heard()
        self.assertEqual(texts(frames), [("price", 7, "EUR"), ("price", 9, "EUR")])
        self.assertEqual({frame.src for frame in frames}, {self.provider.handle})
        self.assertTrue(all(not frame.flags & (Flag.ONEWAY | Flag.REQUEST) for frame in frames))
        self.assertEqual((stranger.heard(), texts(self.provider.heard())), ([], []))

    def test_a_prefix_stands_for_all_that_begin_alike_and_none_for_all(self):
        every = self.connect()
        self.subscriber.subscribe("feed", "price.*")
        every.subscribe("feed")
        for name in ("price.eur", "price.usd", "prices", "volume"):
            self.emit(name, 1)
        self.assertEqual(self.events(), [("price.eur", 1), ("price.usd", 1)])
        self.assertEqual(len(self.events(every)), 4)

    def test_an_event_that_matches_twice_comes_once(self):
        for event in ("price", "pri*", None):
            self.subscriber.subscribe("feed", event)
        self.emit("price", 1)
        self.assertEqual(self.events(), [("price", 1)])

    def test_numbers_serve_for_events_too(self):
        dst, method = self.provider.number_of({"objectName": "feed"}), self.provider.number_of("price")
        self.subscriber.subscribe("feed", "price")
        self.provider.emit(dst, method, 1)
        self.settle()
        event = self.subscriber.next_event()
        self.assertEqual((event.dst, event.method, event.value), (dst, method, [1]))

    def test_unsubscribing_ends_it(self):
        self.subscriber.subscribe("feed", "price")
        self.emit("price", 1)
        self.settle()
        answer = self.subscriber.ask(Control.UNSUBSCRIBE, dst="feed", method="price")
        self.assertEqual(answer.status, Status.OK)
        self.emit("price", 2)
        self.assertEqual(self.events(), [("price", 1)])

    def test_only_who_publishes_the_object_can_send_its_events(self):
        self.subscriber.subscribe("feed")
        before = self.hub.count("dropped", "not_publisher")
        self.connect().emit("feed", "price", "forged")
        self.hub.wait_count("dropped", "not_publisher", before + 1)
        self.assertEqual(self.events(), [])

    def test_a_subscription_may_come_before_the_object(self):
        self.subscriber.subscribe("tomorrow", "news")
        self.provider.publish("tomorrow")
        self.provider.emit("tomorrow", "news", 1)
        self.assertEqual(self.events(), [("news", 1)])

    def test_1024_subscriptions_are_enough(self):
        for n in range(1024):
            self.subscriber.subscribe("feed", f"e{n}")
        answer = self.subscriber.ask(Control.SUBSCRIBE, dst="feed", method="one-more")
        self.assert_failed(answer, Status.BUSY)
        self.subscriber.subscribe("feed", "e0", Keep.DROP_OLD)


class Policies(Feed):
    """A subscriber with credit for one event, whose queue takes two more."""

    def setUp(self):
        self.provider = self.connect(objects=["feed"])
        self.subscriber = self.connect(credit={"messages": 1, "kib": 64})

    def told(self, policy, *emitted):
        """(what got through, the number that was lost) once the subscriber has credit again."""
        self.subscriber.subscribe("feed", "e*", policy, queue=2)
        for event, value in emitted:
            self.emit(event, value)
        self.settle()
        self.subscriber.grant(100, 100)
        frames = self.subscriber.heard()
        overflows = [frame for frame in frames if frame.is_control(Control.OVERFLOW)]
        for frame in overflows:
            self.assertEqual(self.subscriber.name_of(frame), "e*")
            self.assertEqual(self.subscriber.selector_of(frame), {"objectName": "feed"})
        return texts(frames), [frame.deadline for frame in overflows]

    def test_the_new_ones_are_lost(self):
        heard, lost = self.told(Keep.DROP_NEW, *(("e", n) for n in range(6)))
        self.assertEqual([value for _, value in heard], [0, 1, 2])
        self.emit("e", 6)
        self.settle()
        frames = self.subscriber.heard()
        lost += [frame.deadline for frame in frames if frame.is_control(Control.OVERFLOW)]
        self.assertEqual(lost, [3], "told once, at the latest before the next event")
        self.assertEqual(texts(frames), [("e", 6)])

    def test_the_old_ones_are_lost(self):
        heard, lost = self.told(Keep.DROP_OLD, *(("e", n) for n in range(6)))
        self.assertEqual(([value for _, value in heard], lost), ([0, 4, 5], [3]))

    def test_of_each_name_the_last_value_stays(self):
        heard, lost = self.told(Keep.LAST_VALUE, ("e", 0), ("ea", 1), ("eb", 2), ("ea", 3), ("eb", 4), ("ea", 5))
        self.assertEqual(heard[0], ("e", 0))
        self.assertEqual(sorted(heard[1:]), [("ea", 5), ("eb", 4)])

    def test_who_must_not_miss_any_is_let_go(self):
        before = self.disconnects("slow_reader")
        self.subscriber.subscribe("feed", "e", Keep.DISCONNECT, queue=2)
        for n in range(6):
            self.emit("e", n)
        self.subscriber.wait_closed()
        self.assertEqual(self.disconnects("slow_reader"), before + 1)

    def test_subscribing_again_replaces_the_policy(self):
        self.subscriber.subscribe("feed", "e*", Keep.DISCONNECT, queue=2)
        heard, lost = self.told(Keep.DROP_OLD, *(("e", n) for n in range(6)))
        self.assertEqual(([value for _, value in heard], lost), ([0, 4, 5], [3]))

    def test_what_is_lost_is_counted(self):
        before = self.hub.count("dropped", "overflow")
        self.told(Keep.DROP_NEW, *(("e", n) for n in range(6)))
        self.assertEqual(self.hub.count("dropped", "overflow"), before + 3)


class Retained(Feed):
    def test_who_comes_later_hears_the_last_value_of_each_name_before_anything_newer(self):
        for value in (1, 2):
            self.emit("price.eur", value, options=Option.RETAIN)
        self.emit("price.usd", 3, options=Option.RETAIN)
        self.emit("price.gbp", "not kept")
        self.settle()
        self.subscriber.subscribe("feed", "price.*")
        self.emit("price.eur", 9)
        heard = self.events()
        self.assertEqual(sorted(heard[:2]), [("price.eur", 2), ("price.usd", 3)])
        self.assertEqual(heard[2:], [("price.eur", 9)])

    def test_an_empty_one_removes_it_and_is_told_to_nobody(self):
        self.subscriber.subscribe("feed", "price")
        self.emit("price", 1, options=Option.RETAIN)
        self.provider.message(0, Verb.EVENT, "feed", "price", options=Option.RETAIN)
        self.assertEqual(self.events(), [("price", 1)])
        late = self.connect()
        late.subscribe("feed", "price")
        self.assertEqual(self.events(late), [])

    def test_it_is_gone_with_the_object_or_its_publisher(self):
        self.emit("price", 1, options=Option.RETAIN)
        self.provider.unpublish("feed")
        self.provider.publish("feed")
        self.subscriber.subscribe("feed", "price")
        self.assertEqual(self.events(), [])
        self.emit("price", 2, options=Option.RETAIN)
        self.settle()
        self.provider.close()
        self.provider = self.connect(objects=["feed"])
        late = self.connect()
        late.subscribe("feed", "price")
        self.assertEqual(self.events(late), [])


if __name__ == "__main__":
    sys.exit(unittest.main())
