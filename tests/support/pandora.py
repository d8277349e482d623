"""Runs a real pandora for the tests: a procfile in a folder of its own, its output line by line, its metrics.

PANDORA_BIN names the binary under test; workers, which start none, do without.
"""

import collections
import json
import os
import pathlib
import re
import shutil
import signal
import socket
import struct
import subprocess
import tempfile
import threading
import time
import urllib.request

BINARY = os.environ.get("PANDORA_BIN", "")

# Generous: a test fails by its deadline only when something is wrong, however slow the machine or the sanitizer.
DEADLINE_S = 30.0

# Sanitizers keep shadows and quarantines.
MEMORY_FACTOR = 10 if os.environ.get("PANDORA_SANITIZE") else 1


def wait_until(condition, what, deadline_s=DEADLINE_S):
    """Returns the first true value of `condition()`; fails with `what` (a text, or a function that makes one)."""
    end = time.monotonic() + deadline_s
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise AssertionError(f"not within {deadline_s} s: {what() if callable(what) else what}")
        time.sleep(0.01)


def process_state(pid):
    """The state letter of /proc/PID/stat, or None where there is no such process."""
    try:
        stat = pathlib.Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return None
    return stat.rpartition(")")[2].split()[0]


def is_gone(pid):
    return process_state(pid) in (None, "Z")


def children_of(pid):
    """All children of all its threads, zombies too."""
    found = []
    for task in pathlib.Path(f"/proc/{pid}/task").iterdir():
        found += [int(child) for child in (task / "children").read_text().split()]
    return found


