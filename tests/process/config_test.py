"""The config manager, against a real hub: who changes, who hears, who stands in for it, and what outlives what."""

import contextlib
import os
import pathlib
import shutil
import signal
import sys
import tempfile
import unittest

from legacy_hub import LegacyClient
from native_case import Native
from native_frame import Frame, Keep, Status, Tlv
from native_hub import NativeClient
from pandora import App, wait_until

MANAGER = "__PANDORA_HUB_CONFIG_MANAGER"


class Manager(Native):
    """One hub for all: each test has topics of its own."""

    def setUp(self):
        self.client = self.connect()

    def ask(self, method, *params, client=None):
        """What a call that has to succeed gives."""
        answer = (client or self.client).call(MANAGER, method, list(params))
        self.assertEqual(answer.status, Status.OK, answer)
        return answer.value

    def events(self, client):
        """(topic, value) of all that the client has heard so far."""
        return [(client.name_of(frame), frame.value[0]) for frame in client.heard() if frame.is_event()]


class Changing(Manager):
    def test_of_many_who_expect_the_same_one_gets_its_way_and_the_others_are_told_what_is(self):
        rivals = [self.connect() for _ in range(8)]
        self.ask("publish", "counter", 0)
        for n in range(5):
            found = [self.ask("get", "counter", client=rival) for rival in rivals]
            self.assertEqual({entry["value"] for entry in found}, {n})
            asked = [rival.invoke(MANAGER, "compareAndSet", ["counter", entry, n + 1])
                     for rival, entry in zip(rivals, found)]
            answers = [rival.answer_to(number).value for rival, number in zip(rivals, asked)]
            won = [answer["version"] for answer in answers if answer["ok"]]
            lost = [(answer["value"], answer["version"]) for answer in answers if not answer["ok"]]
            self.assertEqual((len(won), lost), (1, [(n + 1, won[0])] * 7))
        self.assertEqual(self.ask("getConfig", "counter"), 5)

    def test_a_topic_can_be_expected_to_have_no_value_or_this_one(self):
        self.assertTrue(self.ask("compareAndSet", "lock", 0, {"by": "one"})["ok"])
        self.assertFalse(self.ask("compareAndSet", "lock", 0, {"by": "two"})["ok"])
        self.assertFalse(self.ask("compareAndSet", "lock", {"value": {"by": "two"}}, None)["ok"])
        self.assertTrue(self.ask("compareAndSet", "lock", {"value": {"by": "one"}}, None)["ok"])
        self.assertEqual(self.ask("get", "lock"), {"value": None, "version": 0})

    def test_topics_are_listed_by_their_beginnings(self):
        hearer = self.connect()
        for topic in ("list.b", "list.a", "listen", "list.gone"):
            self.ask("publish", topic, 1)
        self.assertIs(self.ask("delete", "list.gone"), True)
        self.assertIs(self.ask("delete", "list.gone"), False)
        hearer.subscribe(MANAGER, "list.heard")
        self.assertEqual(self.ask("getAllTopics", "list."), ["list.a", "list.b"])
        self.assertEqual(self.ask("getAllSubscribedTopics", "list."), ["list.heard"])


class Hearing(Manager):
    LAST = 300

    def test_the_value_there_is_comes_first(self):
        self.ask("publish", "colour", "red")
        hearer = self.connect()
        hearer.subscribe(MANAGER, "colour")
        self.ask("publish", "colour", "blue")
        self.assertEqual(self.events(hearer), [("colour", "red"), ("colour", "blue")])

    def test_whenever_somebody_subscribes_no_value_is_missed_or_comes_before_an_older_one(self):
        self.ask("publish", "storm", 0)
        hearers = []
        for n in range(1, self.LAST + 1):
            self.client.invoke(MANAGER, "publish", ["storm", n])  # the hub and the manager have many in hand
            if n % 30 == 0:
                hearers.append(self.connect())
                hearers[-1].subscribe(MANAGER, "storm")
        self.ask("publish", "storm", self.LAST + 1)
        for hearer in hearers:
            heard = [value for _, value in self.events(hearer)]
            self.assertEqual(heard, list(range(heard[0], self.LAST + 2)))

    def test_a_legacy_client_that_subscribes_and_then_asks_misses_none(self):
        self.ask("publish", "old-storm", 0)
        hearer = self.enterContext(LegacyClient(self.hub.path))
        hearer.online()
        hearer.publish(f"{MANAGER}@subscriber")
        for n in range(1, self.LAST + 1):
            self.client.invoke(MANAGER, "publish", ["old-storm", n])
            if n == self.LAST // 2:
                hearer.finish(hearer.begin(MANAGER, "OBJECT_ACTION_SUBSCRIBE", register="old-storm"))
                found = hearer.invoke(MANAGER, "getConfig", "old-storm")["data"]
                before = self.told(hearer)
        self.ask("publish", "old-storm", self.LAST + 1)
        self.assertLessEqual(max(before, default=0), found)
        after = []
        while not after or after[-1] <= self.LAST:
            after.append(hearer.next_message()[1]["data"][1][0])
        self.assertEqual(after, list(range(found + 1, self.LAST + 2)))

    @staticmethod
    def told(hearer):
        """The values that have come and nobody has looked at."""
        values = [body["data"]["data"][1][0] for _, body in hearer.kept if body["data"].get("propertyName")]
        hearer.kept.clear()
        return values

    def test_a_prefix_stands_for_all_topics_that_begin_so(self):
        for topic, value in (("db.host", "a"), ("db.port", 1), ("dbx", 0)):
            self.ask("publish", topic, value)
        hearer = self.connect()
        hearer.subscribe(MANAGER, "db.*", Keep.LAST_VALUE)
        self.assertEqual(sorted(self.events(hearer)), [("db.host", "a"), ("db.port", 1)])
        self.ask("publish", "db.user", "me")
        self.ask("publish", "dbx", 1)
        self.assertEqual(self.events(hearer), [("db.user", "me")])

    def test_what_is_removed_is_told_as_null_and_to_nobody_who_comes_later(self):
        self.ask("publish", "short", 1)
        hearer, later = self.connect(), self.connect()
        hearer.subscribe(MANAGER, "short")
        self.ask("publish", "short", None)
        later.subscribe(MANAGER, "short")
        self.assertEqual((self.events(hearer), self.events(later)), ([("short", 1), ("short", None)], []))


