"""The hub's edge from outside: its socket file, its descriptors, floods, and who a process is."""

import array
import os
import pathlib
import re
import resource
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import time
import unittest
import urllib.request

from pandora import BINARY, DEADLINE_S, App, Client, wait_until

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


class Served:
    """One `pandora hub serve`, with limits of descriptors of its own."""

    def __init__(self, path, soft=None, hard=None):
        self.path = pathlib.Path(path)
        self.limits = (soft, hard)
        self.server = None
        self.port = None

    def __enter__(self):
        def limit():
            if self.limits != (None, None):
                resource.setrlimit(resource.RLIMIT_NOFILE, self.limits)

        self.server = subprocess.Popen([BINARY, "hub", "serve", "--socket", str(self.path), "--metrics", "127.0.0.1:0"],
                                       stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, preexec_fn=limit)
        for line in self.server.stdout:
            if match := re.search(r"metrics on port (\d+)", line):
                self.port = int(match[1])
            if line.startswith("hub on"):
                return self
        raise AssertionError(f"the hub ended with {self.server.wait(DEADLINE_S)}")

    def __exit__(self, *_):
        self.server.send_signal(signal.SIGTERM)
        try:
            self.server.wait(DEADLINE_S)
        finally:
            self.server.kill()
            self.server.stdout.close()

    def descriptors(self):
        return len(os.listdir(f"/proc/{self.server.pid}/fd"))

    def counted(self, family, reason):
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/metrics", timeout=DEADLINE_S) as answer:
            text = answer.read().decode()
        found = re.search(rf'^{family}{{[^}}]*reason="{reason}"[^}}]*}} (\S+)$', text, re.M)
        return float(found[1]) if found else 0


def connect(path):
    client = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    client.settimeout(DEADLINE_S)
    client.connect(str(path))
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
        with Served(self.path) as hub:
            hub.server.kill()
            hub.server.wait(DEADLINE_S)
        self.assertTrue(self.path.exists())
        with Served(self.path):
            self.assertTrue(ask(self.connect()))
        self.assertFalse(self.path.exists())

    def test_a_live_one_is_left_alone(self):
        with Served(self.path):
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
        with Served(self.path), socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as successor:
            successor.bind(str(self.folder / "new"))
            successor.listen()
            os.rename(self.folder / "new", self.path)
            inode = self.path.stat().st_ino
        self.assertEqual(self.path.stat().st_ino, inode)

    def test_one_that_was_taken_away_harms_nobody_who_is_there(self):
        with Served(self.path) as hub:
            there = self.connect()
            self.assertTrue(ask(there))
            self.path.unlink()
            self.assertTrue(ask(there))
        self.assertEqual(hub.server.returncode, 0)

    def test_only_its_owner_can_reach_it(self):
        before = os.umask(0)
        self.addCleanup(os.umask, before)
        with Served(self.path):
            self.assertEqual(self.path.stat().st_mode & 0o777, 0o600)


class Descriptors(Edge):
    def test_the_hub_takes_all_that_it_may_have(self):
        with Served(self.path, soft=48, hard=256) as hub:
            limits = pathlib.Path(f"/proc/{hub.server.pid}/limits").read_text()
            self.assertRegex(limits, r"Max open files +256 +256")
            for _ in range(100):
                self.assertTrue(ask(self.connect()))

    def test_who_comes_when_there_are_none_left_learns_it_at_once_and_the_others_are_served(self):
        with Served(self.path, soft=64, hard=64) as hub:
            served = [client for client in (self.connect() for _ in range(100)) if ask(client)]
            self.assertGreaterEqual(len(served), 20)
            self.assertLessEqual(len(served), 64 - 32)
            self.assertLess(hub.descriptors(), 64)
            self.assertEqual(hub.counted("pandora_hub_disconnects_total", "too_many"), 100 - len(served))
            self.assertTrue(all(ask(client) for client in served))

            for client in served[:5]:
                client.close()
            wait_until(lambda: ask(self.connect()), "room for others")

    def test_a_limit_that_is_below_what_the_hub_needs_does_not_end_it(self):
        with Served(self.path, soft=24, hard=24) as hub:
            served = [client for client in (self.connect() for _ in range(100)) if ask(client)]
            self.assertGreaterEqual(len(served), 1)
            self.assertTrue(all(ask(client) for client in served))
            self.assertIsNone(hub.server.poll())

    def test_those_that_strangers_send_are_closed(self):
        with Served(self.path) as hub, open("/dev/null", "rb") as null:
            client = self.connect()
            self.assertTrue(ask(client))
            before = hub.descriptors()
            fds = array.array("i", [null.fileno()] * 200)
            for _ in range(50):  # of no length: nothing to answer
                client.sendmsg([struct.pack(">BII", 0x28, 1, 0)], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, fds)])
            self.assertTrue(ask(client))
            self.assertEqual(hub.descriptors(), before)
            self.assertGreaterEqual(hub.counted("pandora_hub_dropped_frames_total", "descriptors"), 1)


class Flood(Edge):
    def test_a_user_that_connects_without_end_is_turned_away_and_who_is_there_is_served(self):
        with Served(self.path) as hub:
            there = self.connect()
            self.assertTrue(ask(there))
            slowest = 0.0
            for n in range(60_000):
                connect(self.path).close()
                if n % 500 == 0:
                    begin = time.monotonic()
                    self.assertTrue(ask(there))
                    slowest = max(slowest, time.monotonic() - begin)
                    if hub.counted("pandora_hub_disconnects_total", "too_fast") > 0:
                        break
            else:
                self.fail("nobody was turned away")
            self.assertLess(slowest, 2)
            wait_until(lambda: ask(self.connect()), "the debt is paid by waiting")

    def test_a_thousand_workers_may_come_at_once(self):
        hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
        if hard < 1100:
            self.skipTest("the machine allows too few descriptors")
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
        with Served(self.path, soft=hard, hard=hard):
            clients = [self.connect() for _ in range(1000)]
            self.assertTrue(all(ask(client) for client in clients))


class Silence(Edge):
    def test_a_frame_that_is_not_completed_ends_its_connection_and_no_other(self):
        with Served(self.path) as hub:
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
            self.assertEqual(hub.counted("pandora_hub_disconnects_total", "frame_timeout"), 1)
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
        with App(f"  web: {{command: \"sh -c 'setsid {WORKER} stray &' & sleep 0.5; exec sleep 1000\"}}") as app:
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
