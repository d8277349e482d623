"""The process-compose files of procfiles/examples: the real binary runs each, and it does what its comments promise."""

import gzip
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import unittest

from pandora import App, BINARY, DEADLINE_S, free_port, is_gone, wait_until

EXAMPLES = pathlib.Path(__file__).resolve().parents[2] / "procfiles/examples/process-compose"


class Example(App):
    """One example, in a copy of its folder: the app's name is the folder's."""

    def __init__(self, topic, environment=None):
        super().__init__("", name=topic, environment=environment)
        self.procfile.unlink()
        shutil.copytree(EXAMPLES / topic, self.folder / topic)
        self.procfile = self.folder / topic / "process-compose.yml"

    def file(self, path):
        return self.folder / self.name / path

    def wait_output(self, process, text, count=1):
        """The `count`-th line that `process` wrote with `text` in it; both are regular expressions."""
        return self.wait_line(rf"^{process} +\| .*{text}", count)

    def order_of(self, *texts):
        """Where the first line with each text stands among all lines."""
        lines = list(self.lines)
        return [next(n for n, line in enumerate(lines) if text in line) for text in texts]

    def cli(self, *arguments):
        return subprocess.run([BINARY, *arguments], env=self.environment, capture_output=True, text=True,
                              timeout=DEADLINE_S)


class Checked(unittest.TestCase):
    def test_every_file_is_right_and_warns_of_nothing(self):
        files = sorted(EXAMPLES.glob("*/process-compose*.yml"))
        self.assertGreaterEqual(len(files), 10)
        for file in files:
            if file.name == "process-compose.override.yml":
                continue  # a part of the file beside it
            done = subprocess.run([BINARY, "check", str(file)], capture_output=True, text=True, timeout=DEADLINE_S)
            self.assertEqual((done.returncode, done.stdout, done.stderr), (0, "", ""), file)


