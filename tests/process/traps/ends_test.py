"""Traps around the end of a process: whose it was, who learns of it, and what it was."""

import os
import signal
import subprocess
import sys
import unittest

from pandora import App, children_of, is_gone, process_state, wait_until

ALWAYS = "availability: {restart: always, backoff: 0ms}"
LAST_PID = "/proc/sys/kernel/ns_last_pid"
TRIES_MAX = 200  # another process may take the number first


def start_with_pid(pid, command):
    """A process in a session of its own whose pid is `pid`, which must be free."""
    for _ in range(TRIES_MAX):
        with open(LAST_PID, "w", encoding="ascii") as last:
            last.write(str(pid - 1))
            last.flush()
            process = subprocess.Popen(command, start_new_session=True)
        if process.pid == pid:
            return process
        process.kill()
        process.wait()
    raise AssertionError(f"pid {pid} could not be had in {TRIES_MAX} tries")


class Ends(unittest.TestCase):
    @unittest.skipUnless(os.access(LAST_PID, os.W_OK) and os.geteuid() == 0, "only root chooses the next pid")
    def test_trap_01_a_stranger_who_got_a_dead_workers_pid_is_left_alone(self):
        with App("  web: {command: exec sleep 1000}\n  keeper: {command: exec sleep 1000}") as app:
            app.wait_line("web ready")
            pid = app.pid_of("web/0")
            os.kill(pid, signal.SIGKILL)
            app.wait_line("web ended: SIGKILL")
            wait_until(lambda: process_state(pid) is None, "web was reaped")
            stranger = start_with_pid(pid, ["sleep", "1000"])
            try:
                app.signal(signal.SIGTERM)
                app.wait_exit()
                self.assertIsNone(stranger.poll())
            finally:
                stranger.kill()
                stranger.wait()

    def test_trap_02_what_a_dead_leader_leaves_is_found_before_the_leader_is_forgotten(self):
        with App(f"  web: {{command: 'sleep 1000 & echo left $$!; exit 1', {ALWAYS}}}") as app:
            left = int(app.wait_line(r"\| left (\d+)").group(1))
            app.wait_line("web ready", count=2)
            self.assertTrue(is_gone(left), "the restart came after its end")

    def test_trap_03_forty_deaths_behind_one_signal_are_all_seen(self):
        with App(f"  web: {{command: exec sleep 1000, replicas: 40, {ALWAYS}}}") as app:
            for n in range(40):
                app.wait_line(rf"web/{n} ready")
            pids = [instance["pid"] for name, instance in app.instances().items() if name.startswith("web/")]
            app.signal(signal.SIGSTOP)  # signals of one kind that come meanwhile become one
            for pid in pids:
                os.kill(pid, signal.SIGKILL)
            for pid in pids:
                wait_until(lambda pid=pid: process_state(pid) == "Z", f"{pid} has ended")
            app.signal(signal.SIGCONT)
            for n in range(40):
                app.wait_line(rf"web/{n} ready", count=2)
            restarts = [i["restarts"] for name, i in app.instances().items() if name.startswith("web/")]
            self.assertEqual(restarts, [1] * 40)
            self.assertEqual([pid for pid in pids if process_state(pid)], [], "reaped")

    def test_trap_04_nobody_takes_the_status_that_another_waits_for(self):
        """Twenty workers, each with an orphan that ends when it does, with another code."""
        with App("\n".join(f"  w{n}: {{command: '(setsid sh -c \"exit 99\" &); exit {n}'}}" for n in range(1, 21))
                 + "\n  keeper: {command: exec sleep 1000}") as app:
            for n in range(1, 21):
                app.wait_line(rf"w{n} ended: exit {n}\b")
            self.assertNotIn("exit 99", app.output())
            wait_until(lambda: all(process_state(pid) != "Z" for pid in children_of(app.master.pid)),
                       "no zombie is left")

    def test_trap_05_started_means_that_exec_succeeded(self):
        app = App("  web: {entrypoint: [./script]}\n"
                  "  api: {command: echo was started, depends_on: {web: {condition: process_started}}}",
                  files={"script": "#!/nonexistent/interpreter\n"})
        (app.folder / "script").chmod(0o755)
        with app:
            self.assertEqual(app.wait_exit(), 127)
            self.assertIn("web cannot execute ./script: No such file or directory", app.output())
            self.assertNotIn("web ready", app.output())
            self.assertNotIn("was started", app.output())

    def test_trap_30_an_exit_code_that_looks_like_a_signal_is_no_signal(self):
        with App("  code9: {command: exit 137}\n  signal9: {command: kill -KILL $$$$}\n"
                 "  code15: {command: exit 143}\n  signal15: {command: kill -TERM $$$$}\n"
                 "  keeper: {command: exec sleep 1000}") as app:
            for what, end in (("code9", "exit 137"), ("signal9", "SIGKILL"),
                              ("code15", "exit 143"), ("signal15", "SIGTERM")):
                app.wait_line(rf"{what} ended: {end}\b")


if __name__ == "__main__":
    sys.exit(unittest.main())
