"""The hub's edge from outside: its socket file, its descriptors, floods, and who a process is."""

import array
import os
import pathlib
import resource
import shutil
import socket
import struct
import subprocess
import sys
import tempfile
import time
import unittest

from hub_process import Hub
from pandora import BINARY, DEADLINE_S, App, wait_until

HERE = pathlib.Path(__file__).resolve().parent
WORKER = f"{sys.executable} {HERE}/publishing_worker.py"

# Goes to the background, in a session of its own, and ends when the master has heard of it (sd_notify_barrier(3));
# what is left connects when it is nobody's child.
NAMED_DAEMON = f"""
import os, socket, time
reader, writer = os.pipe()
child = os.fork()
if child:
    os.read(reader, 1)
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notify:
        notify.connect(os.environ["NOTIFY_SOCKET"])
        notify.send(b"MAINPID=%d" % child)
        socket.send_fds(notify, [b"BARRIER=1"], [writer])
    os.close(writer)
    os.read(reader, 1)
    os._exit(0)
parent = os.getppid()
os.setsid()
os.write(writer, b"s")
os.close(writer)
while os.getppid() == parent:
    time.sleep(0.01)
os.execlp("sh", "sh", "-c", "exec {WORKER} named")
"""

# The same without a word: in the background, in a session of its own, and it connects when it is nobody's child.
STRAY = f"""
import os, time
parent = os.getpid()
if os.fork():
    os._exit(0)
os.setsid()
while os.getppid() == parent:
    time.sleep(0.01)
os.execlp("sh", "sh", "-c", "exec {WORKER} stray")
"""


def connect(path):
    client = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    client.connect(str(path))  # as long as it takes: with a time it would not wait for room among the connecting
    client.settimeout(DEADLINE_S)
    return client


def ask(client):
    """Whether the hub answers a call on this connection."""
    body = (b'{"action":"PANDORA_HUB_ACTION_MSG_UP","data":{"remote":{"objectName":"nobody"},"broadcast":false,'
            b'"needReply":true}}')
    try:
        client.sendall(struct.pack(">BII", 0, 1, len(body)) + body)
        return b"Cannot found any clients" in client.recv(65536)
    except (BrokenPipeError, ConnectionResetError):
        return False


class Edge(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="pandora-test-"))
        self.addCleanup(shutil.rmtree, self.folder)
        self.path = self.folder / "hub.sock"
        self.clients = []
        self.addCleanup(lambda: [client.close() for client in self.clients])

    def connect(self):
        self.clients.append(connect(self.path))
        return self.clients[-1]

    def refused(self, path=None):
        """What a second hub says that is not to start."""
        done = subprocess.run([BINARY, "hub", "serve", "--socket", str(path or self.path)], capture_output=True,
                              text=True, timeout=DEADLINE_S)
        self.assertNotEqual(done.returncode, 0)
        return done.stderr


class SocketFile(Edge):
    def test_one_that_a_killed_hub_left_is_replaced(self):
        with Hub(self.path) as hub:
            hub.process.kill()
            hub.process.wait(DEADLINE_S)
        self.assertTrue(self.path.exists())
        with Hub(self.path):
            self.assertTrue(ask(self.connect()))
        self.assertFalse(self.path.exists())

    def test_a_live_one_is_left_alone(self):
        with Hub(self.path):
            there = self.connect()
            self.assertIn("another hub serves", self.refused())
            self.assertTrue(ask(there))
            self.assertTrue(ask(self.connect()))

    def test_one_that_somebody_else_listens_on_is_left_alone(self):
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as other:
            other.bind(str(self.path))
            other.listen()
            self.assertIn(str(self.path), self.refused())
            connect(self.path).close()

    def test_what_is_no_socket_is_left_alone(self):
        self.path.write_text("precious")
        self.assertIn(str(self.path), self.refused())
        self.assertEqual(self.path.read_text(), "precious")

    def test_a_successors_is_not_removed_at_the_end(self):
        with Hub(self.path), socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as successor:
            successor.bind(str(self.folder / "new"))
            successor.listen()
            os.rename(self.folder / "new", self.path)
            inode = self.path.stat().st_ino
        self.assertEqual(self.path.stat().st_ino, inode)

    def test_one_that_was_taken_away_harms_nobody_who_is_there(self):
        with Hub(self.path) as hub:
            there = self.connect()
            self.assertTrue(ask(there))
            self.path.unlink()
            self.assertTrue(ask(there))
        self.assertEqual(hub.process.returncode, 0)

    def test_only_its_owner_can_reach_it(self):
        before = os.umask(0)
        self.addCleanup(os.umask, before)
        with Hub(self.path):
            self.assertEqual(self.path.stat().st_mode & 0o777, 0o600)


