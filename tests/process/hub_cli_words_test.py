"""`pandora hub VERB`: words that make no sense or would not arrive, and hubs that cannot be reached."""

import json
import os
import signal
import subprocess
import threading
import unittest

from hub_verbs import HubTest
from native_hub import NativeClient
from pandora import BINARY, DEADLINE_S, App, wait_until

DEEP = "[" * 100_000 + "]" * 100_000  # longer than a word of a command line may be


class Words(HubTest):
    def setUp(self):
        super().setUp()
        self.serve()

    def test_json_that_nests_too_deep_is_refused_wherever_it_comes_from(self):
        self.publish("tool", echo="cat", deep=f"head -c {len(DEEP) // 2} /dev/zero | tr '\\0' '['; "
                                              f"head -c {len(DEEP) // 2} /dev/zero | tr '\\0' ']'")
        for words in (["call", "tool", "echo", "-"], ["call", "tool", "echo", "--args", "-"],
                      ["send", "tool", "echo", "-"]):
            done = self.run_verb(*words, text=DEEP)
            self.assertEqual(done.returncode, 2, done.stderr)
            self.assertIn("nests deeper than 500", done.stderr)
            self.assertLess(len(done.stderr), 300)
        self.assert_fails(1, r"app_error: the command of deep failed: its output nests deeper .*\(CommandFailed\)",
                          "call", "tool", "deep")
        self.assertEqual(self.call("tool", "echo", "7"), "[7]\n", "the publisher is still there")

    def test_the_deepest_that_is_taken_goes_there_and_back(self):
        deep = "[" * 400 + "]" * 400
        self.publish("tool", echo="cat")
        self.assertEqual(self.call("tool", "echo", deep), f"[{deep}]\n")

    def test_an_unset_variable_calls_nobody(self):
        self.publish("tool", delete=f"touch {self.folder}/deleted")
        for words in (["call", "", "delete"], ["send", "", "delete"], ["call", "tool", "delete", "--process", ""]):
            done = self.run_verb(*words)
            self.assertEqual(done.returncode, 2, done.stderr)
            self.assertIn("an empty word names nothing", done.stderr)
        self.assert_fails(2, "contradict", "call", "tool", "delete", "--process", "x/1", "--instance", "2")
        self.assertFalse((self.folder / "deleted").exists())

    def test_two_dashes_end_the_options(self):
        self.publish("tool", echo="cat")
        self.assertEqual(self.call("tool", "echo", "--string", "--", "--x", "-y", "--"), '["--x","-y","--"]\n')
        self.assertEqual(self.call("--", "tool", "echo", "--x"), '["--x"]\n')

    def test_arguments_that_are_no_text_are_refused(self):
        done = subprocess.run([BINARY, "hub", "call", "--socket", str(self.socket), "tool", "echo", b"caf\xe9"],
                              capture_output=True, timeout=DEADLINE_S, check=False)
        self.assertEqual(done.returncode, 2, done.stderr)
        self.assertIn(b"UTF-8", done.stderr)

    def test_an_answer_of_bytes_says_how_to_have_them(self):
        with NativeClient(self.socket) as callee:
            callee.publish("picture")

            def serve():
                for _ in range(2):
                    callee.reply(callee.next_message(), b"\x89PNG\xff")

            server = threading.Thread(target=serve)
            server.start()
            self.assert_fails(1, "unsupported: the answer is 5 bytes and no JSON; --raw prints them",
                              "call", "picture", "get")
            done = subprocess.run([BINARY, "hub", "call", "--socket", str(self.socket), "picture", "get", "--raw"],
                                  capture_output=True, timeout=DEADLINE_S, check=False)
            self.assertEqual((done.returncode, done.stdout), (0, b"\x89PNG\xff"), done.stderr)
            server.join(DEADLINE_S)


class Once(HubTest):
    def test_of_calls_that_come_together_one_is_served(self):
        self.serve()
        go, runs = self.folder / "go", self.folder / "runs"
        tool = self.publish("tool", "--once",
                            now=f"printf x >> {runs}; until test -e {go}; do sleep 0.01; done; echo 7")
        calls = [self.start("call", "tool", "now", "--timeout", "1m") for _ in range(5)]
        wait_until(lambda: sum(call.process.poll() is not None for call in calls) == 4, "four are refused")
        go.touch()
        ends = sorted(call.end()[0] for call in calls)
        self.assertEqual(ends[0], 0, ends)
        self.assertTrue(set(ends[1:]) <= {1, 3}, ends)
        self.assertEqual(runs.read_text(), "x")
        self.assertEqual(tool.end(), (0, ""))


class Payloads(HubTest):
    def test_who_did_not_ask_for_payloads_is_not_shown_those_of_others(self):
        self.serve()
        self.publish("tool", now="echo 7")
        curious = self.start("monitor", "--object", "tool", "--json", "--payload")
        modest = self.start("monitor", "--object", "tool", "--json")
        shy = self.start("monitor", "--json")

        def shown():
            self.call("tool", "now", "secret")
            return modest.lines and any("secret" in line for line in list(curious.lines)) and shy.lines

        wait_until(shown, "all have seen a call")
        self.assertNotIn("payload", "".join(modest.lines))
        self.assertNotIn('"monitor"', "".join(shy.lines), "how it is asked for is no traffic")


