"""`pandora hub VERB` as a test runs it: with a hub of its own, to its end or for a while."""

import pathlib
import shutil
import subprocess
import tempfile
import threading
import unittest

from hub_process import Hub
from pandora import BINARY, DEADLINE_S, wait_until


class Running:
    """A verb that goes on, its output line by line."""

    def __init__(self, *arguments):
        self.process = subprocess.Popen([BINARY, "hub", *arguments], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                        stderr=subprocess.PIPE, text=True)
        self.lines = []
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()

    def _read(self):
        for line in self.process.stdout:
            self.lines.append(line.rstrip("\n"))

    def wait_line(self, text):
        return wait_until(lambda: next((line for line in list(self.lines) if text in line), None),
                          lambda: f"{text} in {self.lines}")

    def end(self, number=None):
        """(exit code, standard error), after this signal or by itself."""
        if number is not None:
            self.process.send_signal(number)
        code = self.process.wait(DEADLINE_S)
        self.reader.join(DEADLINE_S)
        with self.process.stderr:
            return code, self.process.stderr.read()

    def close(self):
        self.process.kill()
        self.process.wait()
        self.reader.join(DEADLINE_S)
        self.process.stdout.close()
        self.process.stderr.close()


class HubTest(unittest.TestCase):
    """One hub without a master for each test."""

    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="pandora-test-"))
        self.addCleanup(shutil.rmtree, self.folder)
        self.socket = self.folder / "hub.sock"

    def serve(self):
        self.hub = self.enterContext(Hub(self.socket))

    def run_verb(self, verb, *arguments, text=None):
        return subprocess.run([BINARY, "hub", verb, "--socket", str(self.socket), *arguments], capture_output=True,
                              text=True, input=text or "", timeout=2 * DEADLINE_S, check=False)

    def start(self, verb, *arguments):
        running = Running(verb, "--socket", str(self.socket), *arguments)
        self.addCleanup(running.close)
        return running

    def publish(self, name, *arguments, **methods):
        words = [word for method, command in methods.items() for word in ("--method", f"{method}={command}")]
        running = self.start("publish", name, *words, *arguments)
        running.wait_line(f"published {name}")
        return running

    def call(self, *arguments, **more):
        """What a call that has to succeed printed."""
        done = self.run_verb("call", *arguments, **more)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        return done.stdout

    def assert_fails(self, code, pattern, verb, *arguments):
        done = self.run_verb(verb, *arguments)
        self.assertEqual(done.returncode, code, done.stderr)
        self.assertRegex(done.stderr, pattern)
        self.assertEqual(len(done.stderr.splitlines()), 1, done.stderr)
