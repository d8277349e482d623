"""A hub without a supervisor, as a process of its own: `pandora hub serve`."""

import os
import pathlib
import re
import resource
import shutil
import signal
import subprocess
import tempfile
import urllib.request

from pandora import BINARY, DEADLINE_S, Client, sample, wait_until


class Hub:
    """One `pandora hub serve`, in a folder of its own unless its socket is to be at `path`.

    `descriptors_max` are its soft and hard RLIMIT_NOFILE; with `metrics` it has a port, and metric() asks there.
    """

    def __init__(self, path=None, *, descriptors_max=None, metrics=False):
        self.folder, self.path = None, path
        self.descriptors_max = descriptors_max
        self.options = ["--metrics", "127.0.0.1:0"] if metrics else []
        self.port = None

    def __enter__(self):
        if self.path is None:
            self.folder = pathlib.Path(tempfile.mkdtemp(prefix="pandora-test-"))
            self.path = self.folder / "hub.sock"

        def limit():
            if self.descriptors_max:
                resource.setrlimit(resource.RLIMIT_NOFILE, self.descriptors_max)

        self.process = subprocess.Popen(
            [BINARY, "hub", "serve", "--socket", str(self.path), *self.options], text=True, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, preexec_fn=limit)
        for line in self.process.stdout:
            if port := re.search(r"metrics on port (\d+)", line):
                self.port = int(port[1])
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
            if self.folder:
                shutil.rmtree(self.folder)

    def end(self):
        """Its exit code after SIGTERM."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(DEADLINE_S)

    def descriptors(self):
        """What it has open, each with where it leads to."""
        held = pathlib.Path(f"/proc/{self.process.pid}/fd")
        found = []
        for fd in held.iterdir():
            try:
                found.append(os.readlink(fd))
            except FileNotFoundError:
                pass  # closed meanwhile
        return found

    def metric(self, name, **labels):
        """The value of the one sample with these labels, or None. Needs no connection to the hub itself."""
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/metrics", timeout=DEADLINE_S) as answer:
            return sample(answer.read().decode(), name, **labels)

    def ask(self, method, *parameters):
        with Client(self.path) as client:
            client.online()
            return client.invoke("pandora.hub", method, *parameters)["data"]

    def count(self, family, name):
        """One of the hub's counters: of `calls`, `dropped` or `disconnects`."""
        return self.ask("stats")[family][name]

    def wait_count(self, family, name, at_least=1):
        return wait_until(lambda: self.count(family, name) >= at_least, f"{at_least} {family} {name}")