def free_port():
    """A port of 127.0.0.1 that nobody listens on; nothing keeps it free."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def sample(exposed, name, **labels):
    """The value of the one sample with these labels in the text of /metrics, or None."""
    for line in exposed.splitlines():
        if not line.startswith(name + "{"):
            continue
        have = dict(re.findall(r'(\w+)="([^"]*)"', line))
        if all(have.get(key) == value for key, value in labels.items()):
            return float(line.rpartition(" ")[2])
    return None


class App:
    """One `pandora run`. Use it as a context manager: at the end nothing of it is left."""

    def __init__(self, processes, *, head="", files=None, name="t", environment=None, stdout=None,
                 before=None, start=()):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="pandora-test-"))
        self.name = name
        self.procfile = self.folder / "procfile.yml"
        self.procfile.write_text(f"name: {name}\nmetrics: {{listen: 127.0.0.1:0}}\n{head}\nprocesses:\n{processes}\n")
        for path, text in (files or {}).items():
            (self.folder / path).parent.mkdir(parents=True, exist_ok=True)
            (self.folder / path).write_text(text)
        self.environment = {**os.environ, "PANDORA_RUNTIME_DIR": str(self.folder / "run"), **(environment or {})}
        self.environment.pop("PANDORA_HUB_SOCKET", None)
        self.lines = collections.deque()
        self.stdout = stdout
        self.before = before  # runs in the child before exec
        self.start = list(start)  # a command that executes its arguments
        self.reader = None
        self.master = None

    def __enter__(self):
        self.master = subprocess.Popen([*self.start, BINARY, "run", str(self.procfile)], env=self.environment,
                                       stdout=self.stdout or subprocess.PIPE, stderr=subprocess.STDOUT,
                                       stdin=subprocess.DEVNULL, preexec_fn=self.before)
        if self.stdout is None:
            self.reader = threading.Thread(target=self._read, daemon=True)
            self.reader.start()
        return self

    def _read(self):
        for line in self.master.stdout:
            self.lines.append(line.decode(errors="replace").rstrip("\n"))

    def _end(self):
        """The second SIGTERM takes the grace away; of those that follow too soon one on the other it sees but one."""
        end = time.monotonic() + DEADLINE_S
        while time.monotonic() < end:
            self.master.send_signal(signal.SIGTERM)
            try:
                return self.master.wait(0.15)
            except subprocess.TimeoutExpired:
                pass

    def __exit__(self, *_):
        if self.master.poll() is None:
            self._end()
        try:
            self.master.wait(DEADLINE_S)
        finally:
            self.master.kill()
            if self.reader:
                self.reader.join(DEADLINE_S)
                self.master.stdout.close()
            shutil.rmtree(self.folder)

    # ---- what it says

    def output(self):
        return "\n".join(self.lines)

    def wait_line(self, pattern, count=1, deadline_s=DEADLINE_S):
        """The match of the `count`-th line that matches."""
        expression = re.compile(pattern)

        def nth():
            found = [m for m in map(expression.search, list(self.lines)) if m]
            return found[count - 1] if len(found) >= count else None

        return wait_until(nth, lambda: f"line {count} of /{pattern}/ in:\n{self.output()}", deadline_s)

    def wait_exit(self, deadline_s=DEADLINE_S):
        """The exit code, once all of its output has been read."""
        code = self.master.wait(deadline_s)
        if self.reader:
            self.reader.join(deadline_s)
        return code

    def signal(self, number):
        self.master.send_signal(number)

    def insist(self, number):
        """Signals again and again, as the impatient do, until the master kills what is left."""
        def heard():
            if self.master.poll() is None:
                self.signal(number)
            return "again: killing" in self.output()

        wait_until(heard, "a signal that counts as the second")

    # ---- what can be asked

    @property
    def run_directory(self):
        return self.folder / "run" / self.name

    @property
    def hub_socket(self):
        return self.run_directory / "hub.sock"

    def http(self, path):
        port = self.wait_line(r"metrics on http://127\.0\.0\.1:(\d+)/").group(1)
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=DEADLINE_S) as answer:
            return answer.read().decode()

    def metric(self, name, **labels):
        return sample(self.http("/metrics"), name, **labels)

    def instances(self):
        """{"web/0": {...}} as the supervisor lists them on the hub."""
        with Client(self.hub_socket) as client:
            # A master that many ask at once may say "busy".
            reply = wait_until(lambda: (r := client.invoke("pandora.supervisor", "list"))["success"] and r, "a list")
        return {f"{i['process']}/{i['instance']}": i for i in reply["data"]}

    def pid_of(self, instance):
        """The live pid of "web/0"."""
        return wait_until(lambda: self.instances()[instance]["pid"], f"{instance} has a pid")

    def wait_view(self, instance, **wanted):
        """The listing of "web/0" once it has these values; a pattern (re.compile) is searched for."""
        def fits(value, want):
            return bool(want.search(str(value))) if isinstance(want, re.Pattern) else value == want

        def found():
            view = last.update(self.instances().get(instance, {})) or dict(last)
            return view if all(fits(view.get(key), want) for key, want in wanted.items()) else None

        last = {}
        return wait_until(found, lambda: f"{instance} with {wanted}, but {last}")

    def command(self, *arguments):
        """A finished `pandora ARGUMENTS` in the folder of the procfile."""
        return subprocess.run([BINARY, *arguments], capture_output=True, text=True, timeout=2 * DEADLINE_S,
                              check=False, env=self.environment, cwd=self.folder)

    def do(self, *arguments):
        """The output of a command that has to succeed."""
        done = self.command(*arguments)
        assert (done.returncode, done.stderr) == (0, ""), f"{arguments}: {done.stderr}{done.stdout}"
        return done.stdout

    def ps(self, instance):
        """How `pandora ps --json` shows "web/0"."""
        return json.loads(self.do("ps", "--json", instance))[0]

    def read(self, path):
        """The text of a file in the folder; empty where there is none."""
        try:
            return (self.folder / path).read_text()
        except FileNotFoundError:
            return ""

    def touch(self, path):
        (self.folder / path).touch()

    def routes(self):
        done = subprocess.run([BINARY, "hub", "routes", "--socket", str(self.hub_socket), "--json"],
                              capture_output=True, text=True, timeout=DEADLINE_S, check=True)
        return json.loads(done.stdout)


class Client:
    """A hub client of few words, written from hub/PROTOCOL.md: legacy dialect, one call at a time."""

    def __init__(self, path, location=None, timeout_s=DEADLINE_S):
        self.location = location or {}
        self.id = 0
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.socket.settimeout(timeout_s)
        wait_until(lambda: self.socket.connect_ex(str(path)) == 0, f"connect to {path}")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def send(self, action, data):
        return self.send_raw(json.dumps({"action": action, "data": data}, separators=(",", ":")).encode())

    def send_raw(self, body):
        self.id += 1
        self.socket.sendall(struct.pack(">BII", 0, self.id, len(body)) + body)
        return self.id

    def receive(self):
        """(id, body) of the next frame."""
        _, number, length = struct.unpack(">BII", self._exactly(9))
        return number, json.loads(self._exactly(length)) if length else None

    def _exactly(self, count):
        data = b""
        while len(data) < count:
            chunk = self.socket.recv(count - len(data))
            if not chunk:
                raise ConnectionError("the hub closed the connection")
            data += chunk
        return data

    def request(self, action, data):
        wanted = f"response_callback_{self.send(action, data)}"
        while True:
            _, body = self.receive()
            if body and body["action"] == wanted:
                return body["data"]

    def online(self):
        return self.request("PANDORA_HUB_ACTION_ONLINE_UP", {"host": self.location, "needReply": True})

    def publish(self, name):
        selector = dict(self.location, objectName=name)
        return self.request("PANDORA_HUB_ACTION_PUBLISH_UP",
                            {"data": {"selector": selector}, "host": self.location, "needReply": True})

    def invoke(self, name, method, *params):
        """The ReplyPackage."""
        return self.request("PANDORA_HUB_ACTION_MSG_UP",
                            {"remote": {"objectName": name}, "action": "OBJECT_ACTION_INVOKE", "broadcast": False,
                             "propertyName": method, "data": list(params), "host": self.location, "needReply": True})


class Changes:
    """Every change of state from now on, as subscribers of `pandora.supervisor` are told."""

    def __init__(self, app):
        self.client = Client(app.hub_socket, {"processName": "test"})
        self.client.online()
        self.client.publish("pandora.supervisor@subscriber")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.client.socket.close()

    def until(self, **wanted):
        """The changes up to the first with these values, and those that were told together with it."""
        seen = []
        while not any(all(change[key] == value for key, value in wanted.items()) for change in seen):
            _, body = self.client.receive()
            if body and body["data"].get("propertyName") == "callback":
                _, changes = body["data"]["data"]
                seen.extend(changes)
        return seen