class Reaching(HubTest):
    def test_what_is_wrong_with_the_socket_is_said_as_it_is(self):
        self.assert_fails(4, "deadline: no hub listens on ", "wait-for", "tool", "--timeout", "200ms")
        self.socket = self.folder / ("x" * 120)
        self.assert_fails(1, "at most 107 bytes", "routes")

    @unittest.skipUnless(os.geteuid() == 0, "becomes another user")
    def test_another_user_is_told_so_at_once(self):
        self.serve()
        self.folder.chmod(0o755)
        self.assertRegex(self.as_nobody("routes"), r"^5 pandora: denied: user 65534 may not connect to ")
        self.socket.chmod(0o666)
        for words in (["routes"], ["call", "tool", "now"], ["send", "tool", "now"], ["monitor"],
                      ["publish", "tool", "--method", "now=date"], ["wait-for", "tool", "--timeout", "1h"],
                      ["subscribe", "tool"]):
            self.assertRegex(self.as_nobody(*words), "^5 pandora: denied: the hub on .* does not admit this user",
                             words)

    @unittest.skipUnless(os.geteuid() == 0, "becomes another user")
    def test_a_relative_runtime_folder_of_the_session_is_none(self):
        for folder, root in (("relative", "/tmp/pandora-65534"), ("/nonexistent", "/nonexistent/pandora")):
            environment = dict(os.environ, XDG_RUNTIME_DIR=folder)
            environment.pop("PANDORA_RUNTIME_DIR", None)
            done = subprocess.run([BINARY, "hub", "wait-for", "tool", "--app", "none", "--timeout", "1ms"],
                                  capture_output=True, text=True, timeout=DEADLINE_S, check=False, env=environment,
                                  user=65534, group=65534, extra_groups=[], cwd="/")
            self.assertEqual((done.returncode, done.stderr),
                             (4, f"pandora: deadline: no hub listens on {root}/none/hub.sock\n"))

    def as_nobody(self, verb, *arguments):
        """The exit code, and what is on standard error."""
        done = subprocess.run([BINARY, "hub", verb, "--socket", str(self.socket), *arguments], capture_output=True,
                              text=True, timeout=DEADLINE_S, check=False, user=65534, group=65534, extra_groups=[])
        return f"{done.returncode} {done.stderr}"

    def test_a_server_that_cannot_serve_leaves_nothing_behind(self):
        notes = self.folder / "notes"
        notes.write_text("mine")
        for place, why in ((notes, "is no socket"), (self.folder / ("x" * 120), "longer than 107 bytes")):
            done = subprocess.run([BINARY, "hub", "serve", "--socket", str(place)], capture_output=True, text=True,
                                  timeout=DEADLINE_S, check=False)
            self.assertEqual(done.returncode, 1, done.stderr)
            self.assertIn(why, done.stderr)
        self.assertEqual([file.name for file in self.folder.iterdir()], ["notes"])


class Returning(unittest.TestCase):
    """An instance that is asked for by its number, while it is away."""

    def test_it_is_waited_for_while_the_supervisor_means_to_bring_it_back(self):
        publish = f"exec {BINARY} hub publish tool --method pid='echo $PPID'"
        with App(f"  web: {{command: \"{publish}\", objects: [tool], availability: {{restart: always, backoff: 1s}}}}"
                 ) as app:
            app.wait_line("web ready")
            before = app.pid_of("web/0")
            os.kill(before, signal.SIGKILL)
            app.wait_line("web ended: SIGKILL; restarting")
            after = int(app.do("hub", "call", "tool", "pid", "--process", "web/0", "--timeout", "1m"))
            self.assertEqual(after, app.pid_of("web/0"))
            self.assertNotEqual(after, before)
            app.do("stop", "web")
            gone = app.command("hub", "call", "tool", "pid", "--process", "web/0", "--timeout", "1m")
            self.assertEqual((gone.returncode, gone.stdout), (3, ""), gone.stderr)
            self.assertIn("no_route: web/0 does not publish tool", gone.stderr)
            late = app.command("hub", "call", "tool", "pid", "--process", "web/0", "--wait", "--timeout", "300ms")
            self.assertEqual(late.returncode, 4, late.stderr)
            waiting = subprocess.Popen([BINARY, "hub", "call", "tool", "pid", "--process", "web/0", "--wait",
                                        "--timeout", "1m"], stdout=subprocess.PIPE, env=app.environment,
                                       cwd=app.folder)
            self.addCleanup(waiting.kill)
            wait_until(lambda: waiting.pid in [route["pid"] for route in app.routes()], "it is connected")
            app.do("start", "web")
            self.assertEqual(json.loads(waiting.communicate(timeout=DEADLINE_S)[0]), app.pid_of("web/0"))


if __name__ == "__main__":
    unittest.main()
