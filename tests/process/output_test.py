"""What the workers write: nothing is lost, nobody waits."""

import contextlib
import os
import pathlib
import re
import signal
import socket
import sys
import tempfile
import threading
import time
import tty
import unittest

from pandora import App, DEADLINE_S, free_port, wait_until

SIP_S = 0.5  # a tenth of what pandora waits for a reader who takes nothing


def wait_for_the_end(app):
    """Of all but the output. A worker has to `touch ended`."""
    wait_until((app.folder / "ended").exists, "the worker has written all")
    wait_until(lambda: not app.hub_socket.exists(), "the hub has ended, the last of all")


class Output(unittest.TestCase):
    def test_every_line_carries_the_name_of_its_process(self):
        with App("  long-name: {command: echo one; echo two >&2}\n  b: {command: echo three, replicas: 2}") as app:
            app.wait_exit()
            for line in ("long-name | one", "long-name | two", "b/0       | three", "b/1       | three"):
                self.assertIn(line, app.lines)

    def test_a_line_without_newline_is_shown_while_the_worker_lives(self):
        with App("  a: {command: printf prompt; exec sleep 1000}") as app:
            app.wait_line(r"^a .*\| prompt$")

    def test_nothing_is_lost_across_a_hundred_quick_lives(self):
        with App("  a: {command: 'echo life $$$$',\n"
                 "      availability: {restart: always, backoff: 0ms, max_restarts: 99}}") as app:
            app.wait_exit()
            self.assertEqual(sum("| life " in line for line in app.lines), 100)

    def test_many_lines_arrive_whole_and_in_order(self):
        with App("  a: {command: seq 1 200000}") as app:
            app.wait_exit()
            numbers = [int(line.split("| ")[1]) for line in app.lines if line.startswith("a ")]
            self.assertEqual(numbers, list(range(1, 200001)))

    def test_a_reader_that_does_not_read_holds_up_no_worker(self):
        reader, writer = os.pipe()
        try:
            with App("  chatty: {command: 'yes | head -c 20000000; touch finished; exec sleep 1000'}\n"
                     "  web: {command: exec sleep 1000, availability: {restart: always, backoff: 0ms}}",
                     stdout=writer) as app:
                wait_until((app.folder / "finished").exists, "chatty wrote 20 MB that nobody reads")
                pid = app.pid_of("web/0")
                os.kill(pid, signal.SIGKILL)
                wait_until(lambda: app.instances()["web/0"]["pid"] not in (None, pid), "web was restarted meanwhile")
        finally:
            os.close(reader)
            os.close(writer)


class Reader(unittest.TestCase):
    """Of what is still to be read when the app has ended."""

    def setUp(self):
        self.reader, writer = os.pipe()
        self.addCleanup(os.close, self.reader)
        self.writer = os.fdopen(writer, "wb")  # closed once pandora has it: its end is then the output's
        self.addCleanup(self.writer.close)

    def app(self, processes, head=""):
        return App(processes, head=head, stdout=self.writer, before=lambda: os.dup2(self.errors.fileno(), 2))

    @contextlib.contextmanager
    def sipped(self):
        """Read as slowly as makes pandora wait for minutes if nothing else ends it. Yields what was read, in pieces."""
        self.writer.close()
        pieces = []
        enough = threading.Event()

        def sip():
            while not enough.wait(SIP_S):
                pieces.append(os.read(self.reader, 4096))

        thread = threading.Thread(target=sip)
        thread.start()
        try:
            yield pieces
        finally:
            enough.set()
            thread.join()

    def read_to_the_end(self, pause_s=0.0):
        self.writer.close()
        text = b""
        while more := os.read(self.reader, 4096):
            text += more
            time.sleep(pause_s)
        return text.decode()

    def run(self, result=None):
        with tempfile.TemporaryFile() as self.errors:
            return super().run(result)

    def said_on_stderr(self):
        self.errors.seek(0)
        return self.errors.read().decode()

    def test_a_slow_one_gets_all_of_it(self):
        with self.app("  a: {command: seq 1 20000; exit 3}") as app:
            begin = time.monotonic()
            lines = self.read_to_the_end(pause_s=0.03).splitlines()
            self.assertEqual(app.master.wait(DEADLINE_S), 3)
        self.assertGreater(time.monotonic() - begin, 1.5, "it is slow")
        numbers = [int(line.split("| ")[1]) for line in lines if line.startswith("a ")]
        self.assertEqual(numbers, list(range(1, 20001)))
        self.assertEqual(lines[-1], "pandora | hub stopped")
        self.assertEqual(self.said_on_stderr(), "")

    def test_a_signal_ends_the_waiting_for_it(self):
        with self.app("  a: {command: seq 1 200000; touch ended}") as app, self.sipped() as pieces:
            wait_for_the_end(app)
            app.signal(signal.SIGTERM)
            self.assertEqual(app.master.wait(DEADLINE_S), 0)
        text = b"".join(pieces).decode() + self.read_to_the_end()
        self.assertTrue(text.endswith("\n"), "no line is cut")
        said = re.fullmatch(r"pandora: nobody reads the output, (\d+) lines of it are lost\n", self.said_on_stderr())
        self.assertGreaterEqual(text.count("\n") + int(said.group(1)), 200000)

    def test_nobody_who_asked_for_an_end_at_once_has_to_ask_for_more(self):
        deaf = "trap 'touch told' TERM; seq 1 200000; touch ready; while :; do sleep 1; done"
        with self.app(f'  deaf: {{command: "{deaf}"}}') as app, self.sipped():
            wait_until((app.folder / "ready").exists, "it is deaf")
            app.signal(signal.SIGTERM)
            wait_until((app.folder / "told").exists, "the first was heard")
            heard = time.monotonic()
            wait_until(lambda: time.monotonic() > heard + 0.2, "the next is no echo of it")
            app.signal(signal.SIGTERM)
            self.assertEqual(app.master.wait(DEADLINE_S), 128 + signal.SIGTERM)

    def test_meanwhile_nobody_listens(self):
        port = free_port()
        sockets = f"sockets: {{http: {{listen: '127.0.0.1:{port}'}}, api: {{listen: ./api.sock}}}}"
        with self.app("  a: {command: seq 1 200000; touch ended}", sockets) as app, self.sipped():
            wait_for_the_end(app)
            wait_until(lambda: not (app.folder / "api.sock").exists(), "the file of the socket is gone")
            with self.assertRaises(ConnectionRefusedError):
                socket.create_connection(("127.0.0.1", port)).close()
            self.assertIsNone(app.master.poll(), "it waits for the reader")
            app.signal(signal.SIGTERM)
            self.assertEqual(app.master.wait(DEADLINE_S), 0)


