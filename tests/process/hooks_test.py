"""Commands around a run: hooks before and after its start and its stop, the ways to stop and to reload it, daemons."""

import os
import pathlib
import signal
import sys
import unittest

from pandora import App, is_gone, wait_until

DAEMON = f"{sys.executable} {pathlib.Path(__file__).resolve().parent / 'daemon_worker.py'}"
KEEPER = "  keeper: {command: exec sleep 1000}\n"
ALL_HOOKS = """
    hooks:
      before_start: echo before_start $MAINPID >> order
      after_start: echo after_start $MAINPID >> order
      before_stop: echo before_stop $MAINPID >> order
      after_stop: echo after_stop $MAINPID >> order
"""


def deaf(also=""):
    """A worker that does not end by SIGTERM."""
    return f"trap \"\" TERM; {also} echo armed; while :; do sleep 0.05; done"


def running(app, path):
    """The pid that a command has written to a file."""
    return wait_until(lambda: app.read(path).endswith("\n") and int(app.read(path)), f"a pid in {path}")


class Hooks(unittest.TestCase):
    def test_each_has_its_place_in_a_run_and_knows_the_process(self):
        with App("  web:\n    command: echo run >> order; echo up; exec sleep 1000\n    ready_log_line: up" + ALL_HOOKS
                 + KEEPER) as app:
            pid = app.wait_view("web/0", state="ready")["pid"]
            wait_until(lambda: "after_start" in app.read("order"), "after_start")
            app.do("stop", "web")
            self.assertEqual(app.read("order").splitlines(),
                             ["before_start", "run", f"after_start {pid}", f"before_stop {pid}", "after_stop"])

    def test_what_ends_by_itself_is_told_after_it_and_a_new_run_has_them_all_again(self):
        with App("  web:\n    command: echo run >> order; echo up; exec sleep 1000\n    ready_log_line: up\n"
                 "    availability: {restart: always, backoff: 0ms}" + ALL_HOOKS) as app:
            pid = app.wait_view("web/0", state="ready")["pid"]
            wait_until(lambda: "after_start" in app.read("order"), "after_start")
            os.kill(pid, signal.SIGKILL)
            again = app.wait_view("web/0", state="ready", restarts=1)["pid"]
            wait_until(lambda: app.read("order").count("after_start") == 2, "after_start of the second run")
            self.assertEqual(app.read("order").splitlines(), ["before_start", "run", f"after_start {pid}", "after_stop",
                                                              "before_start", "run", f"after_start {again}"])

    def test_they_run_with_the_environment_in_the_folder_of_the_process(self):
        with App("  web: {command: exec sleep 1000, working_dir: inner, environment: [COLOUR=green], replicas: 2,\n"
                 "    hooks: {before_start: 'mkdir -p there; echo $COLOUR $PC_REPLICA_NUM > there/$PC_REPLICA_NUM'}}",
                 files={"inner/kept": ""}) as app:
            for n in (0, 1):
                app.wait_view(f"web/{n}", state="ready")
                self.assertEqual(app.read(f"inner/there/{n}"), f"green {n}\n")

    def test_a_failure_before_the_start_fails_it(self):
        with App("  web: {command: echo >> ran, hooks: {before_start: exit 3}}") as app:
            self.assertEqual(app.wait_exit(), 3)
            self.assertRegex(app.output(), r"web hooks\.before_start failed: exit 3")
            self.assertEqual(app.read("ran"), "")

    def test_a_start_that_failed_is_tried_again(self):
        with App("  web: {command: exec sleep 1000, availability: {restart: on_failure, backoff: 1ms},\n"
                 "        hooks: {before_start: 'echo >> tries; test $(wc -l < tries) = 3'}}") as app:
            view = app.wait_view("web/0", state="ready")
            self.assertEqual((len(app.read("tries")), view["restarts"]), (3, 2))

    def test_one_that_takes_too_long_is_killed_with_all_it_started_and_has_failed(self):
        hook = "{command: 'sleep 1000 & echo $! > child; echo $$$$ > hook; wait', timeout: 3s}"
        with App(f"  web: {{command: echo >> ran, hooks: {{before_start: {hook}}}}}\n" + KEEPER) as app:
            view = app.wait_view("web/0", state="failed")
            self.assertEqual(view["last_end"], "hooks.before_start failed: SIGKILL")
            self.assertEqual(app.read("ran"), "")
            for path in ("hook", "child"):
                wait_until(lambda: is_gone(running(app, path)), f"the {path} is gone")

    def test_neither_one_that_fails_nor_one_that_hangs_keeps_a_process_from_its_end(self):
        with App("  web: {command: exec sleep 1000, hooks: {after_start: exit 4,\n"
                 "        before_stop: {command: sleep 1000, timeout: 300ms},\n"
                 "        after_stop: {command: sleep 1000, timeout: 300ms}}}\n" + KEEPER) as app:
            app.wait_line(r"web: hooks\.after_start failed: exit 4")
            self.assertEqual(app.ps("web/0")["state"], "ready")
            app.do("stop", "web")
            for hook in ("before_stop", "after_stop"):
                app.wait_line(rf"web: hooks\.{hook} failed: SIGKILL")
            self.assertEqual(app.ps("web/0")["last_end"], "SIGTERM")

    def test_a_stop_ends_a_start_that_is_being_prepared(self):
        with App("  web: {command: echo >> ran, hooks: {before_start: {command: echo $$$$ > hook; exec sleep 1000}}}\n"
                 + KEEPER) as app:
            hook = running(app, "hook")
            self.assertEqual(app.ps("web/0")["state"], "starting")
            app.do("stop", "web")
            self.assertTrue(is_gone(hook))
            self.assertEqual(app.read("ran"), "")


