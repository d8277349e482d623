"""A hub without a supervisor, as a process of its own: `pandora hub serve`."""

import pathlib
import shutil
import signal
import subprocess
import tempfile

from pandora import BINARY, DEADLINE_S, Client, wait_until


class Hub:
    """One `pandora hub serve` in a folder of its own."""

    def __enter__(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="pandora-test-"))
        self.path = self.folder / "hub.sock"
        self.process = subprocess.Popen(
            [BINARY, "hub", "serve", "--socket", str(self.path)], text=True, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL)
        for line in self.process.stdout:
            if line.startswith("hub on"):
                return self
        raise AssertionError(f"the hub ended with {self.process.wait(DEADLINE_S)}")

    def __exit__(self, *_):
        try:
            if self.process.poll() is None:
                self.end()
        finally:
            self.process.kill()
            self.process.stdout.close()
            shutil.rmtree(self.folder)

    def end(self):
        """Its exit code after SIGTERM."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(DEADLINE_S)

    def ask(self, method, *parameters):
        with Client(self.path) as client:
            client.online()
            return client.invoke("pandora.hub", method, *parameters)["data"]

    def count(self, family, name):
        """One of the hub's counters: of `calls`, `dropped` or `disconnects`."""
        return self.ask("stats")[family][name]

    def wait_count(self, family, name, at_least=1):
        return wait_until(lambda: self.count(family, name) >= at_least, f"{at_least} {family} {name}")