class StuckTerminal(unittest.TestCase):
    """One that cannot be opened anew, as another user's: writing to it waits, though it polls as writable."""

    def setUp(self):
        self.reader, self.writer = os.openpty()
        self.addCleanup(os.close, self.reader)
        self.addCleanup(os.close, self.writer)
        tty.setraw(self.writer)
        os.fchmod(self.writer, 0)

    def app(self, processes):
        unprivileged = ["setpriv", "--bounding-set", "-dac_override"] if os.geteuid() == 0 else []
        return App(processes, stdout=self.writer, start=unprivileged)

    def is_stuck(self, app):
        """What writes is held in a write. If it waits for room instead, makes a little: less than it writes at once."""
        if app.master.poll() is not None:
            self.skipTest("this terminal takes it all")
        tasks = pathlib.Path(f"/proc/{app.master.pid}/task").iterdir()
        writing = next(task for task in tasks if (task / "comm").read_text() == "logs\n")
        waits_in = (writing / "wchan").read_text()
        if "poll" in waits_in:
            os.read(self.reader, 500)
        return waits_in in ("wait_woken", "n_tty_write")  # as the kernel names it, which differs by version

    def test_a_signal_ends_what_a_write_to_it_holds(self):
        # 39 KB: more than the terminal takes, no more than the worker's pipe does. Each line is one write, and of mixed
        # lengths soon one meets room for its begin alone.
        lines = r'printf "%4000d\n%2300d\n%3900d\n%2700d\n" $$(seq 1 12)'
        with self.app(f"  a: {{command: '{lines}; touch ended; exit 3'}}") as app:
            wait_for_the_end(app)
            try:
                wait_until(lambda: self.is_stuck(app), "a write is held")
            except AssertionError as never:
                self.skipTest(str(never))  # on this kernel it is called otherwise, or does not happen
            app.signal(signal.SIGTERM)
            self.assertEqual(app.master.wait(DEADLINE_S), 3)


class Environment(unittest.TestCase):
    def test_a_worker_gets_what_the_procfile_and_pandora_say(self):
        with App("  web: {command: 'echo $A $B $C $PANDORA_APP $PANDORA_PROCESS $PANDORA_INSTANCE $NOTIFY_SOCKET',\n"
                 "        environment: [B=process], env_file: more.env}",
                 head="environment: {A: app, B: app}", files={"more.env": "C='from a file'\n"},
                 environment={"NOTIFY_SOCKET": "/run/of/the/master"}) as app:
            app.wait_exit()
            said = app.wait_line("app process from a file t web 0 ")
            self.assertTrue(said.string.endswith(f"{app.run_directory}/notify.sock"), "pandora's, not the master's own")

    def test_a_worker_that_wants_a_terminal_has_one_in_each_run(self):
        with App("  web: {command: 'test -t 0 && test -t 1 && test -t 2 && echo terminal; exit 4', is_tty: true,\n"
                 "        availability: {restart: on_failure, backoff: 10ms, max_restarts: 1}}") as app:
            app.wait_line("web .*terminal", count=2)
            self.assertEqual(app.wait_exit(), 4)

    def test_a_worker_runs_where_the_procfile_says(self):
        with App("  a: {command: pwd}\n  b: {command: pwd, working_dir: /usr}") as app:
            app.wait_exit()
            self.assertIn(f"a       | {app.folder}", app.lines)
            self.assertIn("b       | /usr", app.lines)


if __name__ == "__main__":
    sys.exit(unittest.main())
