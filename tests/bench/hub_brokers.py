"""The message hubs of the hub bench: how each is started, reached and ended.

Their sockets and files lie in a folder of their own; what can only speak TCP listens on a loopback port of the
kernel's choice. Persistence is off, and queues are as large as it takes to lose nothing.
"""

import json
import os
import shutil
import socket
import subprocess
import time
from pathlib import Path

import hub_dbus_controller
from process_readings import tree

READY_SECONDS_MAX = 15
STOP_SECONDS_MAX = 10
POLL_SECONDS = 0.02
INTEROP = Path(__file__).resolve().parent.parent / "interop"


class BrokerError(Exception):
    """This hub could not be started; the others go on."""


class Broker:
    """One hub's process, from start() to stop()."""

    program = ""  # an absolute path, or looked up

    def __init__(self, build, folder):
        self.build = build
        self.folder = folder
        self.process = None
        self.address = str(folder / "socket")
        self._log = None

    def missing(self):
        """Why it cannot be measured; None: it can."""
        return None if shutil.which(self.program) else f"{self.program} is not installed"

    def command(self):
        raise NotImplementedError

    def environment(self):
        return {}

    def start(self):
        self.folder.mkdir(mode=0o700)
        self._log = open(self.folder / "output.log", "wb")
        self.process = self.launch()
        deadline = time.monotonic() + READY_SECONDS_MAX
        while not self.answers():
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise BrokerError(f"{self.program} did not come up: {self.output()}")
            time.sleep(POLL_SECONDS)

    def launch(self):
        return subprocess.Popen(self.command(), cwd=self.folder, env={**os.environ, **self.environment()},
                                stdin=subprocess.DEVNULL, stdout=self._log, stderr=subprocess.STDOUT)

    def answers(self):
        """Whether somebody listens."""
        with socket.socket(socket.AF_UNIX) as probe:
            try:
                probe.connect(self.address)
            except OSError:
                return False
        return True

    def stop(self):
        if self.process is not None:
            self.process.terminate()
            try:
                self.process.wait(STOP_SECONDS_MAX)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        if self._log is not None:
            self._log.close()

    def pids(self):
        return list(tree(self.process.pid))

    def output(self):
        return (self.folder / "output.log").read_text(errors="replace")[-2000:]


class Relay(Broker):
    def __init__(self, build, folder):
        super().__init__(build, folder)
        self.program = str(build / "tests" / "bench" / "hub_relay")

    def command(self):
        return [self.program, self.address]


class Pandora(Broker):
    def __init__(self, build, folder):
        super().__init__(build, folder)
        self.program = str(build / "pandora")
        self.address = str(folder / "pandorajs_pandora_msg_hub.sock")  # where the npm clients look for it

    def command(self):
        return [self.program, "hub", "serve", "--socket", self.address]


class Npm(Broker):
    """The hub of the npm package pandora-hub."""

    program = "node"

    def __init__(self, build, folder):
        super().__init__(build, folder)
        self.address = str(folder / "pandorajs_pandora_msg_hub.sock")

    def missing(self):
        installed = (INTEROP / "node_modules" / "pandora-hub").is_dir()
        return super().missing() or (None if installed else "pandora-hub is not installed (scripts/setup test)")

    def command(self):
        return [self.program, INTEROP / "support" / "reference_hub.mjs"]

    def environment(self):
        return {"PANDORA_TMP_DIR": str(self.folder), "PANDORA_INTEROP_CHILD": "1"}


class Nats(Broker):
    program = "nats-server"

    def command(self):
        return [self.program, "--addr", "127.0.0.1", "--port", "-1", "--ports_file_dir", self.folder]

    def answers(self):
        try:
            ports = json.loads(next(self.folder.glob("*.ports")).read_text())
        except (StopIteration, ValueError):  # not there, or not whole yet
            return False
        self.address = ports["nats"][0].rpartition(":")[2]
        return True


class Dbus(Broker):
    program = "dbus-broker"

    def __init__(self, build, folder):
        super().__init__(build, folder)
        self._controller = None

    def launch(self):
        try:
            process, self._controller = hub_dbus_controller.start(self.program, self.address, self._log)
        except OSError as error:
            raise BrokerError(str(error)) from error
        return process

    def stop(self):
        super().stop()
        if self._controller is not None:
            self._controller.close()


class Redis(Broker):
    program = "redis-server"

    def command(self):
        return [self.program, "--port", "0", "--unixsocket", self.address, "--unixsocketperm", "700", "--save", "",
                "--appendonly", "no", "--daemonize", "no", "--client-output-buffer-limit", "pubsub 0 0 0"]


class Zmq(Broker):
    def __init__(self, build, folder):
        super().__init__(build, folder)
        self.program = str(build / "tests" / "bench" / "hub_zmq_proxy")

    def missing(self):
        return None if Path(self.program).exists() else "libzmq3-dev was not installed when the bench was built"

    def command(self):
        return [self.program, self.address]
