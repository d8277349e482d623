"""The hub as a child of the master: identity, readiness by publishing, and its death."""

import os
import re
import signal
import subprocess
import sys
import time
import unittest

from pandora import App, Client, MEMORY_FACTOR, is_gone, wait_until

HERE = os.path.dirname(os.path.abspath(__file__))
WORKER = f"{sys.executable} {HERE}/publishing_worker.py"


def worker(name, extra=""):
    return f"  {name}: {{command: 'exec {WORKER} {name}', objects: [{name}] {extra}}}"


class Readiness(unittest.TestCase):
    def test_a_worker_is_ready_once_it_has_published_what_it_promised(self):
        with App(worker("store", ", environment: [DELAY=0.5]") + "\n"
                 "  web: {command: exec sleep 1000, depends_on: {store: {condition: process_healthy}}}") as app:
            app.wait_line(r"store +\| published")
            app.wait_line("web ready")
            said = list(app.lines)
            at = {word: next(n for n, line in enumerate(said) if word in line) for word in ("store ready", "web ready")}
            self.assertLess(at["store ready"], at["web ready"])

    def test_a_promise_that_is_not_kept_keeps_the_dependents_waiting(self):
        with App("  store: {command: exec sleep 1000, objects: [store]}\n"
                 "  web: {command: exec sleep 1000, depends_on: {store: {condition: process_healthy}}}") as app:
            wait_until(lambda: app.instances()["store/0"]["up"], "store runs")
            states = {name: i["state"] for name, i in app.instances().items()}
            self.assertEqual((states["store/0"], states["web/0"]), ("starting", "pending"))


class Liveness(unittest.TestCase):
    def test_a_hub_that_hangs_without_dying_is_replaced_and_no_worker_notices(self):
        with App("  web: {command: exec sleep 1000}") as app:
            app.wait_line("web ready")
            before = app.instances()
            os.kill(before["hub/0"]["pid"], signal.SIGSTOP)
            app.wait_line("hub: does not answer; killing it")
            app.wait_line("hub ready", count=2)
            after = app.instances()
            self.assertNotEqual(after["hub/0"]["pid"], before["hub/0"]["pid"])
            self.assertEqual(after["web/0"]["pid"], before["web/0"]["pid"])


class Identity(unittest.TestCase):
    def test_it_comes_from_the_kernel_whatever_the_client_says(self):
        with App(worker("store", ", environment: [CLAIM=somebody-else]")) as app:
            app.wait_line("store ready")
            route = app.routes()[0]
            self.assertEqual((route["process"], route["instance"], route["pid"]), ("store", 0, app.pid_of("store/0")))
            self.assertEqual(route["selectors"][0], {"initialization": True})
            self.assertEqual(route["selectors"][1]["processName"], "somebody-else")

    def test_a_child_of_a_worker_is_the_worker(self):
        with App(f"  web: {{command: '{WORKER} web; echo never', replicas: 2}}") as app:
            app.wait_line(r"\bhub ready")
            wait_until(lambda: len(app.routes()) == 2, "both are connected")
            self.assertEqual(sorted((r["process"], r["instance"]) for r in app.routes()), [("web", 0), ("web", 1)])

    def test_a_stranger_is_nobody(self):
        with App("  web: {command: exec sleep 1000}") as app:
            app.wait_line("web ready")
            with Client(app.hub_socket, {"processName": "web"}) as client:
                client.online()
                self.assertEqual([r["process"] for r in app.routes()], [None])

    def test_only_the_hub_may_say_that_something_was_published(self):
        with App("  web: {command: exec sleep 1000, objects: [web]}") as app:
            wait_until(lambda: app.instances()["web/0"]["up"], "web runs")
            with Client(app.hub_socket) as client:
                reply = client.invoke("pandora.supervisor", "object_published", app.pid_of("web/0"), "web")
            self.assertFalse(reply["success"])
            self.assertEqual(reply["error"]["name"], "denied")
            self.assertEqual(app.instances()["web/0"]["state"], "starting")


class HostileCalls(unittest.TestCase):
    """To the objects that hub and master publish themselves: no stranger's frame may end either."""

    def attack(self, head, *frames):
        with App("  web: {command: exec sleep 1000, replicas: 20}", head=head) as app:
            app.wait_line("web/19 ready")
            for name, host in frames:
                with Client(app.hub_socket) as client:
                    client.online()
                    data = ('{"remote":{"objectName":"%s"},"action":"OBJECT_ACTION_INVOKE","broadcast":false,'
                            '"propertyName":"nothing","data":[],"host":%s,"needReply":true}' % (name, host))
                    body = b'{"action":"PANDORA_HUB_ACTION_MSG_UP","data":' + data.encode() + b"}"
                    client.send_raw(body)
                    client.receive()
            self.assertEqual(app.instances()["hub/0"]["restarts"], 0)
            self.assertEqual(app.routes(), [])
            self.assertIn('"status":"ok"', app.http("/health"))

    def test_a_frame_of_the_largest_size(self):
        largest = '"' + "x" * (16 * 1024 * 1024 - 250) + '"'
        self.attack("", ("pandora.hub", largest), ("pandora.supervisor", largest))

    def test_labels_that_grow_when_they_are_sent_back(self):
        growing = "[" + ",".join(["9e9"] * 2_500_000) + "]"
        self.attack("", ("pandora.supervisor", growing), ("pandora.hub", growing))

    def test_the_supervisors_own_answers_pass_a_small_frame_limit(self):
        self.attack("hub: {max_frame: 1KiB}")

    def test_a_flood_of_questions_costs_the_master_no_memory(self):
        with App("  web: {command: exec sleep 1000, replicas: 50}") as app:
            app.wait_line("web/49 ready")
            with Client(app.hub_socket) as client:
                client.online()
                for _ in range(20000):
                    client.send("PANDORA_HUB_ACTION_MSG_UP",
                                {"remote": {"objectName": "pandora.supervisor"}, "action": "OBJECT_ACTION_INVOKE",
                                 "broadcast": False, "propertyName": "list", "data": [], "host": {}})
            self.assertTrue(app.instances()["web/0"]["up"])
            with open(f"/proc/{app.master.pid}/status", encoding="utf-8") as file:
                resident_kb = next(int(line.split()[1]) for line in file if line.startswith("VmHWM"))
            self.assertLess(resident_kb, 200_000 * MEMORY_FACTOR)


