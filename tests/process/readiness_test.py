"""When a process is ready, and when it no longer is: probes, notifications, promised lines and objects, watchdogs."""

import os
import pathlib
import re
import signal
import socket
import sys
import time
import unittest

from obedient_worker import COMMAND, tell
from pandora import App, free_port, is_gone, wait_until

OPENING_WORKER = pathlib.Path(__file__).resolve().parent / "opening_worker.py"
KEEPER = "  keeper: {command: exec sleep 1000}\n"


def states(app):
    return {name: view["state"] for name, view in app.instances().items() if not view["builtin"]}


class Probes(unittest.TestCase):
    def test_each_kind_holds_back_those_that_wait_for_it_until_it_passes(self):
        http, tcp = free_port(), free_port()
        probes = {"exec": "exec: {command: echo >> tried; test -e open-exec}",
                  "http": f"http_get: {{port: {http}, path: /health, status_code: 204, headers: {{X-Who: pandora}}}}",
                  "tcp": f"tcp_connect: 127.0.0.1:{tcp}",
                  "unix": "unix_connect: ./unix.sock"}
        addresses = {"exec": "none", "http": http, "tcp": tcp, "unix": "unix.sock"}
        processes = "\n".join(
            f"  {kind}: {{command: exec {sys.executable} {OPENING_WORKER} {kind} {addresses[kind]},\n"
            f"    readiness_probe: {{{probe}, period: 50ms, failure_threshold: 100000}}}}\n"
            f"  after-{kind}: {{command: exec sleep 1000, depends_on: {{{kind}: {{condition: process_healthy}}}}}}"
            for kind, probe in probes.items())
        with App(processes) as app:
            waiting = {f"{kind}/0": "starting" for kind in probes} | {f"after-{kind}/0": "pending" for kind in probes}
            wait_until(lambda: len(app.read("tried")) > 3 and app.read("asked").count("pandora") > 3, "the probes fail")
            self.assertEqual(states(app), waiting)
            for kind in probes:
                self.assertEqual(app.ps(f"{kind}/0")["health"], "waits for its readiness_probe")
                self.assertEqual(app.ps(f"after-{kind}/0")["cause"], f"waiting for {kind} to be ready")
                app.touch(f"open-{kind}")
                app.wait_view(f"after-{kind}/0", state="ready")
                waiting |= {f"{kind}/0": "ready", f"after-{kind}/0": "ready"}
                self.assertEqual(states(app), waiting)

    def test_passes_count_in_a_row(self):
        # The first and the third attempt fail.
        probe = "echo >> tries; case $(wc -l < tries) in 1|3) false;; esac"
        with App("  web: {command: exec sleep 1000,\n"
                 f"        readiness_probe: {{exec: '{probe}', period: 50ms, success_threshold: 2,\n"
                 "                          failure_threshold: 100000}}\n"
                 "  after: {command: wc -l < tries; exec sleep 1000,\n"
                 "          depends_on: {web: {condition: process_healthy}}}") as app:
            self.assertGreaterEqual(int(app.wait_line(r"after +\| (\d+)").group(1)), 5)

    def test_failures_count_in_a_row_and_end_the_run(self):
        for kind in ("liveness", "readiness"):
            # The third attempt passes; the run fails with the sixth, and nobody asks any more.
            probe = "echo >> tries; test $(wc -l < tries) = 3"
            with self.subTest(kind), App(
                    f"  web: {{command: exec sleep 1000, {kind}_probe: {{exec: '{probe}', period: 50ms,\n"
                    f"        timeout: 30s}}}}\n"
                    + KEEPER) as app:
                view = app.wait_view("web/0", state="failed")
                self.assertEqual(view["last_end"], f"{kind} failed 3x: exit 1, SIGTERM")
                self.assertEqual(len(app.read("tries")), 6)

    def test_the_first_attempt_waits_for_its_delay(self):
        probe = "test -e first || touch first"
        with App("  web: {command: exec sleep 1000, readiness_probe: "
                 f"{{exec: '{probe}', initial_delay: 700ms, period: 50ms}}}}") as app:
            view = app.wait_view("web/0", state="ready")
            self.assertGreater((app.folder / "first").stat().st_mtime - view["start_time"], 0.69)

    def test_a_run_that_is_not_alive_is_ended_and_another_follows(self):
        with App("  web: {command: exec sleep 1000, availability: {restart: on_failure, backoff: 0ms},\n"
                 "        liveness_probe: {exec: test ! -e ill, period: 50ms, failure_threshold: 2}}") as app:
            first = app.wait_view("web/0", health="passing", state="ready")
            app.touch("ill")
            app.wait_line(r"web ended: liveness failed 2x: exit 1, SIGTERM; restarting in 0 ms")
            (app.folder / "ill").unlink()
            view = app.wait_view("web/0", state="ready", health="passing")
            self.assertNotEqual(view["pid"], first["pid"])
            self.assertGreaterEqual(app.ps("web/0")["restarts"], 1)
            self.assertEqual(app.ps("web/0")["last_end"], "liveness failed 2x: exit 1, SIGTERM")

    def test_a_run_that_was_ready_and_is_no_more_is_ended_and_another_follows(self):
        with App("  web: {command: 'rm -f ill; exec sleep 1000', availability: {restart: on_failure, backoff: 0ms},\n"
                 "        readiness_probe: {exec: test ! -e ill, period: 100ms, failure_threshold: 2}}") as app:
            first = app.wait_view("web/0", state="ready")
            app.touch("ill")
            app.wait_line(r"web readiness failed 2x: exit 1")
            view = app.wait_view("web/0", state="ready")
            self.assertNotEqual(view["pid"], first["pid"])
            self.assertTrue(is_gone(first["pid"]))
            self.assertEqual(app.ps("web/0")["last_end"], "readiness failed 2x: exit 1, SIGTERM")

    def test_the_reason_says_what_the_probe_met(self):
        port = free_port()
        probes = {"slow": ("exec: {command: exec sleep 1000}", r"no answer within 200 ms|timed out|timeout"),
                  "loud": ("exec: {command: echo no such table; exit 4}", r"exit 4: no such table"),
                  "closed": (f"tcp_connect: {port}", r"[Cc]onnection refused"),
                  "absent": ("unix_connect: ./absent.sock", r"[Nn]o such file")}
        processes = "".join(f"  {name}: {{command: exec sleep 1000, liveness_probe: {{{probe}, period: 50ms,\n"
                            "    timeout: 200ms, failure_threshold: 1}}\n" for name, (probe, _) in probes.items())
        with App(processes + KEEPER) as app:
            for name, (_, reason) in probes.items():
                view = app.wait_view(f"{name}/0", state="failed")
                self.assertRegex(view["last_end"], rf"^liveness failed 1x: .*({reason})")


