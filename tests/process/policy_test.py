"""Who may do what on the hub: the procfile's rules and strict mode, by what the kernel and the supervisor say it is."""

import pathlib
import socket
import sys
import unittest

from legacy_hub import LegacyClient
from native_frame import Control, Status
from native_hub import NativeClient, Peer
from pandora import App, Client, wait_until

HERE = pathlib.Path(__file__).resolve().parent
WORKER = f"{sys.executable} -u {HERE}/publishing_worker.py"
NATIVE_WORKER = f"{sys.executable} -u {HERE}/native_worker.py"


class Processes(unittest.TestCase):
    def test_the_rules_of_the_procfile_hold_for_the_process_that_the_kernel_says_it_is(self):
        head = "hub: {policy: [{deny: call, object: store, process: web}]}"
        with App(f"  store: {{command: exec {WORKER} store, objects: [store]}}\n"
                 f"  api: {{command: exec {WORKER} api store, environment: [CLAIM=web]}}\n"
                 f"  web: {{command: exec {WORKER} web store, environment: [CLAIM=api]}}", head=head) as app:
            app.wait_line(r"api +\| answer", count=3)
            app.wait_line(r"web +\| error .*does not allow", count=3)
            self.assertNotRegex(app.output(), r"web +\| answer")
            self.assertNotRegex(app.output(), r"api +\| error .*does not allow")

    def test_a_user_that_does_not_exist_stops_the_start(self):
        with App("  web: {command: exec sleep 1000}", head="hub: {allow_uids: [nobody-of-that-name]}") as app:
            self.assertNotEqual(app.wait_exit(), 0)
            self.assertIn("nobody-of-that-name", app.output())


class Strangers(unittest.TestCase):
    """One app for all, whose rules are for those behind whom no process of it stands: for this test."""

    RULES = ["{deny: call, object: 'pandora.*', method: list}",
             "{deny: publish, object: 'only.*'}",
             "{deny: subscribe, object: feed, event: 'private*'}",
             "{allow: call, object: half, method: open}",
             "{deny: call, object: half}"]

    @classmethod
    def setUpClass(cls):
        rules = ", ".join(rule.replace("}", ", process: '-'}") for rule in cls.RULES)
        cls.app = cls.enterClassContext(App(
            f"  store: {{command: exec {NATIVE_WORKER} only.store, objects: [only.store]}}\n"
            f"  half: {{command: exec {NATIVE_WORKER} half, objects: [half]}}", head=f"hub: {{policy: [{rules}]}}"))
        cls.app.wait_line("store ready")
        cls.app.wait_line("half ready")

    def native(self, *objects, **more):
        return self.enterContext(NativeClient(self.app.hub_socket, objects=objects, **more))

    def legacy(self):
        client = self.enterContext(LegacyClient(self.app.hub_socket))
        client.online()
        return client

    def assert_denied(self, reply):
        self.assertEqual((reply["success"], reply.get("error", {}).get("name")), (False, "PandoraDeniedError"), reply)

    def test_a_method_can_be_kept_from_them_and_the_others_left_to_them(self):
        legacy = self.legacy()
        self.assert_denied(legacy.invoke("pandora.supervisor", "list"))
        self.assertTrue(legacy.invoke("pandora.supervisor", "describe", "store")["success"])
        native = self.native()
        self.assertEqual([native.call("half", method).status for method in ("open", "shut")],
                         [Status.OK, Status.DENIED])

    def test_they_publish_nothing_that_is_others_to_publish(self):
        for client in (self.legacy(), self.native()):
            location = {"data": {"selector": {"objectName": "only.mine"}}}
            ask = client.request if isinstance(client, Client) else client.json_request
            action = "PANDORA_HUB_ACTION_PUBLISH_UP" if isinstance(client, Client) else "PUBLISH_UP"
            self.assert_denied(ask(action, location))
        native = self.native("mine")
        self.assertEqual(native.call("only.mine", "get").status, Status.NO_ROUTE)
        self.assertEqual(native.call("only.store", "get").status, Status.OK, "the worker may")

    def test_they_hear_what_they_may_hear_and_no_more(self):
        provider, hearer = self.native("feed"), self.native()
        for event in ("private", "private.more", "priv*", "*", None):
            self.assertEqual(hearer.ask(Control.SUBSCRIBE, dst="feed", method=event).status, Status.DENIED, event)
        hearer.subscribe("feed", "public")
        legacy = self.legacy()
        self.assert_denied(legacy.publish("feed@subscriber"))  # which stands for all events
        self.assert_denied(legacy.finish(legacy.begin("feed", "OBJECT_ACTION_SUBSCRIBE", register="private")))
        for event in ("private", "public"):
            provider.emit("feed", event, event)
        provider.heard()
        self.assertEqual([frame.value for frame in hearer.heard() if frame.is_event()], [["public"]])
        self.assertEqual(legacy.heard(), [])

    def test_a_command_that_is_denied_something_ends_and_says_so(self):
        for words in (["publish", "only.mine", "--method", "a=true"], ["subscribe", "feed", "private"]):
            done = self.app.command("hub", *words, "--socket", self.app.hub_socket)
            self.assertEqual((done.returncode, done.stdout), (5, ""), done.stderr)
            self.assertRegex(done.stderr, r"^pandora: denied: .*\n$")

    def test_no_channel_leads_past_the_rules(self):
        callee, caller = self.native("near", features=["channel"]), self.native(features=["channel"])
        answer = caller.ask(Control.OPEN_CHANNEL, dst="near")
        told = callee.expect_control(Control.CHANNEL)
        self.assertEqual(answer.status, Status.OK, answer)
        for frame in (answer, told):
            self.enterContext(Peer(socket.socket(fileno=frame.fds[0])))
        callee.publish("half")  # what may not all be called; the channel would lead to it
        for client in (caller, callee):
            ended = client.expect_control(Control.CHANNEL)
            self.assertEqual((ended.method, ended.status), (answer.method, Status.DENIED))
        self.assertEqual(caller.ask(Control.OPEN_CHANNEL, dst="near").status, Status.DENIED)
        self.assertEqual(caller.call("half", "shut").status, Status.DENIED)


class Strict(unittest.TestCase):
    HEAD = "hub: {strict: true}"

    def test_who_claims_to_be_somebody_else_does_not_get_online(self):
        with App(f"  store: {{command: exec {WORKER} store}}\n"
                 f"  liar: {{command: exec {WORKER} liar, environment: [CLAIM=store]}}", head=self.HEAD) as app:
            app.wait_line(r"store +\| published")
            wait_until(lambda: any(c["process"] == "liar" for c in self.cut(app)), "the liar is cut")
            self.assertNotRegex(app.output(), r"liar +\| published")

    @staticmethod
    def cut(app):
        with Client(app.hub_socket) as client:  # a stranger who claims nothing
            client.online()
            return client.invoke("pandora.hub", "clients")["data"]["cut"]

    def test_an_object_that_another_process_promises_cannot_be_published(self):
        with App("  store: {command: exec sleep 1000, objects: [store]}\n"
                 "  web: {command: exec sleep 1000}", head=self.HEAD) as app:
            app.wait_line("web ready")
            with Client(app.hub_socket) as client:
                client.online()
                self.assertTrue(client.publish("mine")["success"])
                self.assertEqual(client.publish("store")["error"]["name"], "PandoraDeniedError")
            self.assertEqual(app.instances()["store/0"]["state"], "starting")


if __name__ == "__main__":
    sys.exit(unittest.main())
