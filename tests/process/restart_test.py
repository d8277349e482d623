"""Workers that end are started again: at once, after their delay, or not at all."""

import os
import resource
import signal
import sys
import unittest

from pandora import App, children_of, is_gone, process_state, wait_until

ALWAYS = "availability: {restart: always, backoff: 0ms}"


class Restart(unittest.TestCase):
    def test_a_killed_worker_is_replaced_and_counted(self):
        with App(f"  web: {{command: exec sleep 1000, {ALWAYS}}}") as app:
            first = app.pid_of("web/0")
            before = app.metric("pandora_process_restarts_total", process="web", replica="0")
            os.kill(first, signal.SIGKILL)
            app.wait_line("web ended: SIGKILL; restarting in 0 ms")
            app.wait_line(r"\bweb ready", count=2)
            self.assertNotEqual(app.pid_of("web/0"), first)
            after = app.metric("pandora_process_restarts_total", process="web", replica="0")
            self.assertEqual((before, after), (0, 1))
            self.assertIsNone(process_state(first), "reaped")

    def test_fifty_kills_in_a_row_are_fifty_restarts(self):
        with App(f"  web: {{command: exec sleep 1000, {ALWAYS}}}") as app:
            for n in range(1, 51):
                app.wait_line(r"\bweb ready", count=n)
                os.kill(app.pid_of("web/0"), signal.SIGKILL)
            app.wait_line(r"\bweb ready", count=51)
            self.assertEqual(app.instances()["web/0"]["restarts"], 50)

    def test_delays_grow(self):
        with App("  web: {command: exit 1,\n"
                 "        availability: {restart: on_failure, backoff: 20ms, backoff_max: 60ms,\n"
                 "                       backoff_jitter: 0}}") as app:
            for delay in (20, 40, 60, 60):
                app.wait_line(f"restarting in {delay} ms", count=2 if delay == 60 else 1)

    def test_a_crash_loop_is_given_up(self):
        with App("  web: {command: exit 9, availability: {restart: always, backoff: 1ms, max_restarts: 3}}") as app:
            self.assertEqual(app.wait_exit(), 9)
            self.assertIn("web ended: exit 9; gave up after 3 restarts in 60 s", app.output())
            self.assertEqual(app.output().count("web ready"), 4)

    def test_one_replica_that_dies_leaves_the_others_alone(self):
        with App(f"  web: {{command: exec sleep 1000, replicas: 3, {ALWAYS}}}") as app:
            for n in range(3):
                app.wait_line(rf"web/{n} ready")
            before = app.instances()
            os.kill(before["web/1"]["pid"], signal.SIGKILL)
            app.wait_line("web/1 ready", count=2)
            after = app.instances()
            kept = [before[f"web/{n}"]["pid"] == after[f"web/{n}"]["pid"] for n in range(3)]
            self.assertEqual(kept, [True, False, True])


class ProcessGroup(unittest.TestCase):
    def test_what_has_left_the_group_is_ended_before_the_restart_and_its_pipe_delays_nothing(self):
        script = "setsid sleep 1000 & echo $$!; exec sleep 0.1"
        with App(f"  web: {{command: '{script}', {ALWAYS}}}") as app:
            app.wait_line("web ready", count=3)
            for line in list(app.lines):
                if line.startswith("web ") and line.rpartition(" ")[2].isdigit():
                    pid = int(line.rpartition(" ")[2])
                    app.wait_line(rf"left behind, ending it: web/0: pid {pid} \(")
                    wait_until(lambda pid=pid: is_gone(pid), "it is ended")

    def test_what_a_dead_worker_leaves_in_its_group_is_ended_before_the_restart(self):
        script = "sleep 1000 & echo left $$!; exit 1"
        with App(f"  web: {{command: '{script}', {ALWAYS}}}") as app:
            left = int(app.wait_line(r"\| left (\d+)").group(1))
            app.wait_line("web ending the rest of its process group")
            app.wait_line("web ready", count=2)
            self.assertTrue(is_gone(left), "the restart came after its end")

    def test_a_leftover_that_ignores_the_signal_is_killed(self):
        script = ("(trap \"\" TERM; touch armed; while :; do sleep 0.1; done) & "
                  "until [ -e armed ]; do :; done; echo left $$!; exit 1")
        with App(f"  web: {{command: '{script}', shutdown: {{timeout: 300ms}}, {ALWAYS}}}") as app:
            left = int(app.wait_line(r"\| left (\d+)").group(1))
            app.wait_line("still there after its grace; sent SIGKILL")
            app.wait_line("web ready", count=2)
            self.assertTrue(is_gone(left))

    def test_adopted_orphans_are_reaped_and_mistaken_for_nobody(self):
        script = "setsid sh -c \"sleep 0.2; echo >> ended\" & sleep 0.05; exec sleep 1000"
        with App(f"  web: {{command: '{script}', {ALWAYS}}}") as app:
            app.wait_line("web ready")
            os.kill(app.pid_of("web/0"), signal.SIGKILL)
            app.wait_line("web ready", count=2)
            wait_until(lambda: app.read("ended"), "an orphan comes to its end")
            own = {app.pid_of("web/0"), app.pid_of("hub/0")}
            wait_until(lambda: set(children_of(app.master.pid)) == own, "no zombie is left")
            self.assertEqual(app.instances()["web/0"]["restarts"], 1)


class Exhaustion(unittest.TestCase):
    def test_a_master_out_of_descriptors_fails_that_start_and_goes_on(self):
        limit = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (100, limit[1]))
        self.addCleanup(resource.setrlimit, resource.RLIMIT_NOFILE, limit)
        with App("  many: {command: exec sleep 1000, replicas: 60}") as app:
            # The soft limit is raised to the hard one, and given back to the workers.
            app.wait_line(r"many/59 ready")
            with open(f"/proc/{app.pid_of('many/0')}/limits", encoding="utf-8") as file:
                self.assertRegex(file.read(), r"Max open files +100 ")
        with App("  many: {command: exec sleep 1000, replicas: 60}",
                 before=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (100, 100))) as app:
            app.wait_line(r"many/\d+ cannot .*: Too many open files; stays down")
            self.assertNotIn("Bad file descriptor", app.output())
            self.assertIsNone(app.master.poll())
            app.signal(signal.SIGTERM)
            self.assertEqual(app.wait_exit(), 0)


class Dependencies(unittest.TestCase):
    def test_a_job_runs_before_what_needs_it(self):
        with App("  web: {command: cat made, depends_on: {job: {condition: process_completed_successfully}}}\n"
                 "  job: {command: sleep 0.2; echo done > made}") as app:
            self.assertEqual(app.wait_exit(), 0)
            self.assertRegex(app.output(), r"web +\| done")

    def test_what_depends_on_a_failed_job_never_starts(self):
        with App("  job: {command: exit 4}\n"
                 "  web: {command: echo started,\n"
                 "        depends_on: {job: {condition: process_completed_successfully}}}") as app:
            self.assertEqual(app.wait_exit(), 4)
            self.assertIn("web not started: dependency job failed", app.output())
            self.assertNotRegex(app.output(), r"web +\| started")


if __name__ == "__main__":
    sys.exit(unittest.main())