class Lines(unittest.TestCase):
    def test_a_line_makes_ready_as_a_text_or_as_an_expression_on_either_stream(self):
        rows = {"text": ("up (really)", "echo not up yet", "echo now up '(really)!'"),
                "expression": ("listening on [0-9]+", "echo listening on nothing", "echo listening on 8080"),
                "stream": ("ready", "echo steady", "echo ready >&2")}
        processes = "".join(
            f'  {name}: {{command: "{before}; while ! test -e go; do sleep 0.02; done; {says}; exec sleep 1000",\n'
            f'    ready_log_line: "{wanted}"}}\n'
            f"  after-{name}: {{command: exec sleep 1000, depends_on: {{{name}: {{condition: process_log_ready}}}}}}\n"
            for name, (wanted, before, says) in rows.items())
        with App(processes) as app:
            for _, before, _ in rows.values():
                app.wait_line(r"\| " + before.removeprefix("echo "))
            for name in rows:
                self.assertEqual(app.ps(f"{name}/0")["health"], "waits for its ready_log_line")
                self.assertEqual(app.ps(f"after-{name}/0")["cause"], f"waiting for {name} to write its ready_log_line")
            app.touch("go")
            for name in rows:
                app.wait_view(f"{name}/0", state="ready")
                app.wait_view(f"after-{name}/0", state="ready")


class Obedient(unittest.TestCase):
    """Tests with one worker that does what it is told."""

    def start(self, keys, others=""):
        return self.enterContext(App(f"  web: {{command: {COMMAND},\n        {keys}}}\n{others}"))


