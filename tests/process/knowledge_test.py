"""What the supervisor knows reaches the hub's clients, and what the hub knows reaches the supervisor."""

import os
import pathlib
import re
import signal
import sys
import unittest

from pandora import App, Client, wait_until

HERE = pathlib.Path(__file__).resolve().parent
WORKER = f"{sys.executable} -u {HERE}/publishing_worker.py"
MESSAGE_UP = "PANDORA_HUB_ACTION_MSG_UP"
WAITS_MAX = 64  # hub/PROTOCOL.md, section 8


def begin_call(client, name, **selector):
    """Calls without waiting; the name of the answer."""
    asked = client.send(MESSAGE_UP, {"remote": dict(selector, objectName=name), "action": "OBJECT_ACTION_INVOKE",
                                     "broadcast": False, "propertyName": "get", "data": [], "host": client.location,
                                     "needReply": True, "timeout": 25_000})
    return f"response_callback_{asked}"


def answer_to(client, call):
    while True:
        _, body = client.receive()
        if body and body["action"] == call:
            return body["data"]


class Stranger(Client):
    """Online, with no process of the app behind it."""

    def __init__(self, app):
        super().__init__(app.hub_socket, {"processName": "test"})
        self.online()


class TrueReason(unittest.TestCase):
    def reason_of(self, extra, end):
        """The error of a call whose callee comes to its end. The hub waits some milliseconds for the supervisor to say
        why: on a machine that is busy that may be too short, so it has some tries."""
        for _ in range(5):
            error = self.error_of(extra, end)
            if "reason" in error:
                break
        return error

    @staticmethod
    def error_of(extra, end):
        with App(f"  store: {{command: exec {WORKER} store, objects: [store], environment: [HANG=1] {extra}}}\n"
                 "  web: {command: exec sleep 1000}") as app:
            app.wait_line("store ready")
            with Stranger(app) as client:
                call = begin_call(client, "store")
                app.wait_line(r"store +\| asked")
                end(app)
                return answer_to(client, call)["error"]

    def test_a_caller_is_told_who_was_killed_and_what_follows(self):
        error = self.reason_of(", availability: {restart: always, backoff: 400ms}",
                               lambda app: os.kill(app.pid_of("store/0"), signal.SIGKILL))
        self.assertEqual(error["name"], "PandoraPeerGoneError")
        self.assertEqual((error["process"], error["instance"]), ("store", 0))
        self.assertRegex(error["reason"], r"^killed: SIGKILL; restarting in \d+ ms$")

    def test_a_crash_is_called_one(self):
        error = self.reason_of(", availability: {restart: always, backoff: 400ms}",
                               lambda app: os.kill(app.pid_of("store/0"), signal.SIGSEGV))
        self.assertRegex(error["reason"], r"^crashed: SIGSEGV.*; restarting in \d+ ms$")

    def test_one_that_was_stopped_did_not_crash(self):
        error = self.reason_of("", lambda app: app.do("stop", "store"))
        self.assertEqual(error["reason"], "stopped by an operator")

    def test_one_that_will_not_come_back_has_ended_for_good(self):
        error = self.reason_of(", availability: {restart: 'no'}",
                               lambda app: os.kill(app.pid_of("store/0"), signal.SIGKILL))
        self.assertEqual(error["reason"], "killed: SIGKILL")

    def test_a_new_hub_knows_it_all_anew(self):
        with App("  store: {command: sleep 0.5; exit 3, objects: [store], availability: {restart: 'no'}}\n"
                 "  web: {command: exec sleep 1000}") as app:
            app.wait_line("store ended")
            os.kill(app.pid_of("hub/0"), signal.SIGKILL)
            app.wait_line(r"\bhub ready", count=2)
            with Stranger(app) as client:
                error = answer_to(client, begin_call(client, "store"))["error"]
            self.assertEqual(error["name"], "PandoraNoRouteError")
            self.assertEqual((error["process"], error["reason"]), ("store", "exit 3"))


