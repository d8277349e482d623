"""Traps around descendants: who belongs to a worker, who outlives it, and who outlives the master."""

import fcntl
import os
import pty
import signal
import subprocess
import sys
import termios
import unittest

from pandora import App, BINARY, DEADLINE_S, children_of, is_gone, process_state, wait_until

from marked import end_all_of, live_of

ALWAYS = "availability: {restart: always, backoff: 0ms}"
AS_ROOT = unittest.skipUnless(os.geteuid() == 0, "needs root")

# Ends at once; a process of another session goes on under the name `daemon`.
DAEMON = """\
import os, time
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        with open("daemon.new", "w") as file:
            file.write(str(os.getpid()))
        os.rename("daemon.new", "daemon")
        time.sleep(1000)
"""

# A child and a grandchild in the worker's group, both deaf; the worker itself ends when it is told to.
DEAF_FAMILY = """\
import os, signal, time
if os.fork() == 0:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    if os.fork() == 0:
        print("family is deaf", flush=True)
    time.sleep(1000)
time.sleep(1000)
"""

TERMINAL = """\
import os, signal, time
def say(what):
    return lambda *_: print("got", what, flush=True)
def leave(*_):
    print("got TERM", flush=True)
    raise SystemExit
signal.signal(signal.SIGINT, say("INT"))
signal.signal(signal.SIGTERM, leave)
try:
    os.open("/dev/tty", os.O_RDWR)
    print("has a terminal", flush=True)
except OSError:
    print("has no terminal", open("/proc/self/stat").read().rpartition(")")[2].split()[4], flush=True)
while True:
    time.sleep(1000)
"""

# Its lock is its life: a second copy cannot have it. `escaped` holds it in another session.
ALONE = """\
import fcntl, os, sys, time
held = open("life", "w")
if len(sys.argv) > 1 and os.fork() == 0:
    os.setsid()
    time.sleep(1000)
try:
    fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
    print("alone", flush=True)
except OSError:
    print("twin", flush=True)
time.sleep(1000)
"""

ESCAPEE_THAT_LISTENS = """\
import os, signal, time
if os.fork() == 0:
    os.setsid()
    def told(*_):
        open("told", "w").close()
        os._exit(0)
    signal.signal(signal.SIGTERM, told)
    print("escaped", flush=True)
    time.sleep(1000)
time.sleep(1000)
"""


def python(script, extra="", name="web"):
    return f"  {name}: {{entrypoint: [{sys.executable}, {script}]{extra}}}"