class Promises(Obedient):
    AFTER = "  after: {command: exec sleep 1000, depends_on: {web: {condition: process_healthy}}}"

    def test_a_newline_on_its_descriptor_makes_ready_and_nothing_less(self):
        app = self.start("notification_fd: 5", self.AFTER)
        tell(app, "web/0", "write 5 almost")
        app.wait_line("done: write 5 almost")
        self.assertEqual(app.ps("web/0")["health"], "waits for a newline on its notification descriptor")
        tell(app, "web/0", "write 5 newline")
        app.wait_view("after/0", state="ready")

    def test_all_objects_that_it_promises_have_to_be_there(self):
        app = self.start("objects: [clock, calendar]", self.AFTER +
                         "\n  early: {command: exec sleep 1000, depends_on: {web: {condition: object_published,\n"
                         "          object: clock}}}")
        app.wait_view("web/0", health="waits for object clock, object calendar")
        tell(app, "web/0", "publish clock")
        app.wait_view("early/0", state="ready")
        self.assertEqual(app.ps("web/0")["health"], "waits for object calendar")
        self.assertEqual(app.ps("after/0")["state"], "pending")
        tell(app, "web/0", "publish calendar")
        app.wait_view("after/0", state="ready")

    def test_what_the_last_run_published_does_not_make_the_next_one_ready(self):
        app = self.start("objects: [clock], availability: {restart: always, backoff: 0ms}")
        tell(app, "web/0", "publish clock")
        first = app.wait_view("web/0", state="ready")
        os.kill(first["pid"], signal.SIGKILL)
        app.wait_line("obeying", count=2)
        self.assertEqual(app.ps("web/0")["health"], "waits for object clock")

    def test_who_is_not_ready_in_time_is_restarted_with_the_reason(self):
        app = self.start("notify: true, start_timeout: 500ms, availability: {restart: on_failure, backoff: 0ms}",
                         self.AFTER)
        app.wait_line("web ended: not ready within 500 ms: waited for READY=1, SIGTERM; restarting in 0 ms", count=2)
        self.assertEqual(app.ps("after/0")["state"], "pending")
        self.assertEqual(app.ps("web/0")["last_end"], "not ready within 500 ms: waited for READY=1, SIGTERM")


class Notify(Obedient):
    def test_ready_is_what_it_says_and_its_status_is_shown(self):
        app = self.start("notify: true", Promises.AFTER)
        tell(app, "web/0", "notify STATUS=warming up")
        view = app.wait_view("web/0", status="warming up")
        self.assertEqual((view["state"], view["health"]), ("starting", "waits for READY=1"))
        self.assertIn("waits for READY=1; warming up", app.do("ps", "web"))
        tell(app, "web/0", "notify READY=1;STATUS=serving")
        app.wait_view("after/0", state="ready")
        self.assertEqual(app.ps("web/0")["status"], "serving")

    def test_nobody_else_can_speak_for_it(self):
        app = self.start("notify: true", "  other: {command: exec sleep 1000}")
        app.wait_line("obeying")
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as stranger:
            stranger.sendto(b"READY=1", str(app.run_directory / "notify.sock"))
            stranger.sendto(f"MAINPID={os.getpid()}".encode(), str(app.run_directory / "notify.sock"))
        pid = app.pid_of("web/0")
        tell(app, "web/0", f"notify MAINPID={app.pid_of('other/0')}")
        tell(app, "web/0", "notify STATUS=after that")
        view = app.wait_view("web/0", status="after that")
        self.assertEqual((view["state"], view["pid"]), ("starting", pid))

    def test_a_child_of_it_may_speak_for_it(self):
        speak = f"{sys.executable} -c 'import sys; sys.path.insert(0, sys.argv[1]); " \
                "from obedient_worker import notify; notify(\"READY=1\"); import time; time.sleep(1000)'"
        # It lives until it is heard: nobody could tell any more whose child it was.
        with App(f'  web: {{command: "{speak.replace(chr(34), chr(92) + chr(34))} {OPENING_WORKER.parent}; '
                 'exit 1", notify: true}') as app:
            app.wait_view("web/0", state="ready")

    def test_more_time_is_given_to_who_asks_for_it(self):
        app = self.start("notify: true, start_timeout: 6s, environment: ['FIRST=notify EXTEND_TIMEOUT_USEC=60000000']")
        view = app.wait_view("web/0", state="starting", up=True)
        app.wait_line("done: notify EXTEND")
        wait_until(lambda: time.time() > view["start_time"] + 6.5, "the first limit is over")
        self.assertEqual((app.ps("web/0")["state"], app.ps("web/0")["pid"]), ("starting", view["pid"]))
        tell(app, "web/0", "notify READY=1")
        app.wait_view("web/0", state="ready", pid=view["pid"])

    def test_a_reload_that_it_tells_of_changes_nothing(self):
        app = self.start("notify: true")
        tell(app, "web/0", "notify READY=1")
        pid = app.wait_view("web/0", state="ready")["pid"]
        tell(app, "web/0", f"notify RELOADING=1;MONOTONIC_USEC={time.monotonic_ns() // 1000};STATUS=reloading")
        self.assertEqual(app.wait_view("web/0", status="reloading")["state"], "ready")
        tell(app, "web/0", "notify READY=1;STATUS=reloaded")
        view = app.wait_view("web/0", status="reloaded")
        self.assertEqual((view["state"], view["pid"]), ("ready", pid))

    def test_the_run_goes_on_with_the_child_it_hands_over_to_and_ends_with_it(self):
        app = self.start("notify: true, availability: {restart: on_failure, backoff: 0ms}")
        tell(app, "web/0", "notify READY=1")
        first = app.wait_view("web/0", state="ready")["pid"]
        tell(app, "web/0", "hand_over")
        app.wait_line("done: hand_over")
        wait_until(lambda: is_gone(first), "the first process ends")
        heir = app.wait_view("web/0", pid=re.compile(rf"^(?!{first}$)\d+$"))
        self.assertEqual((heir["state"], heir["restarts"]), ("ready", 0))
        tell(app, "web/0", "notify STATUS=I am the heir")
        app.wait_view("web/0", status="I am the heir", pid=heir["pid"])
        tell(app, "web/0", "exit 7")
        app.wait_line(r"web ended: exit 7; restarting")

    def test_the_heir_is_who_gets_the_signal_to_stop(self):
        app = self.start("notify: true, shutdown: {parent_only: true}", KEEPER)
        tell(app, "web/0", "notify READY=1")
        first = app.wait_view("web/0", state="ready")["pid"]
        tell(app, "web/0", "hand_over")
        heir = app.wait_view("web/0", pid=re.compile(rf"^(?!{first}$)\d+$"))["pid"]
        wait_until(lambda: is_gone(first), "the first process ends")
        self.assertEqual(app.do("stop", "web"), "web/0 stopped\n")
        self.assertTrue(is_gone(heir))
        self.assertEqual(app.ps("web/0")["last_end"], "SIGTERM")


    def test_the_end_of_the_heir_counts_when_both_end_at_once(self):
        app = self.start("notify: true", KEEPER)
        tell(app, "web/0", "notify READY=1")
        first = app.wait_view("web/0", state="ready")["pid"]
        tell(app, "web/0", "share")
        heir = app.wait_view("web/0", pid=re.compile(rf"^(?!{first}$)\d+$"))["pid"]
        app.signal(signal.SIGSTOP)
        try:
            os.kill(first, signal.SIGKILL)
            wait_until(lambda: is_gone(first), "the first process has ended")
            tell(app, "web/0", "exit 7")
            wait_until(lambda: is_gone(heir), "the heir has ended")
        finally:
            app.signal(signal.SIGCONT)
        self.assertEqual(app.wait_view("web/0", state="failed")["last_end"], "exit 7")

    def test_who_outlives_its_heir_is_the_main_process_again(self):
        app = self.start("notify: true", KEEPER)
        tell(app, "web/0", "notify READY=1")
        first = app.wait_view("web/0", state="ready")["pid"]
        tell(app, "web/0", "share")
        app.wait_view("web/0", pid=re.compile(rf"^(?!{first}$)\d+$"))
        tell(app, "web/0", "exit 7")
        self.assertEqual(app.wait_view("web/0", pid=first)["state"], "ready")
        tell(app, "web/0", "exit 8")
        self.assertEqual(app.wait_view("web/0", state="failed")["last_end"], "exit 8")


