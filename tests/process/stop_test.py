"""Everything ends when it is asked to: in order, with its grace, and with nothing left behind."""

import os
import signal
import subprocess
import sys
import time
import unittest

from pandora import App, BINARY, DEADLINE_S, children_of, is_gone, wait_until

# Ignores SIGTERM from the moment it says `armed`.
DEAF = "trap '' TERM; echo armed; while :; do sleep 0.1; done"


class Stop(unittest.TestCase):
    def test_dependents_stop_before_what_they_depend_on(self):
        with App("  db: {command: exec sleep 1000}\n"
                 "  api: {command: exec sleep 1000, depends_on: [db]}\n"
                 "  web: {command: exec sleep 1000, depends_on: [api]}") as app:
            app.wait_line("web ready")
            app.signal(signal.SIGINT)
            self.assertEqual(app.wait_exit(), 0)
            stopped = [line.split()[2] for line in app.lines if line.endswith(" stopped")]
            self.assertEqual(stopped, ["web", "api", "db", "hub"])

    def test_a_worker_that_ignores_the_signal_is_killed_after_its_grace(self):
        with App(f"  deaf: {{command: {DEAF}, shutdown: {{timeout: 500ms}}}}") as app:
            app.wait_line(r"\| armed")
            begin = time.monotonic()
            app.signal(signal.SIGTERM)
            self.assertEqual(app.wait_exit(), 0)
            self.assertGreaterEqual(time.monotonic() - begin, 0.5)
            self.assertIn("deaf: still there after its grace; sent SIGKILL", app.output())

    def test_a_group_member_that_outlives_the_leader_is_killed_too(self):
        script = "(trap \"\" TERM; echo member; while :; do sleep 0.1; done) & echo pid $$!; exec sleep 1000"
        with App(f"  web: {{command: '{script}', shutdown: {{timeout: 500ms}}}}") as app:
            member = int(app.wait_line(r"\| pid (\d+)").group(1))
            app.wait_line(r"\| member")
            app.signal(signal.SIGTERM)
            self.assertEqual(app.wait_exit(), 0)
            self.assertTrue(is_gone(member))

    def test_a_second_signal_kills_at_once(self):
        with App(f"  deaf: {{command: {DEAF}, shutdown: {{timeout: 1h}}}}") as app:
            app.wait_line(r"\| armed")
            app.signal(signal.SIGINT)
            app.wait_line("SIGINT: stopping")
            app.insist(signal.SIGINT)
            self.assertEqual(app.wait_exit(), 128 + signal.SIGINT)

    def test_an_echo_of_the_first_signal_kills_nobody(self):
        worker = "'trap \"sleep 0.3; echo done; exit\" TERM; echo up; while :; do sleep 0.05; done'"
        with App(f"  web: {{command: {worker}}}") as app:
            app.wait_line(r"\| up")
            app.signal(signal.SIGSTOP)  # so that both are there when it looks
            app.signal(signal.SIGTERM)
            app.signal(signal.SIGINT)
            app.signal(signal.SIGCONT)
            self.assertEqual(app.wait_exit(), 0)
            self.assertRegex(app.output(), r"\| done")

    def test_a_worker_that_is_suspended_is_woken_to_stop(self):
        with App("  web: {command: exec sleep 1000, shutdown: {timeout: 1h}}") as app:
            os.kill(app.pid_of("web/0"), signal.SIGSTOP)
            app.signal(signal.SIGTERM)
            self.assertEqual(app.wait_exit(), 0)

    def test_the_signal_of_the_procfile_is_the_one_sent(self):
        with App("  web: {command: 'trap \"echo got USR1; exit\" USR1; echo up; while :; do sleep 0.05; done',\n"
                 "        shutdown: {signal: SIGUSR1}}") as app:
            app.wait_line(r"\| up")
            app.signal(signal.SIGTERM)
            self.assertEqual(app.wait_exit(), 0)
            self.assertIn("| got USR1", app.output())

    def test_the_shutdown_command_runs_instead(self):
        with App("  web: {command: exec sleep 1000,\n"
                 "        shutdown: {command: 'echo ending $MAINPID; kill $MAINPID'}}") as app:
            pid = app.pid_of("web/0")
            app.signal(signal.SIGTERM)
            self.assertEqual(app.wait_exit(), 0)
            self.assertIn(f"| ending {pid}", app.output())

    def test_a_restart_that_waits_for_its_delay_does_not_delay_the_stop(self):
        with App("  web: {command: exit 1,\n"
                 "        availability: {restart: always, backoff: 1h, backoff_max: 1h, backoff_jitter: 0}}") as app:
            app.wait_line("restarting in 3600000 ms")
            app.signal(signal.SIGTERM)
            self.assertEqual(app.wait_exit(), 0)

    def test_the_last_words_of_a_worker_are_shown(self):
        script = "trap \"printf last words without newline; exit\" TERM; echo up; while :; do sleep 0.05; done"
        with App(f"  web: {{command: '{script}'}}") as app:
            app.wait_line(r"\| up")
            app.signal(signal.SIGTERM)
            app.wait_exit()
            self.assertIn("last", app.output())


class MasterDeath(unittest.TestCase):
    def test_workers_and_hub_follow_a_killed_master(self):
        with App("  web: {command: exec sleep 1000, replicas: 2}") as app:
            app.wait_line("web/1 ready")
            family = children_of(app.master.pid)
            self.assertEqual(len(family), 3)
            app.signal(signal.SIGKILL)
            wait_until(lambda: all(map(is_gone, family)), "all children gone")

    def test_the_next_master_takes_over_what_the_dead_one_left(self):
        with App("  web: {command: exec sleep 1000}") as app:
            app.wait_line("web ready")
            app.signal(signal.SIGKILL)
            app.wait_exit()
            again = subprocess.Popen([BINARY, "run", str(app.procfile)], env=app.environment,
                                     stdout=subprocess.PIPE, text=True)
            try:
                self.assertTrue(any("web ready" in line for line in again.stdout))
            finally:
                again.terminate()
                again.wait(DEADLINE_S)
                again.stdout.close()

    def test_a_second_master_of_the_same_app_is_refused(self):
        with App("  web: {command: exec sleep 1000}") as app:
            app.wait_line("web ready")
            second = subprocess.run([BINARY, "run", str(app.procfile)], env=app.environment,
                                    capture_output=True, text=True, timeout=DEADLINE_S)
            self.assertEqual(second.returncode, 1)
            self.assertIn(f"app `t` is already running (pid {app.master.pid}", second.stderr)
            self.assertEqual(len(second.stderr.splitlines()), 1)
            self.assertTrue(app.instances()["web/0"]["up"], "the first one goes on, and its hub answers")


if __name__ == "__main__":
    sys.exit(unittest.main())