class Stopping(unittest.TestCase):
    def test_a_command_takes_the_place_of_the_signal(self):
        script = "trap \"echo got TERM\" TERM; trap \"echo got USR1; exit 0\" USR1; echo armed; " \
                 "while :; do sleep 0.05; done"
        with App(f"  web: {{command: '{script}', ready_log_line: armed, shutdown: {{command: kill -USR1 $MAINPID}}}}\n"
                 + KEEPER) as app:
            app.wait_line("web ready")
            app.do("stop", "web")
            app.wait_line("got USR1")
            self.assertNotIn("got TERM", app.output())
            self.assertEqual(app.ps("web/0")["last_end"], "exit 0")

    def test_when_the_grace_is_over_the_command_and_the_process_are_killed(self):
        with App(f"  web: {{command: '{deaf()}', ready_log_line: armed,\n"
                 "        shutdown: {command: 'echo $$$$ > stopper; exec sleep 1000', timeout: 3s}}\n"
                 + KEEPER) as app:
            app.wait_line("web ready")
            app.do("stop", "web")
            self.assertEqual(app.ps("web/0")["last_end"], "SIGKILL")
            wait_until(lambda: is_gone(running(app, "stopper")), "the stop command is gone")

    def test_a_command_that_fails_is_told_and_the_grace_decides(self):
        with App(f"  web: {{command: '{deaf()}', ready_log_line: armed,\n"
                 "        shutdown: {command: exit 5, timeout: 500ms}}\n" + KEEPER) as app:
            app.wait_line("web ready")
            app.do("stop", "web")
            app.wait_line(r"web: shutdown\.command failed: exit 5")
            self.assertEqual(app.ps("web/0")["last_end"], "SIGKILL")


