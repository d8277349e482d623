"""Draining: the hub keeps new calls away from an instance and tells when what it has in hand is done.

The first class runs the hub process alone, with a supervisor made of this test, so that each step can be seen.
"""

import fcntl
import os
import pathlib
import select
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import unittest

from pandora import BINARY, DEADLINE_S, App, Client, wait_until

WORKER = pathlib.Path(__file__).resolve().parent / "publishing_worker.py"
MESSAGE = "PANDORA_HUB_ACTION_MSG_DOWN"


class Connection(Client):
    """A client over a connected socket or a path, that can look without waiting."""

    def __init__(self, path_or_socket, location=None):
        if isinstance(path_or_socket, socket.socket):
            self.location, self.id, self.socket = location or {}, 0, path_or_socket
        else:
            super().__init__(path_or_socket, location)

    def begin(self, name, method, *params, timeout_ms=60_000):
        """Calls without waiting; the id of the call."""
        return self.send("PANDORA_HUB_ACTION_MSG_UP",
                         {"remote": {"objectName": name}, "action": "OBJECT_ACTION_INVOKE", "broadcast": False,
                          "propertyName": method, "data": list(params), "host": self.location, "needReply": True,
                          "timeout": timeout_ms})

    def has_input(self, timeout_s=0.0):
        return bool(select.select([self.socket], [], [], timeout_s)[0])

    def next_call(self):
        while True:
            number, body = self.receive()
            if body and body["action"] == MESSAGE:
                return number, body["data"]

    def answer(self, number, call, data):
        self.send(f"response_callback_{number}",
                  {"host": self.location, "remote": call.get("host"), "success": True, "data": data})

    def outcome(self, number):
        while True:
            _, body = self.receive()
            if body and body["action"] == f"response_callback_{number}":
                return body["data"]


class Supervisor(Connection):
    """The supervisor's end of the link: says of each connection what `identity` is when it comes, and knows of an app
    without promises, rules and kept configuration."""

    KNOWN = {"app": {"promises": {}, "policy": [], "strict": False, "instances": []},
             "config": {"text": "", "begins": True, "ends": True}}

    def __init__(self, link):
        super().__init__(link)
        self.identity = None
        self.answers = {}
        self.online()
        self.publish("pandora.supervisor")
        self.thread = threading.Thread(target=self._serve, daemon=True)
        self.thread.start()

    def _serve(self):
        try:
            while True:
                number, body = self.receive()
                if body["action"].startswith("response_callback_"):
                    self.answers[int(body["action"].rpartition("_")[2])] = body["data"]
                elif body["action"] == MESSAGE and body["data"].get("propertyName") == "who_is":
                    self.answer(number, body["data"], self.identity)
                elif body["action"] == MESSAGE and body["data"].get("needReply"):
                    self.answer(number, body["data"], self.KNOWN.get(body["data"].get("propertyName")))
        except (ConnectionError, OSError):
            pass  # the hub has ended

    def answer_to(self, number):
        return wait_until(lambda: self.answers.get(number), f"the answer to call {number}")

    def drain(self, process, instance, timeout_ms):
        return self.begin("pandora.hub", "drain", {"process": process, "instance": instance}, timeout_ms)

    def undrain(self, process, instance):
        return self.answer_to(self.begin("pandora.hub", "undrain", {"process": process, "instance": instance}))


class HubAlone:
    """`pandora broker` with descriptors of this test's making."""

    def __enter__(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="pandora-test-"))
        self.path = self.folder / "hub.sock"
        listener = socket.socket(socket.AF_UNIX)
        listener.bind(str(self.path))
        listener.listen()
        http = socket.create_server(("127.0.0.1", 0))
        ours, theirs = socket.socketpair()
        ours.settimeout(DEADLINE_S)
        # Out of the way of 3, 4 and 5, where they have to arrive.
        passed = [fcntl.fcntl(s.fileno(), fcntl.F_DUPFD, 20) for s in (listener, theirs, http)]
        script = f'exec "$@" 3<&{passed[0]} 4<&{passed[1]} 5<&{passed[2]}'
        self.process = subprocess.Popen(
            ["bash", "-c", script, "-", BINARY, "broker", "t", str(os.getuid()), str(1 << 24), "5000", "10000"],
            pass_fds=passed, stdin=subprocess.DEVNULL)
        for fd in passed:
            os.close(fd)
        for each in (listener, theirs, http):
            each.close()
        self.supervisor = Supervisor(ours)
        self.clients = []
        return self

    def __exit__(self, *_):
        for client in self.clients:
            client.socket.close()
        self.supervisor.socket.shutdown(socket.SHUT_RDWR)
        try:
            self.process.wait(DEADLINE_S)
        finally:
            self.process.kill()
            self.supervisor.socket.close()
            shutil.rmtree(self.folder)

    def connect(self, process=None, instance=0, publishes=None):
        self.supervisor.identity = process and {"app": "t", "process": process, "instance": instance}
        client = Connection(self.path, {"processName": process or "stranger"})
        self.clients.append(client)
        client.online()
        if publishes:
            client.publish(publishes)
        return client

    def draining(self):
        """The instances whose connections are marked."""
        table = self.connect().invoke("pandora.hub", "routes")["data"]
        return sorted({(r["process"], r["instance"]) for r in table if r["draining"]})


