"""A master that was started badly, or whose workers behave badly, still supervises and still ends."""

import os
import pty
import signal
import sys
import time
import unittest

from pandora import App, BINARY, DEADLINE_S, is_gone, wait_until

ALWAYS = "availability: {restart: always, backoff: 0ms}"

# Its leader starts A, A starts Z; Z ends and A, which has left the group, never reaps it.
ZOMBIE_IN_GROUP = """
import os, time
if os.fork() == 0:
    if os.fork() == 0:
        os._exit(0)
    os.setsid()
    print("escaped", os.getpid(), flush=True)
    time.sleep(1000)
time.sleep(0.3)
"""


class BadStart(unittest.TestCase):
    def run_with(self, redirections):
        with App("  web: {command: exec sleep 1000}", start=["sh", "-c", f'exec "$0" "$@" {redirections}']) as app:
            wait_until(app.hub_socket.exists, "the hub's socket is there")
            self.assertTrue(wait_until(lambda: app.instances()["web/0"]["up"], "web runs"))
            self.assertEqual((app.run_directory / "lock").read_bytes(), b"", "nothing was said into a stranger's file")
            app.signal(signal.SIGTERM)
            self.assertEqual(app.master.wait(DEADLINE_S), 0)

    def test_without_an_open_stdin(self):
        self.run_with("<&-")

    def test_without_any_open_standard_stream(self):
        self.run_with("<&- >&- 2>&-")

    def test_with_every_signal_blocked(self):
        with App("  web: {command: exec sleep 1000}",
                 before=lambda: signal.pthread_sigmask(signal.SIG_SETMASK, signal.valid_signals())) as app:
            app.wait_line("web ready")
            app.signal(signal.SIGTERM)
            self.assertEqual(app.wait_exit(), 0)

    def test_under_nohup_it_outlives_the_terminal(self):
        with App("  web: {command: exec sleep 1000}",
                 before=lambda: signal.signal(signal.SIGHUP, signal.SIG_IGN)) as app:
            app.wait_line("web ready")
            app.signal(signal.SIGHUP)
            self.assertTrue(app.instances()["web/0"]["up"])

    def test_signals_that_mean_nothing_to_it_end_neither_the_master_nor_are_ignored_by_workers(self):
        with App("  web: {command: 'grep SigIgn /proc/self/status; exec sleep 1000'}") as app:
            ignored = app.wait_line(r"SigIgn:\s+([0-9a-f]+)")
            self.assertEqual(int(ignored.group(1), 16), 0)
            for number in (signal.SIGUSR1, signal.SIGUSR2, signal.SIGALRM):
                app.signal(number)
            self.assertEqual(app.instances()["web/0"]["state"], "ready")
            app.signal(signal.SIGTERM)
            self.assertEqual(app.wait_exit(), 0)

    def test_a_second_hangup_is_no_impatience(self):
        with App("  web: {command: 'trap \"sleep 0.5; exit\" TERM; echo up; while :; do sleep 0.05; done'}") as app:
            app.wait_line(r"\| up")
            app.signal(signal.SIGHUP)
            app.wait_line("SIGHUP: stopping")
            app.signal(signal.SIGHUP)
            self.assertEqual(app.wait_exit(), 0)


class BadWorkers(unittest.TestCase):
    def test_a_program_that_cannot_start_does_not_spin_and_can_be_stopped(self):
        with App(f"  bad: {{entrypoint: [/nonexistent], {ALWAYS}}}") as app:
            app.wait_line("bad cannot execute /nonexistent", count=3)
            app.signal(signal.SIGTERM)
            self.assertEqual(app.wait_exit(), 0)

    def test_a_zombie_in_the_group_delays_neither_restart_nor_stop(self):
        with App(f"  web: {{entrypoint: [{sys.executable}, zombie.py], {ALWAYS}}}",
                 files={"zombie.py": ZOMBIE_IN_GROUP}) as app:
            app.wait_line("web ready", count=2)
            app.signal(signal.SIGTERM)
            self.assertEqual(app.wait_exit(), 0)
            for line in app.lines:
                if "| escaped " in line:
                    self.assertTrue(is_gone(int(line.rpartition(" ")[2])), "what left its group was ended at the end")

    def test_a_stop_command_that_hangs_ends_with_the_grace(self):
        with App("  web: {command: exec sleep 1000,\n"
                 "        shutdown: {command: echo ending $$$$; exec sleep 1000, timeout: 500ms}}") as app:
            app.wait_line("web ready")
            app.signal(signal.SIGTERM)
            command = int(app.wait_line(r"\| ending (\d+)").group(1))
            self.assertEqual(app.wait_exit(), 0)
            self.assertTrue(is_gone(command))

    def test_a_stop_command_may_finish_after_the_worker_has_ended(self):
        with App("  web: {command: exec sleep 1000,\n"
                 "        shutdown: {command: kill $MAINPID; sleep 0.5; echo tidied up}}") as app:
            app.wait_line("web ready")
            app.signal(signal.SIGTERM)
            self.assertEqual(app.wait_exit(), 0)
            self.assertIn("| tidied up", app.output())


class BadReader(unittest.TestCase):
    def test_a_terminal_that_nobody_reads_holds_up_nothing(self):
        ours, terminal = pty.openpty()
        try:
            with App("  chatty: {command: 'yes | head -c 3000000; touch finished; exec sleep 1000'}",
                     stdout=terminal) as app:
                wait_until((app.folder / "finished").exists, "chatty wrote 3 MB that nobody reads")
                app.signal(signal.SIGTERM)
                begin = time.monotonic()
                self.assertEqual(app.master.wait(DEADLINE_S), 0)
                self.assertLess(time.monotonic() - begin, 10)
        finally:
            os.close(ours)
            os.close(terminal)

    def test_a_reader_that_takes_its_time_is_waited_for_until_somebody_has_none(self):
        reader, writer = os.pipe()
        try:
            with App("  chatty: {command: 'yes | head -c 3000000; touch finished; exec sleep 1000'}",
                     stdout=writer) as app:
                wait_until((app.folder / "finished").exists, "chatty wrote 3 MB")
                app.signal(signal.SIGTERM)
                wait_until(lambda: not app.hub_socket.exists(), "nothing is left but the output")
                begin = time.monotonic()
                while time.monotonic() - begin < 7:  # more than who takes nothing is waited for
                    os.read(reader, 4096)
                    time.sleep(0.3)  # the slow reader itself
                self.assertIsNone(app.master.poll())
                app.signal(signal.SIGTERM)
                self.assertEqual(app.master.wait(DEADLINE_S), 0)
        finally:
            os.close(reader)
            os.close(writer)


if __name__ == "__main__":
    sys.exit(unittest.main())