class Reloading(unittest.TestCase):
    def test_by_a_signal_which_only_the_process_itself_gets(self):
        child = "trap \"echo child HUP\" HUP; while :; do sleep 0.05; done"
        script = f"({child}) & trap \"echo parent HUP\" HUP; echo armed; while :; do sleep 0.05; done"
        with App(f"  web: {{command: '{script}', ready_log_line: armed, reload: {{signal: hup}}}}") as app:
            pid = app.wait_view("web/0", state="ready")["pid"]
            app.do("reload", "web")
            app.do("reload", "web")
            app.wait_line("parent HUP")
            self.assertEqual(app.wait_view("web/0", state="ready")["pid"], pid)
            self.assertNotIn("child HUP", app.output())

    def test_by_a_command_that_knows_the_process(self):
        with App("  web: {command: exec sleep 1000, replicas: 2,\n"
                 "        reload: {command: echo $MAINPID > reloaded.$PC_REPLICA_NUM}}") as app:
            pids = [app.pid_of(f"web/{n}") for n in (0, 1)]
            app.wait_view("web/1", state="ready")
            app.do("reload", "web")
            self.assertEqual([running(app, f"reloaded.{n}") for n in (0, 1)], pids)
            self.assertEqual([app.pid_of(f"web/{n}") for n in (0, 1)], pids)

    def test_a_command_that_fails_is_told_and_the_run_goes_on(self):
        with App("  web: {command: exec sleep 1000, reload: {command: exit 6}}") as app:
            pid = app.wait_view("web/0", state="ready")["pid"]
            app.do("reload", "web")
            app.wait_line(r"web: reload\.command failed: exit 6")
            self.assertEqual(app.wait_view("web/0", state="ready")["pid"], pid)

    def test_where_nothing_is_said_it_is_replaced_by_one_that_is_ready(self):
        with App("  web: {command: 'sleep 0.2; echo up; exec sleep 1000', ready_log_line: up}") as app:
            pid = app.wait_view("web/0", state="ready")["pid"]
            app.do("reload", "web")
            app.wait_line("rolling replace done")
            self.assertNotEqual(app.wait_view("web/0", state="ready")["pid"], pid)


class Daemons(unittest.TestCase):
    """What the command leaves in the background is the process; it writes its pid to a file."""

    def daemon(self, kind, keys=""):
        return f"  web: {{command: exec {DAEMON} {kind} pid, is_daemon: true{keys}}}\n" + KEEPER

    def test_it_is_ready_when_its_command_has_ended_and_stays_in_its_group(self):
        with App(self.daemon("group", ", availability: {restart: always, backoff: 1ms}")) as app:
            app.wait_view("web/0", state="ready")
            first = running(app, "pid")
            self.assertFalse(is_gone(first))
            os.kill(first, signal.SIGKILL)
            app.wait_line("web ended: its processes are gone")
            second = wait_until(lambda: running(app, "pid") != first and running(app, "pid"), "another daemon")
            app.wait_view("web/0", state="ready", restarts=1)
            app.do("stop", "web")
            self.assertTrue(is_gone(second))

    def test_one_that_left_its_session_is_watched_by_its_probe_and_stopped_by_its_command(self):
        with App(self.daemon("session", ",\n    availability: {restart: always, backoff: 1ms},\n"
                                        "    liveness_probe: {exec: kill -0 $(cat pid), period: 100ms},\n"
                                        "    shutdown: {command: kill $(cat pid)}")) as app:
            app.wait_view("web/0", state="ready", health="passing")
            first = running(app, "pid")
            os.kill(first, signal.SIGKILL)
            app.wait_line("liveness failed 3x")
            second = wait_until(lambda: running(app, "pid") != first and running(app, "pid"), "another daemon")
            app.wait_view("web/0", state="ready", health="passing")
            app.do("stop", "web")
            wait_until(lambda: is_gone(second), "the daemon has ended")
            self.assertEqual(app.ps("web/0")["state"], "completed")

    def test_a_command_that_does_not_end_in_time_has_failed(self):
        with App("  web: {command: exec sleep 1000, is_daemon: true, launch_timeout: 300ms}\n" + KEEPER) as app:
            self.assertEqual(app.wait_view("web/0", state="failed")["last_end"],
                             "not ready within 300 ms: waited for the end of its command, SIGTERM")

    def test_a_command_that_fails_has_started_nothing(self):
        with App("  web: {command: exit 9, is_daemon: true}\n" + KEEPER) as app:
            self.assertEqual(app.wait_view("web/0", state="failed")["last_end"], "exit 9")

    def test_a_daemon_is_gone_when_the_app_is(self):
        for kind in ("group", "session"):
            with self.subTest(kind), App(self.daemon(kind, ", shutdown: {timeout: 5s}")) as app:
                app.wait_view("web/0", state="ready")
                pid = running(app, "pid")
                app.signal(signal.SIGTERM)
                app.wait_exit()
                self.assertTrue(is_gone(pid))


if __name__ == "__main__":
    sys.exit(unittest.main())