class Hub(unittest.TestCase):
    def setUp(self):
        self.hub = self.enterContext(HubAlone())
        self.supervisor = self.hub.supervisor
        self.workers = [self.hub.connect("web", n, publishes="clock") for n in (0, 1)]
        self.caller = self.hub.connect()

    def begin_call(self):
        """A call that is in somebody's hands: (call id, index of that worker, frame, message)."""
        call = self.caller.begin("clock", "get")
        sockets = {worker.socket: index for index, worker in enumerate(self.workers)}
        index = sockets[select.select(list(sockets), [], [], DEADLINE_S)[0][0]]
        return (call, index, *self.workers[index].next_call())

    def begin_drain(self, instance, timeout_ms=60_000):
        drain = self.supervisor.drain("web", instance, timeout_ms)
        wait_until(lambda: self.hub.draining() == [("web", instance)], "the drain has begun")
        return drain

    def test_new_calls_go_to_the_other_and_the_drain_ends_with_the_call_in_flight(self):
        in_flight, busy, frame, message = self.begin_call()
        other = self.workers[1 - busy]
        drain = self.begin_drain(busy)

        for _ in range(20):
            call = self.caller.begin("clock", "get")
            number, asked = other.next_call()
            other.answer(number, asked, "other")
            self.assertEqual(self.caller.outcome(call)["data"], "other")
        self.assertFalse(self.workers[busy].has_input())
        self.assertNotIn(drain, self.supervisor.answers)

        self.workers[busy].answer(frame, message, "late but right")
        self.assertEqual(self.caller.outcome(in_flight)["data"], "late but right")
        self.assertEqual(self.supervisor.answer_to(drain)["data"], {"drained": True, "in_flight": 0})

    def test_a_drain_that_takes_too_long_tells_what_is_left(self):
        _, busy, _, _ = self.begin_call()
        answer = self.supervisor.answer_to(self.supervisor.drain("web", busy, 50))
        self.assertEqual(answer["data"], {"drained": False, "in_flight": 1})
        self.assertEqual(self.hub.draining(), [("web", busy)], "until the supervisor says that it is over")

    def test_who_is_not_there_is_drained_at_once(self):
        answer = self.supervisor.answer_to(self.supervisor.drain("nobody", 7, 60_000))
        self.assertEqual(answer["data"], {"drained": True, "in_flight": 0})

    def test_an_instance_that_comes_back_is_served_once_the_drain_is_over(self):
        _, busy, _, _ = self.begin_call()
        self.begin_drain(busy)
        self.workers[busy].socket.close()
        again = self.hub.connect("web", busy, publishes="clock")
        self.assertEqual(self.hub.draining(), [("web", busy)])
        self.supervisor.undrain("web", busy)
        self.assertEqual(self.hub.draining(), [])
        self.caller.begin("clock", "get")  # whoever gets it has one more to do than the other, who gets the next
        self.caller.begin("clock", "get")
        self.assertEqual(again.next_call()[1]["propertyName"], "get")

    def test_the_only_one_left_is_still_called(self):
        self.workers.pop().socket.close()
        self.begin_drain(0)
        self.assertEqual(self.begin_call()[1], 0)

    def test_nobody_but_the_supervisor_may_drain(self):
        web = {"process": "web", "instance": 0}
        for client in (self.caller, self.workers[0]):
            for method, params in (("drain", (web, 1000)), ("undrain", (web,))):
                reply = client.invoke("pandora.hub", method, *params)
                self.assertEqual(reply["error"]["name"], "denied")
        self.assertEqual(self.hub.draining(), [])

    def test_nonsense_is_refused(self):
        for params in ([], [7, 1000], [{"process": "web"}, 1], [{"process": "web", "instance": -1}, 1],
                       [{"process": "web", "instance": 0}], [{"process": "web", "instance": 0}, -1],
                       [{"process": "web", "instance": 0}, 1e300]):
            answer = self.supervisor.answer_to(self.supervisor.begin("pandora.hub", "drain", *params))
            self.assertEqual(answer["error"]["name"], "TypeError", params)


class Supervised(unittest.TestCase):
    def test_a_worker_is_stopped_only_when_its_call_is_answered(self):
        worker = f"{sys.executable} -u {WORKER}"
        with App(f"  slow: {{command: exec {worker} clock, objects: [clock], environment: [TAKES=1.5],\n"
                 "         shutdown: {drain: 30s}}") as app:
            app.wait_line("slow ready")
            with Connection(app.hub_socket, {}) as caller:
                call = caller.begin("clock", "get")
                app.wait_line(r"\| asked")
                stop = subprocess.run([BINARY, "stop", "slow"], capture_output=True, text=True, timeout=DEADLINE_S,
                                      env=dict(app.environment, PANDORA_HUB_SOCKET=str(app.hub_socket)), check=False)
                self.assertEqual(stop.returncode, 0, stop.stderr)
                reply = caller.outcome(call)
                self.assertTrue(reply["success"], reply)


if __name__ == "__main__":
    sys.exit(unittest.main())