class Watchdog(Obedient):
    def test_who_falls_silent_is_aborted_and_restarted(self):
        # Ready when it says so, while its heart beats already: how long it takes to start does not count.
        app = self.start("watchdog: 1500ms, notify: true, limits: {core: 0},\n"
                         "        availability: {restart: on_failure, backoff: 0ms, max_restarts: 100},\n"
                         "        environment: [FIRST=beat]")
        pid = app.pid_of("web/0")
        for name, value in (("WATCHDOG_USEC", "1500000"), ("WATCHDOG_PID", str(pid))):
            tell(app, "web/0", f"environment {name}")
            app.wait_line(rf"\| {name}={value}$")
        # A machine that is overloaded may keep even a heart from beating for so long; hardly each of five.
        self.assertTrue(any(self.outlives_twice_the_limit(app) for _ in range(5)))
        before = app.ps("web/0")["restarts"]
        tell(app, "web/0", "hush")
        app.wait_line("web ended: no WATCHDOG=1 for 1500 ms, SIGABRT; restarting", count=before + 1)
        self.assertEqual(app.wait_view("web/0", restarts=before + 1)["last_end"],
                         "no WATCHDOG=1 for 1500 ms, SIGABRT")

    @staticmethod
    def outlives_twice_the_limit(app):
        tell(app, "web/0", "notify READY=1")
        pid = app.wait_view("web/0", state="ready")["pid"]
        end = time.monotonic() + 3
        wait_until(lambda: time.monotonic() > end, "twice the limit has gone by")
        view = app.ps("web/0")
        return (view["state"], view["pid"]) == ("ready", pid)

    def test_it_may_ask_for_its_own_end(self):
        app = self.start("watchdog: 1h, limits: {core: 0}", KEEPER)
        tell(app, "web/0", "notify WATCHDOG=trigger")
        self.assertEqual(app.wait_view("web/0", state="failed")["last_end"],
                         "asked to be ended by WATCHDOG=trigger, SIGABRT")


if __name__ == "__main__":
    sys.exit(unittest.main())