class StandingIn(Manager):
    def test_a_client_that_publishes_the_object_takes_its_place_while_it_lives(self):
        self.ask("publish", "place", "the hub's")
        own = self.connect(objects=[MANAGER])
        for method, params in (("getConfig", ["place"]), ("publish", ["place", "lost"])):
            number = self.client.invoke(MANAGER, method, params)
            asked = own.next_message()
            self.assertEqual((asked.tlv(Tlv.NAME).decode(), asked.value), (method, params))
            own.reply(asked, "its own")
            self.assertEqual(self.client.answer_to(number).value, "its own")
        own.unpublish(MANAGER)
        self.assertEqual(self.ask("getConfig", "place"), "the hub's")
        self.assertFalse(any(map(Frame.is_message, own.heard())))

    def test_and_its_death_brings_the_hubs_back(self):
        self.ask("publish", "back", 1)
        own = self.connect(objects=[MANAGER])
        self.client.invoke(MANAGER, "getConfig", ["back"])
        own.next_message()
        own.close()

        def found():
            answer = self.client.call(MANAGER, "getConfig", ["back"])
            return answer.status == Status.OK and answer.value == 1

        wait_until(found, "the hub's own manager answers")


class Kept(unittest.TestCase):
    """By the supervisor, and in the app's state folder."""

    PROCESSES = "  web: {command: exec sleep 1000}"

    def setUp(self):
        self.name = f"pandora-test-{os.getpid()}"
        self.home = pathlib.Path(tempfile.mkdtemp(prefix="pandora-test-"))
        self.folder = pathlib.Path("/var/lib/pandora" if os.geteuid() == 0 else self.home / "pandora") / self.name
        self.addCleanup(shutil.rmtree, self.home)
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)

    @contextlib.contextmanager
    def run_app(self, persist=False):
        with App(self.PROCESSES, head="hub: {persist_config: true}" if persist else "", name=self.name,
                 environment={"XDG_STATE_HOME": str(self.home)}) as app:
            app.wait_line("web ready")
            yield app

    def journal(self):
        path = self.folder / "config.journal"
        return path.read_text() if path.exists() else ""

    @staticmethod
    def call(app, method, *params):
        with NativeClient(app.hub_socket) as client:
            answer = client.call(MANAGER, method, list(params))
            assert answer.status == Status.OK, answer
            return answer.value

    def test_it_outlives_the_hub_process_with_its_versions_and_who_subscribes_then_is_given_it(self):
        with self.run_app() as app:
            for value in ("red", {"rgb": [1, 2, 3]}):
                self.call(app, "publish", "colour", value)
            before = self.call(app, "get", "colour")
            os.kill(app.pid_of("hub/0"), signal.SIGKILL)
            app.wait_line(r"\bhub ready", count=2)
            self.assertEqual(self.call(app, "get", "colour"), before)
            with NativeClient(app.hub_socket) as hearer:
                hearer.subscribe(MANAGER, "colour")
                self.assertEqual(hearer.next_event().value, [{"rgb": [1, 2, 3]}])
            self.assertTrue(self.call(app, "compareAndSet", "colour", before["version"], "blue")["ok"])

    def test_it_ends_with_the_app_where_the_procfile_says_nothing(self):
        for _ in range(2):
            with self.run_app() as app:
                self.assertIsNone(self.call(app, "getConfig", "colour"))
                self.call(app, "publish", "colour", "red")
            self.assertFalse(self.folder.exists())

    def test_it_outlives_the_app_where_the_procfile_says_so(self):
        with self.run_app(persist=True) as app:
            self.call(app, "publish", "colour", "red")
            self.call(app, "publish", "colour", "blue")
            self.call(app, "publish", "gone", 1)
            self.call(app, "delete", "gone")
            before = self.call(app, "get", "colour")
        self.assertEqual([(f.name, f.stat().st_mode & 0o777) for f in self.folder.iterdir()],
                         [("config.journal", 0o600)])
        with self.run_app(persist=True) as app:
            self.assertEqual(self.call(app, "get", "colour"), before)
            self.assertEqual(self.call(app, "getAllTopics"), ["colour"])

    def test_and_a_master_that_was_killed_has_lost_nothing_that_it_had_heard(self):
        with self.run_app(persist=True) as app:
            self.call(app, "publish", "colour", "green")
            wait_until(lambda: "green" in self.journal(), "it is written at once")
            app.master.kill()
            app.wait_exit()
        with self.run_app(persist=True) as app:
            self.assertEqual(self.call(app, "getConfig", "colour"), "green")


if __name__ == "__main__":
    sys.exit(unittest.main())
