"""What a living app has in its run directory is safe from other masters, from cleaners, and mostly from people."""

import fcntl
import os
import shutil
import signal
import subprocess
import sys
import threading
import unittest

from pandora import App, BINARY, DEADLINE_S

SLEEPER = "  web: {command: exec sleep 1000}"


class LockedFolder:
    """As systemd-tmpfiles does it before it looks into a folder: none where somebody else has locked it."""

    def __init__(self, path):
        self.descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
        fcntl.flock(self.descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)

    def close(self):
        os.close(self.descriptor)


class RunDirectory(unittest.TestCase):
    def second_run(self, app):
        return subprocess.run([BINARY, "run", str(app.procfile)], env=app.environment, capture_output=True, text=True,
                              timeout=DEADLINE_S, check=False)

    def test_a_second_master_is_refused_though_the_lock_file_was_removed(self):
        with App(SLEEPER) as app:
            app.wait_line("web ready")
            web = app.pid_of("web/0")
            (app.run_directory / "lock").unlink()
            second = self.second_run(app)
            self.assertEqual(second.returncode, 1)
            self.assertIn(f"app `t` is already running (pid {app.master.pid}", second.stderr)
            self.assertEqual(app.pid_of("web/0"), web)
            self.assertTrue((app.run_directory / "notify.sock").exists())
            self.assertEqual((app.run_directory / "master.pid").read_text(), f"{app.master.pid}\n")

    def test_cleaners_that_know_locks_leave_it_alone_while_the_app_lives(self):
        with App(SLEEPER) as app:
            app.wait_line("web ready")
            with self.assertRaises(BlockingIOError):
                LockedFolder(app.run_directory)

    def test_a_cleaner_at_work_keeps_no_app_from_starting(self):
        app = App(SLEEPER)
        app.run_directory.mkdir(parents=True)
        cleaner = LockedFolder(app.run_directory)
        threading.Timer(0.2, cleaner.close).start()
        with app:
            app.wait_line("web ready")

    def test_sockets_that_were_removed_are_made_again(self):
        with App("  web: {command: 'exec sleep 1000', replicas: 2}") as app:
            app.wait_line("web/1 ready")
            web = app.pid_of("web/0")
            app.hub_socket.unlink()
            (app.run_directory / "notify.sock").unlink()
            app.wait_line("notify.sock was removed; made it again")
            app.wait_line("hub.sock was removed; made it again, for a new hub")
            app.wait_line("hub ready", count=2)
            self.assertEqual(app.pid_of("web/0"), web)
            self.assertTrue((app.run_directory / "notify.sock").is_socket())

    def test_whoever_lost_the_whole_folder_leaves_its_successor_alone(self):
        with App(SLEEPER) as app:
            app.wait_line("web ready")
            shutil.rmtree(app.run_directory)
            app.wait_line(f"its sockets are gone, and cannot be made again: {app.run_directory} was removed")
            with subprocess.Popen([BINARY, "run", str(app.procfile)], env=app.environment, stdout=subprocess.PIPE,
                                  text=True) as successor:
                try:
                    self.assertTrue(any("web ready" in line for line in successor.stdout))
                    app.signal(signal.SIGTERM)
                    self.assertEqual(app.wait_exit(), 0)
                    self.assertEqual((app.run_directory / "master.pid").read_text(), f"{successor.pid}\n")
                    self.assertTrue(app.instances()["web/0"]["up"])
                    self.assertTrue((app.run_directory / "notify.sock").is_socket())
                finally:
                    successor.terminate()
                    successor.wait(DEADLINE_S)


if __name__ == "__main__":
    sys.exit(unittest.main())
