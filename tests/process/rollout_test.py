"""Replacing a version that serves: nobody who calls or connects meanwhile notices, and a bad version is taken back."""

import os
import pathlib
import signal
import socket
import sys
import threading
import time
import unittest

from pandora import App, Changes, Client, DEADLINE_S, free_port, wait_until

FOLDER = pathlib.Path(__file__).resolve().parent
SERVING = f"exec {sys.executable} {FOLDER / 'graceful_worker.py'}"
PUBLISHING = f"exec {sys.executable} -u {FOLDER / 'publishing_worker.py'}"


def pids(app, process="web"):
    """{index: pid} of those that are ready."""
    views = [view for view in app.instances().values() if view["process"] == process and view["state"] == "ready"]
    return {view["instance"]: view["pid"] for view in views}


class Load:
    """`ask` over and over from several threads; whatever it raises is an error that a user would have seen."""

    def __init__(self, ask, threads=4):
        self.ask = ask
        self.answers = []
        self.errors = []
        self.stop = threading.Event()
        self.threads = [threading.Thread(target=self._run) for _ in range(threads)]

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self.stop.set()
        for thread in self.threads:
            thread.join(2 * DEADLINE_S)

    def _run(self):
        while not self.stop.is_set():
            try:
                self.answers.append(self.ask())
            except Exception as error:  # noqa: BLE001 - of whatever kind
                self.errors.append(error)
                return

    def wait_answers_of(self, wanted):
        """Each of them has answered from now on."""
        begin = len(self.answers)
        wait_until(lambda: self.errors or wanted <= set(self.answers[begin:]), f"answers of {wanted}")


class OverASocket(unittest.TestCase):
    def ask(self, port):
        with socket.create_connection(("127.0.0.1", port), DEADLINE_S) as connection:
            connection.sendall(b"who\n")
            data = b""
            while chunk := connection.recv(100):
                data += chunk
            return int(data)

    def test_no_connection_is_refused_or_reset_while_each_instance_is_replaced(self):
        port = free_port()
        with App(f"  web: {{command: {SERVING}, sockets: [http], replicas: 2, notify: true}}",
                 head=f"sockets: {{http: 127.0.0.1:{port}}}") as app:
            app.wait_line(r"web/\d ready", count=2)
            old = set(pids(app).values())
            with Load(lambda: self.ask(port)) as load:
                load.wait_answers_of(old)
                app.do("restart", "--rolling", "web")
                app.wait_line("rolling replace done")
                new = set(pids(app).values())
                load.wait_answers_of(new)
            self.assertEqual(load.errors, [])
            self.assertEqual((len(new), old & new), (2, set()))


class OverTheHub(unittest.TestCase):
    def test_no_call_fails_while_each_instance_is_drained_and_replaced(self):
        # The worker knows nothing of SIGTERM: what it has in hand when the signal comes is lost.
        with App(f"  web: {{command: {PUBLISHING} clock, objects: [clock], replicas: 2, environment: [TAKES=0.05],\n"
                 "        shutdown: {drain: 30s}}") as app:
            app.wait_line(r"web/\d ready", count=2)
            old = set(pids(app).values())
            mine = threading.local()

            def ask():
                if not hasattr(mine, "client"):
                    mine.client = self.enterContext(Client(app.hub_socket))
                    mine.client.online()
                reply = mine.client.invoke("clock", "get")
                if not reply["success"]:
                    raise AssertionError(reply)
                return reply["data"]

            with Load(ask) as load:
                load.wait_answers_of(old)
                app.do("restart", "--rolling", "web")
                app.wait_line("rolling replace done")
                new = set(pids(app).values())
                load.wait_answers_of(new)
            self.assertEqual(load.errors, [])
            self.assertEqual(old & new, set())
            self.assertNotIn("still in flight", app.output())


class Bounds(unittest.TestCase):
    """What every change of state shows, rather than samples."""

    def roll(self, rule):
        """The fewest that were ready, and the most that were there, during a rolling restart of three."""
        with App("  web: {command: 'sleep 0.1; echo up; exec sleep 1000', ready_log_line: up, replicas: 3,\n"
                 f"        rollout: {rule}}}") as app:
            app.wait_line(r"web/\d ready", count=3)
            before = set(pids(app).values())
            with Changes(app) as changes:
                app.do("restart", "--rolling", "web")
                app.wait_line("rolling replace done")
                app.do("stop", "web/0")
                seen = changes.until(instance=0, to="completed")
            self.assertTrue(before.isdisjoint(pids(app).values()))
        states = {n: "ready" for n in range(3)}
        fewest, most = 3, 3
        stop = max(n for n, change in enumerate(seen) if (change["instance"], change["to"]) == (0, "stopping"))
        for change in seen[:stop]:
            states[change["instance"]] = change["to"]
            fewest = min(fewest, list(states.values()).count("ready"))
            most = max(most, sum(state in ("starting", "ready", "stopping") for state in states.values()))
        self.assertEqual(list(states.values()).count("ready"), 3)
        return fewest, most

    def test_as_many_are_ready_and_as_few_too_many_as_the_procfile_says(self):
        for rule, fewest, most in (("{max_surge: 1, max_unavailable: 0}", 3, 4),
                                   ("{max_surge: 0, max_unavailable: 1}", 2, 3),
                                   ("{max_surge: 0, max_unavailable: 2}", 1, 3),
                                   ("{max_surge: 3, max_unavailable: 0}", 3, 6)):
            with self.subTest(rule):
                self.assertEqual(self.roll(rule), (fewest, most))


