"""Users, rights and limits of workers, and what becomes of those that got away."""

import contextlib
import os
import pathlib
import shutil
import signal
import sys
import unittest

from pandora import App, is_gone, process_state, wait_until

as_root = unittest.skipUnless(os.geteuid() == 0, "only root can change users")

# Leaves its group, its session and its parent behind, and says who it is.
ESCAPE = "(setsid sh away.sh &)"
AWAY = {"away.sh": "echo away $$; exec sleep 1000\n"}
STUBBORN = {"away.sh": "trap : TERM; echo away $$; while :; do sleep 0.05; done\n"}


def open_to_all(app):
    """mkdtemp's folders are their owner's alone; a worker enters its folder as the user it runs as."""
    app.folder.chmod(0o755)
    return app


def kill_and_close(pidfd):
    with contextlib.suppress(ProcessLookupError):
        signal.pidfd_send_signal(pidfd, signal.SIGKILL)
    os.close(pidfd)


class Users(unittest.TestCase):
    @as_root
    def test_another_user_keeps_exactly_the_capabilities_asked_for(self):
        command = "grep -E '^(Uid|CapEff|CapBnd|Groups)' /proc/self/status; echo home $HOME, $USER; exec sleep 1000"
        with open_to_all(App(f"  web: {{command: \"{command}\", user: nobody, groups: ['4000'],\n"
                             "        capabilities: [CAP_NET_BIND_SERVICE], no_new_privileges: true}")) as app:
            app.wait_line(r"\| Uid:\s+65534\s+65534\s+65534\s+65534")
            app.wait_line(r"\| Groups:\s*4000\s*$")
            app.wait_line(r"\| CapEff:\s+0000000000000400")
            app.wait_line(r"\| CapBnd:\s+0000000000000400")
            app.wait_line(r"\| home /nonexistent, nobody")

    @as_root
    def test_a_worker_of_another_user_reaches_the_hub(self):
        script = ("import os, socket\n"
                  "s = socket.socket(socket.AF_UNIX)\n"
                  "s.connect(os.environ['PANDORA_HUB_SOCKET'])\n"
                  "print('reached', os.getuid(), flush=True)\n")
        python = shutil.which("python3", path="/usr/bin:/bin")  # ours may be where nobody else may go
        if not python:
            self.skipTest("no Python that another user may run")
        with open_to_all(App(f"  web: {{entrypoint: [{python}, connect.py], user: nobody}}",
                             files={"connect.py": script})) as app:
            app.wait_line(r"\| reached 65534")

    def test_a_user_that_does_not_exist_is_no_start_at_all(self):
        with App("  web: {command: 'touch started', user: no-such-user}") as app:
            self.assertNotEqual(app.wait_exit(), 0)
            self.assertIn("process web: user `no-such-user` does not exist", app.output())
            self.assertFalse((app.folder / "started").exists())


class Limits(unittest.TestCase):
    def test_a_worker_has_the_limits_asked_for(self):
        command = "ulimit -Sn; ulimit -Hn; umask; cat /proc/self/oom_score_adj; cut -d' ' -f19 /proc/self/stat"
        with App(f"  web: {{command: \"{command}; exec sleep 1000\", umask: '027',\n"
                 "        limits: {nofile: '50:60', nice: 5, oom_score_adj: 700}}") as app:
            for text in ("50", "60", "0027", "700", "5"):
                app.wait_line(rf"\| {text}$")

    def test_a_group_of_processes_is_limited_or_it_is_said_why_not(self):
        with App("  web: {command: 'exec sleep 1000', limits: {pids: 20}}") as app:
            app.wait_line("web ready")
            if "limits.pids: " in app.output():
                self.skipTest(app.wait_line("limits.pids: .*").group())
            groups = pathlib.Path(f"/proc/{app.pid_of('web/0')}/cgroup").read_text().splitlines()
            folder = f"pandora-t-{app.master.pid}"
            self.assertTrue(any(line.endswith(f"/{folder}/web-0") for line in groups), groups)
            app.signal(signal.SIGTERM)
            self.assertEqual(app.wait_exit(), 0, app.output())
        left = [str(path) for path in pathlib.Path("/sys/fs/cgroup").glob(f"**/{folder}")]
        self.assertEqual(left, [], "no group is left")


class Survivors(unittest.TestCase):
    def away(self, app, count=1):
        """The pid of what got away; a test that fails leaves it no longer than that."""
        pid = int(app.wait_line(r"\| away (\d+)", count=count).group(1))
        self.addCleanup(kill_and_close, os.pidfd_open(pid))
        return pid

    def test_what_left_its_group_is_named_and_ended_at_the_stop(self):
        with App(f"  web: {{command: '{ESCAPE}; exec sleep 1000'}}", files=AWAY) as app:
            pid = self.away(app)
            app.signal(signal.SIGTERM)
            self.assertEqual(app.wait_exit(), 0, app.output())
            self.assertTrue(is_gone(pid))
            self.assertRegex(app.output(), rf"left behind.*web/0: pid {pid} \(sleep\)")

    def test_what_a_killed_master_left_is_ended_before_anything_starts_again(self):
        with App(f"  web: {{command: '{ESCAPE}; exec sleep 1000'}}", files=AWAY) as app:
            first = self.away(app)
            app.master.kill()
            app.wait_exit()
            self.assertFalse(is_gone(first), "nobody is left to end it")
            app.master.stdout.close()
            with_new_master = app.__enter__()
            second = self.away(with_new_master, count=2)
            self.assertNotEqual(second, first)
            self.assertTrue(is_gone(first))
            lines = list(app.lines)
            ended = next(n for n, line in enumerate(lines) if f"pid {first} (sleep)" in line)
            started = next(n for n, line in enumerate(lines) if line.endswith(f"away {second}"))
            self.assertLess(ended, started)

    def test_another_app_of_the_same_user_is_left_alone(self):
        with App(f"  web: {{command: '{ESCAPE}; exec sleep 1000'}}", files=AWAY, name="other") as other:
            stranger = self.away(other)
            with App("  web: {command: exec sleep 1000}") as app:
                app.wait_line("web ready")
                app.signal(signal.SIGTERM)
                self.assertEqual(app.wait_exit(), 0, app.output())
            self.assertEqual(process_state(stranger), "S")

    def test_a_second_signal_does_not_wait_for_a_survivor_that_will_not_listen(self):
        with App(f"  web: {{command: '{ESCAPE}; exec sleep 1000'}}", files=STUBBORN) as app:
            pid = self.away(app)
            app.signal(signal.SIGTERM)
            app.wait_line("left behind")
            app.insist(signal.SIGTERM)
            app.wait_exit(8)  # shorter than the grace
            wait_until(lambda: is_gone(pid), "it was killed")


if __name__ == "__main__":
    sys.exit(unittest.main())