class HubDeath(unittest.TestCase):
    def test_a_killed_hub_is_back_and_no_worker_was_restarted(self):
        with App(worker("store") + f"\n  caller: {{command: exec {WORKER} caller store}}") as app:
            app.wait_line(r"caller +\| answer")
            before = app.instances()
            os.kill(before["hub/0"]["pid"], signal.SIGKILL)
            app.wait_line("hub ended: SIGKILL")
            app.wait_line(r"\bhub ready", count=2)
            app.wait_line(r"store +\| published", count=2)
            answers = app.output().count("| answer")
            app.wait_line(r"caller +\| answer", count=answers + 3)
            after = app.instances()
            for name in ("store/0", "caller/0"):
                self.assertEqual((after[name]["pid"], after[name]["restarts"]), (before[name]["pid"], 0))
            self.assertEqual(after["hub/0"]["restarts"], 1)
            self.assertEqual(app.metric("pandora_process_restarts_total", process="hub", replica="0"), 1)

    def test_the_hub_of_a_root_master_runs_without_root(self):
        if os.geteuid() != 0:
            self.skipTest("only a root master changes the hub's user")
        with App("  web: {command: exec sleep 1000}") as app:
            with open(f"/proc/{app.pid_of('hub/0')}/status", encoding="utf-8") as file:
                status = dict(line.rstrip("\n").split(":\t", 1) for line in file if ":\t" in line)
            self.assertNotIn("0", status["Uid"].split())
            self.assertEqual(status["NoNewPrivs"], "1")
            self.assertEqual(status["CapEff"], "0000000000000000")


class Metrics(unittest.TestCase):
    def test_promtool_finds_nothing_to_say(self):
        with App(worker("store") + f"\n  caller: {{command: exec {WORKER} caller store}}") as app:
            app.wait_line(r"caller +\| answer")
            done = subprocess.run(["promtool", "check", "metrics"], input=app.http("/metrics"),
                                  capture_output=True, text=True)
            self.assertEqual((done.returncode, done.stdout + done.stderr), (0, ""))

    def test_calls_are_counted_and_timed(self):
        with App(worker("store") + f"\n  caller: {{command: exec {WORKER} caller store}}") as app:
            app.wait_line(r"caller +\| answer", count=5)
            text = app.http("/metrics")
            self.assertGreaterEqual(app.metric("pandora_hub_calls_total", outcome="ok"), 5)
            timed = re.search(r"pandora_hub_call_duration_seconds_count{.*} (\d+)", text)
            self.assertGreaterEqual(float(timed.group(1)), 5)
            self.assertGreaterEqual(app.metric("pandora_hub_connections"), 4)
            for name in ("cpu_seconds_total", "resident_memory_bytes", "open_fds", "start_time_seconds"):
                self.assertIsNotNone(app.metric(f"pandora_process_{name}", process="store", replica="0"), name)

    def test_health_follows_the_processes(self):
        with App("  web: {command: exec sleep 1000}\n  job: {command: exit 1}") as app:
            app.wait_line("job ended")
            import urllib.error
            with self.assertRaises(urllib.error.HTTPError) as raised:
                app.http("/health")
            self.assertEqual(raised.exception.code, 503)
            raised.exception.close()

    def test_a_call_to_a_worker_that_dies_ends_at_once_with_the_reason(self):
        with App(worker("store", ", environment: [HANG=1]")) as app:
            app.wait_line("store ready")
            with Client(app.hub_socket) as client:
                client.online()
                asked = client.send("PANDORA_HUB_ACTION_MSG_UP",
                                    {"remote": {"objectName": "store"}, "action": "OBJECT_ACTION_INVOKE",
                                     "broadcast": False, "propertyName": "get", "data": [], "host": {},
                                     "needReply": True, "timeout": 25000})
                app.wait_line(r"store +\| asked")
                begin = time.monotonic()
                os.kill(app.pid_of("store/0"), signal.SIGKILL)
                _, body = client.receive()
                self.assertEqual(body["action"], f"response_callback_{asked}")
                self.assertEqual(body["data"]["error"]["name"], "PandoraPeerGoneError")
                self.assertLess(time.monotonic() - begin, 15, "not at the deadline of 25 s")


if __name__ == "__main__":
    sys.exit(unittest.main())