class BadVersions(unittest.TestCase):
    """From when on `bad` is there, a new run never gets ready."""

    def start(self, bad, rule="{}"):
        return self.enterContext(App(
            f"  web: {{command: 'test -e bad && {bad}; echo up; exec sleep 1000', ready_log_line: up, replicas: 2,\n"
            f"        start_timeout: 2s, rollout: {rule}}}"))

    def check_taken_back(self, bad, why, told):
        app = self.start(bad)
        app.wait_line(r"web/\d ready", count=2)
        old = pids(app)
        app.touch("bad")
        begin = time.monotonic()
        done = app.command("restart", "--rolling", "web")
        self.assertEqual(done.returncode, 1, done.stdout)
        self.assertLess(time.monotonic() - begin, DEADLINE_S)
        self.assertRegex(done.stderr, "web/0 was not replaced: the rolling replace was taken back; " + told)
        app.wait_line(f"rolling replace taken back: {why}")
        wait_until(lambda: pids(app) == old, "the old ones alone")
        self.assertEqual([view["state"] for view in app.instances().values() if view["process"] == "web"],
                         ["ready", "ready"])
        (app.folder / "bad").unlink()
        app.do("restart", "--rolling", "web")
        app.wait_line("rolling replace done")
        self.assertTrue(set(old.values()).isdisjoint(pids(app).values()))

    def test_one_that_does_not_get_ready_is_taken_back_and_the_old_ones_go_on(self):
        self.check_taken_back("exec sleep 1000", "its new instance 2 (failed|was not ready within 2 s)",
                              "(web/2 failed: .+|`pandora run` has said why)\n")

    def test_one_that_fails_is_taken_back_and_the_old_ones_go_on(self):
        self.check_taken_back("exit 3", "its new instance 2 failed", "web/2 failed: exit 3")

    def test_without_surge_the_first_that_fails_ends_it(self):
        app = self.start("exit 3", "{max_surge: 0, max_unavailable: 1}")
        app.wait_line(r"web/\d ready", count=2)
        old = pids(app)
        app.touch("bad")
        done = app.command("restart", "--rolling", "web")
        self.assertEqual(done.returncode, 1)
        self.assertRegex(done.stderr,
                         r"web/0 failed: exit 3\n.*web/1 was not replaced: .*taken back; web/0 failed: exit 3")
        app.wait_line("rolling replace taken back: its new instance 0 failed")
        self.assertEqual(pids(app), {1: old[1]})


class Scale(unittest.TestCase):
    def test_it_goes_by_index_and_each_keeps_its_number(self):
        with App("  web: {command: 'echo I am $PC_REPLICA_NUM of $PANDORA_INSTANCE; exec sleep 1000'}") as app:
            first = pids(app)
            app.do("scale", "web", "4")
            four = pids(app)
            self.assertEqual((list(four), four[0]), ([0, 1, 2, 3], app.pid_of("web/0")))
            for n in (1, 2, 3):
                app.wait_line(rf"web/{n} +\| I am {n} of {n}$")
            app.do("scale", "web", "2")
            self.assertEqual(pids(app), {n: four[n] for n in (0, 1)})
            self.assertNotIn("web/2", app.instances())
            os.kill(four[1], signal.SIGKILL)
            app.wait_line("web/1 ended: SIGKILL")
            app.do("start", "web/1")
            app.wait_line(r"web/1 +\| I am 1 of 1$", count=2)
            app.do("scale", "web", "3")
            app.wait_line(r"web/2 +\| I am 2 of 2$", count=2)
            self.assertTrue(first.items() <= pids(app).items())

    def test_what_leaves_is_no_matter_to_those_that_stay(self):
        deaf = "trap \"\" TERM; echo armed; while :; do sleep 0.05; done"
        with App(f"  web: {{command: '{deaf}', ready_log_line: armed, replicas: 2, shutdown: {{timeout: 3s}}}}") as app:
            app.wait_view("web/1", state="ready")
            app.do("scale", "web", "1", "--no-wait")
            self.assertEqual(app.do("start", "web"), f"web/0 ready, pid {app.pid_of('web/0')}\n")
            self.assertEqual(app.ps("web/1")["state"], "stopping")
            self.assertIn("web/1 gone", app.do("reload", "web"))


if __name__ == "__main__":
    sys.exit(unittest.main())