class ComposeFiles(unittest.TestCase):
    def test_probes(self):
        with Example("probes", {"PROBES_PORT": str(free_port())}) as app:
            app.wait_output("client", "answered 200")
            app.wait_output("producer", "the queue was open first")
            opened, first = app.order_of("queue: accepting jobs", "the queue was open first")
            self.assertLess(opened, first)
            before = app.pid_of("web/0")
            app.file("broken").touch()
            wait_until(lambda: is_gone(before), "the unhealthy web is ended")
            wait_until(lambda: app.instances()["web/0"]["state"] == "ready", "and back")
            self.assertNotEqual(app.pid_of("web/0"), before)

    def test_cron(self):
        with Example("cron") as app:
            app.wait_output("heartbeat", "beat", count=4)
            app.wait_output("slow", "ends", count=2)
            self.assertEqual(app.instances()["nightly/0"]["state"], "scheduled")
            self.assertNotIn("backing up", app.output())
            said = [line.split("| ")[1] for line in list(app.lines) if line.startswith("slow ") and "| " in line]
            self.assertEqual(said[:4], ["begins", "ends", "begins", "ends"], "never two runs at the same time")

    def test_replicas(self):
        with Example("replicas") as app:
            for n in range(3):
                app.wait_output(f"server/{n}", f"replica {n} of server takes port 1849{n}")
                app.wait_output("client", f"port 1849{n}: 200")
            self.assertEqual(app.wait_exit(), 0)

    def test_env(self):
        with Example("env") as app:
            for process, line in (("dotenv", "version 1.2.3 in eu west"),
                                  ("before-the-shell", r"version 1\.2\.3, level info, price \$5"),
                                  ("own-wins", "scope process, colour blue"),
                                  ("from-a-file", "secret has 10 letters"),
                                  ("from-a-command", "kernel Linux"),
                                  ("without", "version is ''"),
                                  ("nothing-set", "and that is all")):
                app.wait_output(process, line)
            self.assertEqual(app.wait_exit(), 0)

    def test_the_own_environment_wins_over_dotenv(self):
        with Example("env", {"REGION": "the moon"}) as app:
            app.wait_output("dotenv", "version 1.2.3 in the moon")

    def test_shutdown(self):
        with Example("shutdown") as app:
            for name in ("db", "api", "by-command", "stubborn"):
                app.wait_output(name, f"{name}: up")
            app.signal(signal.SIGTERM)
            app.wait_exit()
            closing, closed, stopped = app.order_of("api: closing", "api: closed", "db: stopped by INT")
            self.assertLess(closing, closed)
            self.assertLess(closed, stopped, "what depends on db is stopped before it")
            self.assertIn("by-command: was asked", app.output())
            self.assertRegex(app.output(), r"stubborn:? still there after its grace; sent SIGKILL")

    def test_log_rotation(self):
        with Example("log-rotation") as app:
            logs = app.file("logs")

            def chatty():
                return sorted(path.name for path in logs.iterdir() if path.name.startswith("chatty"))

            app.wait_output("chatty", "chatty is done")
            wait_until(lambda: chatty() == ["chatty.log", "chatty.log.1.gz", "chatty.log.2.gz"], chatty)
            app.signal(signal.SIGTERM)
            app.wait_exit()
            newest = (logs / "chatty.log").read_text()
            self.assertLessEqual(len(newest), 1024 * 1024)
            self.assertTrue(newest.endswith("chatty is done\n"), newest[-200:])
            kept = "".join(gzip.decompress((logs / f"chatty.log.{n}.gz").read_bytes()).decode() for n in (2, 1))
            numbers = [int(number) for number in re.findall(r"line (\d{6}) x", kept + newest)]
            self.assertEqual(numbers, list(range(numbers[0], 35001)), "no line is lost between two files")
            rest = (logs / "all.log").read_text()
            self.assertRegex(rest, r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d.*quiet.*one line is enough")
            self.assertRegex(rest, r"errors-too.*this goes to standard error")
            self.assertNotIn("chatty", rest)

    def test_namespaces(self):
        with Example("namespaces") as app:
            for text in ("web is up", "api is up", "worker is up"):
                app.wait_line(text)
            before = app.instances()
            self.assertEqual(before["later/0"]["state"], "disabled")
            done = app.cli("stop", "--app", "namespaces", "ns:backend")
            self.assertEqual(done.returncode, 0, done.stderr)
            for name in ("api/0", "worker/0", "worker/1"):
                self.assertTrue(is_gone(before[name]["pid"]), name)
            self.assertEqual(app.pid_of("web/0"), before["web/0"]["pid"])
            done = app.cli("start", "--app", "namespaces", "api", "later")
            self.assertEqual(done.returncode, 0, done.stderr)
            app.wait_output("api", "api is up", count=2)
            app.wait_output("later", "later is up")

    def test_extends(self):
        with Example("extends") as app:
            app.wait_output("web", "web with 4 workers, log level debug, colour green")
            app.wait_output("job", "from the base")
            app.wait_output("extra", "only in this file")
            self.assertEqual(app.wait_exit(), 0)

    def test_watch(self):
        with Example("watch") as app:
            app.wait_output("page", "title: first")
            app.wait_output("reader", "reading the page")
            wait_until(lambda: app.instances()["reader/0"]["state"] == "ready", "reader runs")
            app.file("src/other.draft.txt").write_text("nobody waits for this\n")
            fresh = app.file("src/fresh")
            fresh.write_text("second\n")
            os.replace(fresh, app.file("src/title.txt"))  # as editors save
            app.wait_output("page", "title: second")
            app.wait_output("reader", "reading the page", count=2)
            self.assertEqual(app.instances()["page/0"]["restarts"], 0, "a change is no failure")

    def test_vars(self):
        with Example("vars") as app:
            for process, line in (("version", "catalogue v1.2.3-nightly"),
                                  ("own-wins", "own orders"),
                                  ("greeting", "hello from catalogue"),
                                  ("as-written", r"kept: \{\{\.NAME\}\}")):
                app.wait_output(process, line)
            self.assertNotRegex(app.output(), r"\| never")


if __name__ == "__main__":
    sys.exit(unittest.main())