class Descriptors(Edge):
    def test_the_hub_takes_all_that_it_may_have(self):
        with Hub(self.path, descriptors_max=(48, 256)) as hub:
            limits = pathlib.Path(f"/proc/{hub.process.pid}/limits").read_text()
            self.assertRegex(limits, r"Max open files +256 +256")
            for _ in range(100):
                self.assertTrue(ask(self.connect()))

    def test_who_comes_when_there_are_none_left_learns_it_at_once_and_the_others_are_served(self):
        with Hub(self.path, descriptors_max=(64, 64), metrics=True) as hub:
            served = [client for client in (self.connect() for _ in range(100)) if ask(client)]
            self.assertGreaterEqual(len(served), 20)
            self.assertLessEqual(len(served), 64 - 32)
            self.assertLess(len(hub.descriptors()), 64)
            self.assertEqual(hub.metric("pandora_hub_disconnects_total", reason="too_many"), 100 - len(served))
            self.assertTrue(all(ask(client) for client in served))

            for client in served[:5]:
                client.close()
            wait_until(lambda: ask(self.connect()), "room for others")

    def test_a_limit_that_is_below_what_the_hub_needs_does_not_end_it(self):
        with Hub(self.path, descriptors_max=(24, 24)) as hub:
            served = [client for client in (self.connect() for _ in range(100)) if ask(client)]
            self.assertGreaterEqual(len(served), 1)
            self.assertTrue(all(ask(client) for client in served))
            self.assertIsNone(hub.process.poll())

    def test_those_that_strangers_send_are_closed(self):
        with Hub(self.path) as hub, open("/dev/null", "rb") as null:
            client = self.connect()
            self.assertTrue(ask(client))
            before = len(hub.descriptors())
            fds = array.array("i", [null.fileno()] * 200)
            for _ in range(50):  # of no length: nothing to answer
                client.sendmsg([struct.pack(">BII", 0x28, 1, 0)], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, fds)])
            self.assertTrue(ask(client))
            self.assertEqual(len(hub.descriptors()), before)
            self.assertGreaterEqual(hub.count("dropped", "descriptors"), 1)


class Flood(Edge):
    def test_a_user_that_connects_without_end_is_turned_away_and_who_is_there_is_served(self):
        with Hub(self.path, metrics=True) as hub:
            there = self.connect()
            self.assertTrue(ask(there))
            slowest = 0.0
            for n in range(60_000):
                connect(self.path).close()
                if n % 500 == 0:
                    begin = time.monotonic()
                    self.assertTrue(ask(there))
                    slowest = max(slowest, time.monotonic() - begin)
                    if hub.metric("pandora_hub_disconnects_total", reason="too_fast"):
                        break
            else:
                self.fail("nobody was turned away")
            self.assertLess(slowest, 10)
            wait_until(lambda: ask(self.connect()), "the debt is paid by waiting")

    def test_a_thousand_workers_may_come_at_once(self):
        before = resource.getrlimit(resource.RLIMIT_NOFILE)
        hard = before[1]
        if hard < 1400:
            self.skipTest("the machine allows too few descriptors")
        self.addCleanup(resource.setrlimit, resource.RLIMIT_NOFILE, before)
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
        with Hub(self.path, descriptors_max=(hard, hard)):
            clients = [self.connect() for _ in range(1000)]
            self.assertTrue(all(ask(client) for client in clients))


class Silence(Edge):
    def test_a_frame_that_is_not_completed_ends_its_connection_and_no_other(self):
        with Hub(self.path) as hub:
            slow, silent = self.connect(), self.connect()
            begin = time.monotonic()
            slow.sendall(struct.pack(">BII", 0, 1, 1000))
            slow.settimeout(0.5)
            ended = False
            while not ended and time.monotonic() - begin < 60:
                try:
                    slow.sendall(b" ")  # a byte now and then does not help
                    ended = slow.recv(1) == b""
                except (BrokenPipeError, ConnectionResetError):
                    ended = True
                except TimeoutError:
                    pass
            self.assertTrue(ended)
            self.assertGreater(time.monotonic() - begin, 29)
            self.assertEqual(hub.count("disconnects", "frame_timeout"), 1)
            self.assertTrue(ask(silent), "who says nothing at all may stay")


class Ancestors(unittest.TestCase):
    """Who connects is the worker that it descends from."""

    def route_of(self, app, name):
        """The route of the connection that has published the object."""
        def found():
            for route in app.routes():
                if any(selector.get("objectName") == name for selector in route["selectors"]):
                    return route
            return None
        app.wait_line("hub ready")
        return wait_until(found, f"a route of {name}")

    def test_a_grandchild_in_the_background_is_the_worker(self):
        with App(f"  web: {{command: \"sh -c '{WORKER} deep & wait' & wait\", replicas: 1}}\n"
                 "  other: {command: exec sleep 1000}") as app:
            route = self.route_of(app, "deep")
            self.assertEqual((route["process"], route["instance"]), ("web", 0))
            self.assertNotEqual(route["pid"], app.pid_of("web/0"))

    def test_so_is_one_whose_parent_has_ended(self):
        with App(f"  web: {{command: \"sh -c '{WORKER} orphan &'; exec sleep 1000\"}}") as app:
            route = self.route_of(app, "orphan")
            self.assertEqual(route["process"], "web")

    def test_so_is_a_process_of_its_own_session_below_the_worker(self):
        with App(f"  web: {{command: \"setsid {WORKER} apart & wait\"}}") as app:
            self.assertEqual(self.route_of(app, "apart")["process"], "web")

    def test_a_daemon_that_has_left_everything_is_nobody(self):
        """It came to the master by adoption alone, which proves nothing."""
        with App(f"  web: {{command: {sys.executable} stray.py; exec sleep 1000}}", files={"stray.py": STRAY}) as app:
            self.assertIsNone(self.route_of(app, "stray")["process"])

    def test_a_daemon_that_the_worker_has_named_is_the_worker(self):
        with App(f"  web: {{command: exec {sys.executable} named.py}}", files={"named.py": NAMED_DAEMON}) as app:
            route = self.route_of(app, "named")
            self.assertEqual(route["process"], "web")
            self.assertEqual(os.getsid(route["pid"]), route["pid"])

    def test_what_a_hook_leaves_behind_is_no_worker(self):
        with App("  web:\n    command: exec sleep 1000\n    hooks:\n"
                 f"      before_start: setsid {WORKER} left > /dev/null 2>&1 &") as app:
            self.assertIsNone(self.route_of(app, "left")["process"])


if __name__ == "__main__":
    sys.exit(unittest.main())