class Unresponsive(unittest.TestCase):
    HEAD = "hub: {unresponsive_after: 1s}"

    def silence(self, app, client, process):
        """Stops the client behind the first instance of the process, and fills its queue. Returns its pid."""
        pid = next(r["pid"] for r in app.routes() if (r["process"], r["instance"]) == (process, 0))
        os.kill(pid, signal.SIGSTOP)
        for _ in range(20):  # more than a socket holds, less than makes the hub end the connection
            client.send(MESSAGE_UP, {"remote": {"objectName": process, "pid": str(pid)}, "broadcast": False,
                                     "action": "OBJECT_ACTION_INVOKE", "propertyName": "get", "host": {},
                                     "data": ["x" * 40_000]})
        return pid

    def test_it_is_told_shown_and_excluded_until_it_reads_again(self):
        with App(f"  store: {{command: exec {WORKER} store, objects: [store], replicas: 2}}", head=self.HEAD) as app:
            app.wait_line("store/0 ready")
            app.wait_line("store/1 ready")
            other = app.pid_of("store/1")
            with Stranger(app) as client:
                silent = self.silence(app, client, "store")
                app.wait_line(r"store/0: gives the hub no sign of life \(\d+ s\)")
                app.wait_view("store/0", health="unresponsive")
                self.assertNotEqual(app.instances()["store/1"]["health"], "unresponsive")
                self.assertEqual({client.invoke("store", "get")["data"] for _ in range(10)}, {other})
                clients = client.invoke("pandora.hub", "clients")["data"]["clients"]
                self.assertEqual([c["pid"] for c in clients if c["unresponsive"]], [silent])
                os.kill(silent, signal.SIGCONT)
                app.wait_line("store/0: the hub hears from it again")
                app.wait_view("store/0", health="")
            self.assertEqual(app.instances()["store/0"]["restarts"], 0)

    def test_the_probe_ends_its_run_also_where_it_is_a_child_that_is_silent(self):
        probe = "liveness_probe: {hub: {}, period_seconds: 1, failure_threshold: 1}"
        with App(f"  store: {{command: '{WORKER} store; echo never', objects: [store], {probe},\n"
                 "          availability: {restart: always, backoff: 10ms}}", head=self.HEAD) as app:
            app.wait_line("store ready")
            with Stranger(app) as client:
                self.silence(app, client, "store")
                app.wait_line("liveness failed 1x: the hub has not heard from it for")
                app.wait_line("store ready", count=2)
                app.wait_view("store/0", restarts=1)
                reply = client.invoke("store", "get")
                self.assertTrue(reply["success"], reply)
                self.assertNotEqual(app.instances()["store/0"]["health"], "unresponsive")


class Probe(unittest.TestCase):
    PROBE = "{hub: {}, period_seconds: 1, timeout_seconds: 20, failure_threshold: 1000}"

    def test_a_process_is_ready_once_it_is_online_and_not_before(self):
        head = "hub: {unresponsive_after: 60s}"
        with App(f"  late: {{command: 'until test -e go; do sleep 0.05; done; exec {WORKER} late',\n"
                 f"         readiness_probe: {self.PROBE}}}", head=head) as app:
            app.wait_view("late/0", state="starting", health=re.compile("probe"))
            with Stranger(app) as client:
                answer = client.invoke("pandora.hub", "online", {"process": "late", "instance": 0})
                self.assertEqual(answer["data"], [])
                # A stranger who calls himself so is not it.
                with Client(app.hub_socket, {"processName": "late"}) as stranger:
                    stranger.online()
                    answer = client.invoke("pandora.hub", "online", {"process": "late", "instance": 0})
                    self.assertEqual(answer["data"], [])
                self.assertNotIn("late ready", app.output())
                app.touch("go")
                app.wait_line("late ready")
                answer = client.invoke("pandora.hub", "online", {"process": "late", "instance": 0})
                self.assertEqual(answer["data"], [app.pid_of("late/0")])

    def test_one_that_never_comes_online_fails_with_that_reason(self):
        with App("  mute: {command: exec sleep 1000, readiness_probe: {hub: {}, period_seconds: 1,\n"
                 "         timeout_seconds: 20, failure_threshold: 2}, availability: {restart: 'no'}}") as app:
            app.wait_line("mute.*readiness failed 2x: it is not online at the hub")
            self.assertNotIn("mute ready", app.output())

    def test_liveness_asks_nothing_of_one_that_does_not_use_the_hub(self):
        with App("  mute: {command: exec sleep 1000, liveness_probe: {hub: {}, period_seconds: 1,\n"
                 "         failure_threshold: 1}}") as app:
            app.wait_view("mute/0", health="passing", restarts=0)

    def test_a_hub_that_is_replaced_ends_nobody_who_was_ready(self):
        with App(f"  web: {{command: exec {WORKER} web, readiness_probe: {self.PROBE}}}") as app:
            app.wait_line("web ready")
            os.kill(app.pid_of("hub/0"), signal.SIGKILL)
            app.wait_line(r"\bhub ready", count=2)
            app.wait_line(r"web +\| published", count=2)
            app.wait_view("web/0", state="ready", restarts=0)