class Family(unittest.TestCase):
    def started(self, *arguments, **options):
        """An App of which nothing is left after the test, whatever it finds."""
        app = App(*arguments, **options)
        self.addCleanup(end_all_of, app)
        return app

    def test_trap_06_a_worker_that_went_into_the_background_has_ended(self):
        with self.started(python("daemon.py") + "\n  keeper: {command: exec sleep 1000}",
                          files={"daemon.py": DAEMON}) as app:
            wait_until((app.folder / "daemon").exists, "the daemon runs")
            wait_until(lambda: app.instances()["web/0"]["state"] == "completed", "web is told to have ended")

    def test_trap_06_a_declared_daemon_runs_until_its_command_stops_it(self):
        with self.started(python("daemon.py", ", is_daemon: true, shutdown: {command: kill $(cat daemon)}"),
                          files={"daemon.py": DAEMON}) as app:
            app.wait_line("web ready")
            wait_until((app.folder / "daemon").exists, "the daemon runs")
            daemon = int((app.folder / "daemon").read_text())
            wait_until(lambda: daemon in (left := children_of(app.master.pid)) and len(left) == 2,
                       "what started it has ended: the hub and the daemon are left")
            self.assertEqual(app.instances()["web/0"]["state"], "ready")
            app.signal(signal.SIGTERM)
            self.assertEqual(app.wait_exit(), 0)
            self.assertTrue(is_gone(daemon))

    def test_trap_07_worker_calls_setsid(self):
        """What left the group of its worker ends with the app all the same."""
        with self.started("  web: {command: 'setsid sleep 1000 & echo left $$!; exec sleep 1000'}") as app:
            left = int(app.wait_line(r"\| left (\d+)").group(1))
            wait_until(lambda: os.getsid(left) == left, "it has a session of its own")
            app.signal(signal.SIGTERM)
            self.assertEqual(app.wait_exit(), 0)
            self.assertTrue(is_gone(left))
            self.assertEqual(live_of(app), [])

    def test_trap_08_the_end_of_the_leader_does_not_end_the_stop(self):
        with self.started(python("deaf.py", ", shutdown: {timeout: 300ms}"), files={"deaf.py": DEAF_FAMILY}) as app:
            app.wait_line(r"\| family is deaf")
            app.signal(signal.SIGTERM)
            self.assertEqual(app.wait_exit(), 0)
            self.assertEqual(live_of(app), [])

    def test_trap_09_adopted_orphans_are_reaped_and_are_nobodys_end(self):
        script = "for n in 1 2 3 4 5 6 7 8; do (setsid sh -c \"sleep 0.$$n; touch done-$$n\" &); done; exec sleep 1000"
        with self.started(f"  web: {{command: '{script}', {ALWAYS}}}") as app:
            for n in range(1, 9):
                wait_until((app.folder / f"done-{n}").exists, f"orphan {n} has finished")
            wait_until(lambda: all(process_state(pid) != "Z" for pid in children_of(app.master.pid)),
                       "no zombie is left")
            web = app.instances()["web/0"]
            self.assertEqual((web["state"], web["restarts"]), ("ready", 0))

    def test_trap_10_workers_die_with_their_master_even_those_just_born(self):
        for ready in (1, 30, 90):
            with self.subTest(ready=ready), self.started(
                    "  storm: {command: exit 1, replicas: 6,\n"
                    "          availability: {restart: always, backoff: 0ms, backoff_max: 1ms}}\n"
                    "  calm: {command: exec sleep 1000, replicas: 4}") as app:
                app.wait_line("ready", count=ready)
                app.signal(signal.SIGKILL)
                app.master.wait(DEADLINE_S)
                wait_until(lambda app=app: not live_of(app), "all have died")

    @AS_ROOT
    def test_trap_10_so_do_workers_that_became_somebody_else(self):
        """A change of credentials clears the wish to die with the parent."""
        with self.started("  web: {command: exec sleep 1000, user: nobody, working_dir: /}") as app:
            app.wait_line("web ready")
            app.signal(signal.SIGKILL)
            app.master.wait(DEADLINE_S)
            wait_until(lambda: not live_of(app), "all have died")

    def test_trap_24_a_worker_has_no_terminal_and_ctrl_c_is_the_masters(self):
        ours, theirs = pty.openpty()
        self.addCleanup(os.close, ours)

        def own_terminal():
            os.setsid()
            fcntl.ioctl(theirs, termios.TIOCSCTTY, 0)

        with self.started(python("terminal.py"), files={"terminal.py": TERMINAL}, before=own_terminal) as app:
            os.close(theirs)
            app.wait_line(r"\| has no terminal 0$")
            os.write(ours, b"\x03")
            app.wait_line("SIGINT: stopping")
            self.assertEqual(app.wait_exit(), 0)
            self.assertIn("| got TERM", app.output())
            self.assertNotIn("| got INT", app.output())

    @AS_ROOT
    def test_trap_25_as_pid_1_it_stops_and_reaps_and_leaves_nobody_unasked(self):
        namespace = ["unshare", "-p", "-f", "--mount-proc", "--kill-child"]
        if subprocess.run([*namespace, "true"], capture_output=True).returncode != 0:
            self.skipTest("no pid namespace can be made here (in a chroot, for one)")
        script = "for n in 1 2 3; do (setsid sh -c \"sleep 0.$$n; touch done-$$n\" &); done; exec sleep 1000"
        with self.started(f"  orphans: {{command: '{script}'}}\n" + python("escapee.py"),
                          files={"escapee.py": ESCAPEE_THAT_LISTENS},
                          start=namespace) as app:
            app.wait_line(r"\| escaped")
            first = children_of(app.master.pid)[0]
            for n in (1, 2, 3):
                wait_until((app.folder / f"done-{n}").exists, f"orphan {n} has finished")
            wait_until(lambda: all(process_state(pid) != "Z" for pid in children_of(first)), "no zombie is left")
            os.kill(first, signal.SIGTERM)
            self.assertEqual(app.wait_exit(), 0, app.output())
            self.assertTrue((app.folder / "told").exists(), "the escapee could finish what it did")


class MasterRestart(unittest.TestCase):
    def next_master_says(self, app):
        """What the worker of a master says that is started in the moment in which the last one was killed."""
        app.signal(signal.SIGKILL)
        app.master.wait(DEADLINE_S)
        with subprocess.Popen([BINARY, "run", str(app.procfile)], env=app.environment, text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as again:
            try:
                return next((line for line in again.stdout if "| alone" in line or "| twin" in line), "nothing")
            finally:
                again.terminate()
                again.communicate(timeout=DEADLINE_S)

    def check_no_twin(self, extra):
        for _ in range(3):
            with App(python("alone.py" + extra), files={"alone.py": ALONE}) as app:
                self.addCleanup(end_all_of, app)
                app.wait_line(r"\| alone")
                self.assertIn("| alone", self.next_master_says(app))

    def test_trap_28_the_next_master_makes_no_twins(self):
        self.check_no_twin("")

    def test_trap_28_nor_of_what_has_left_its_session(self):
        self.check_no_twin(", escape")


if __name__ == "__main__":
    sys.exit(unittest.main())