class HubObject(unittest.TestCase):
    def setUp(self):
        self.records = []  # of the event `traffic`, that came last
        self.app = self.enterContext(App(f"  store: {{command: exec {WORKER} store, objects: [store]}}"))
        self.app.wait_line("store ready")
        self.client = self.enterContext(Stranger(self.app))

    def invoke(self, method, *params):
        return self.client.invoke("pandora.hub", method, *params)

    def test_clients_and_counters_are_told(self):
        self.assertTrue(self.client.invoke("store", "get")["success"])
        clients = {c["process"]: c for c in self.invoke("clients")["data"]["clients"]}
        self.assertEqual((clients["store"]["dialect"], clients["store"]["pid"]), ("legacy", self.app.pid_of("store/0")))
        self.assertEqual(clients["store"]["outstanding"], 0)
        self.assertTrue(clients["pandora"]["builtin"])
        stats = self.invoke("stats")["data"]
        self.assertGreaterEqual(stats["calls"]["ok"], 1)
        self.assertEqual(stats["by_process"]["store"]["calls"]["ok"], 1)
        self.assertIn("routes", self.invoke("help")["data"])
        self.assertEqual(self.app.metric("pandora_hub_process_calls_total", process="store", outcome="ok"), 1)
        self.assertEqual(self.app.metric("pandora_hub_process_connections", process="store"), 1)
        self.assertEqual(self.app.metric("pandora_hub_draining_instances"), 0)

    def test_wait_for_answers_when_somebody_is_there_and_not_for_ever(self):
        self.assertEqual(self.invoke("wait_for", "store")["data"], {"clients": 1})
        self.assertEqual(self.invoke("wait_for", "nobody", 50)["error"]["name"], "deadline")
        self.assertEqual(self.invoke("wait_for", 7)["error"]["name"], "TypeError")
        waiting = self.begin_wait(self.client, "late", timeout_ms=25_000)
        with Stranger(self.app) as late:
            late.publish("late")
            self.assertEqual(answer_to(self.client, waiting)["data"], {"clients": 1})

    @staticmethod
    def begin_wait(client, name, timeout_ms):
        """Asks the hub to wait for an object, longer than the call has time; the name of the answer."""
        asked = client.send(MESSAGE_UP, {"remote": {"objectName": "pandora.hub"}, "broadcast": False,
                                         "action": "OBJECT_ACTION_INVOKE", "propertyName": "wait_for",
                                         "data": [name, 24 * 3600 * 1000], "host": {}, "needReply": True,
                                         "timeout": timeout_ms})
        return f"response_callback_{asked}"

    def test_one_client_does_not_take_wait_for_from_others(self):
        with Stranger(self.app) as greedy:
            for _ in range(WAITS_MAX):
                self.begin_wait(greedy, "nobody", timeout_ms=25_000)
            self.assertEqual(greedy.invoke("pandora.hub", "wait_for", "nobody")["error"]["name"], "busy")
            self.assertEqual(self.invoke("wait_for", "store")["data"], {"clients": 1})
        self.assertEqual(self.invoke("wait_for", "x" * 17_000)["error"]["name"], "too_large")

    def test_wait_for_ends_with_the_call_that_asks_for_it(self):
        waiting = {self.begin_wait(self.client, "nobody", timeout_ms=100) for _ in range(WAITS_MAX)}
        while waiting:
            waiting.discard(self.client.receive()[1]["action"])
        self.assertEqual(self.invoke("wait_for", "store")["data"], {"clients": 1}, "there are places again")

    def record_of(self, monitor, fits):
        """The first record that fits, of those that come."""
        while True:
            for record in self.records:
                if fits(record):
                    return record
            _, body = monitor.receive()
            if body and body["data"].get("propertyName") == "callback":
                event, self.records = body["data"]["data"]
                self.assertEqual(event, "traffic")
                self.assertNotIn("traffic", {r["method"] for r in self.records}, "of itself it does not tell")

    def test_traffic_is_told_to_who_subscribes(self):
        with Stranger(self.app) as monitor:
            monitor.publish("pandora.hub@subscriber")
            monitor.request(MESSAGE_UP, {"remote": {"objectName": "pandora.hub"}, "action": "OBJECT_ACTION_SUBSCRIBE",
                                         "register": "traffic", "broadcast": False, "host": {}, "needReply": True})
            self.assertTrue(monitor.invoke("pandora.hub", "monitor", {"payload": True})["success"])
            self.assertTrue(self.client.invoke("store", "get", {"a": "b"})["success"])
            asked = self.record_of(monitor, lambda r: r["verb"] == "invoke" and r["object"] == "store")
            reply = self.record_of(monitor, lambda r: r["verb"] == "reply" and r["id"] == asked["id"])
        self.assertEqual((asked["method"], asked["payload"], asked["status"]), ("get", [{"a": "b"}], None))
        self.assertEqual((asked["to"]["process"], asked["from"]["process"]), ("store", None))
        self.assertEqual((reply["id"], reply["status"], reply["payload"]),
                         (asked["id"], "ok", self.app.pid_of("store/0")))
        self.assertEqual((reply["object"], reply["method"]), ("store", "get"))
        self.assertGreater(reply["duration_us"], 0)

    def test_what_is_between_hub_and_supervisor_is_closed_to_others(self):
        news = [{"process": "store", "instance": 0, "prospect": "gone", "ready": False, "cause": "a lie"}]
        self.assertEqual(self.invoke("heard", news)["error"]["name"], "denied")
        complaint = {"process": "store", "instance": 0, "pid": self.app.pid_of("store/0"), "unresponsive": True,
                     "ms": 1}
        for method, params in (("app", ()), ("config", (0,)), ("hub_unresponsive", (complaint,)),
                               ("config_changed", ({"text": "", "begins": True, "ends": True},))):
            reply = self.client.invoke("pandora.supervisor", method, *params)
            self.assertEqual(reply["error"]["name"], "denied", method)
        self.assertEqual(self.app.instances()["store/0"]["health"], "")


if __name__ == "__main__":
    sys.exit(unittest.main())
