"""`pandora hub VERB`: each verb against a real hub, and how it ends."""

import json
import os
import re
import resource
import signal
import subprocess
import unittest

from hub_verbs import HubTest
from pandora import BINARY, DEADLINE_S, App, is_gone, wait_until


class Calls(HubTest):
    def setUp(self):
        super().setUp()
        self.serve()

    def test_arguments_are_json_where_they_are_json_and_texts_where_they_are_not(self):
        self.publish("tool", echo="cat")
        self.assertEqual(self.call("tool", "echo", "-4", "blue", "[1,2]", '{"a":1}', "routes", ""),
                         '[-4,"blue",[1,2],{"a":1},"routes",""]\n')
        self.assertEqual(self.call("tool", "echo", "--string", "7", "{"), '["7","{"]\n')
        self.assertEqual(self.call("tool", "echo", "--args", '[1,"two"]'), '[1,"two"]\n')
        self.assertEqual(self.call("tool", "echo"), "[]\n")
        self.assertEqual(self.call("tool", "echo", "-", text='{"big":true}'), '[{"big":true}]\n')
        self.assertEqual(self.call("tool", "echo", "--args", "-", text="[1]"), "[1]\n")

    def test_words_that_make_no_call_are_refused_before_anybody_is_called(self):
        self.assert_fails(2, "begins like JSON", "call", "tool", "echo", "{a:1}")
        self.assert_fails(2, "array", "call", "tool", "echo", "--args", "7")
        self.assert_fails(2, "one more", "call", "tool", "echo", "8", "--args", "[7]")

    def test_results_are_json_unless_they_are_wanted_raw(self):
        self.publish("tool", text="echo hello world", nothing="true", pair="echo '{\"a\": [1, 2]}'")
        self.assertEqual(self.call("tool", "text"), '"hello world"\n')
        self.assertEqual(self.call("tool", "text", "--raw"), "hello world\n")
        self.assertEqual(self.call("tool", "nothing"), "null\n")
        self.assertEqual(self.call("tool", "pair", "--raw"), '{"a":[1,2]}\n')

    def test_a_command_knows_who_calls_which_method(self):
        self.publish("tool", who='printf "%s %s" "$PANDORA_CALL_METHOD" "$PANDORA_CALL_SOURCE"')
        method, source = json.loads(self.call("tool", "who")).split(" ", 1)
        self.assertEqual(method, "who")
        self.assertEqual(json.loads(source)["uid"], os.getuid())

    def test_each_outcome_has_its_exit_code_and_says_why(self):
        self.publish("tool", fail="exit 3", kill="kill -9 $$", hang="exec sleep 1000")
        self.assert_fails(1, r"app_error: the command of fail failed: exit 3 \(CommandFailed\)", "call", "tool", "fail")
        self.assert_fails(1, "SIGKILL", "call", "tool", "kill")
        self.assert_fails(1, "app_error: ", "call", "tool", "fly")
        self.assert_fails(3, "no_route: ", "call", "nobody", "echo")
        self.assert_fails(3, "no_route: web/1 does not publish tool", "call", "tool", "fail", "--process", "web/1")
        self.assert_fails(4, "deadline: ", "call", "tool", "hang", "--timeout", "200ms")

    def test_the_end_of_the_callee_is_told_at_once(self):
        tool = self.publish("tool", hang=f"touch {self.folder}/begun; exec sleep 1000")
        call = self.start("call", "tool", "hang", "--timeout", "1h")
        wait_until((self.folder / "begun").exists, "the command runs")
        tool.process.kill()
        code, errors = call.end()
        self.assertEqual(code, 7, errors)
        self.assertIn("peer_gone: ", errors)

    def test_all_that_have_the_object_answer_a_line_each(self):
        for number in (1, 2):
            self.publish("tool", number=f"echo {number}", fail=f"exit $(({number} - 1))")
        lines = [json.loads(line) for line in self.call("tool", "number", "--all").splitlines()]
        self.assertEqual(sorted(line["value"] for line in lines), [1, 2])
        done = self.run_verb("call", "tool", "fail", "--all")
        outcomes = [json.loads(line) for line in done.stdout.splitlines()]
        self.assertEqual((done.returncode, len(outcomes)), (1, 2), done.stderr)
        self.assertEqual([line["error"]["outcome"] for line in outcomes if "error" in line], ["app_error"])
        self.assert_fails(3, "no_route: ", "call", "nobody", "number", "--all")

    def test_send_does_not_wait_for_the_method(self):
        self.publish("tool", put=f"cat > {self.folder}/part; mv {self.folder}/part {self.folder}/put")
        done = self.run_verb("send", "tool", "put", "7")
        self.assertEqual((done.returncode, done.stdout, done.stderr), (0, "", ""))
        wait_until((self.folder / "put").exists, "the command has run")
        self.assertEqual((self.folder / "put").read_text(), "[7]\n")

    def test_large_parameters_and_results_go_through_whole(self):
        self.publish("tool", echo="cat")
        word = "x" * 1_000_000
        self.assertEqual(self.call("tool", "echo", "-", text=word), f'["{word}"]\n')


class Publishing(HubTest):
    def setUp(self):
        super().setUp()
        self.serve()

    def test_once_means_one_call(self):
        tool = self.publish("tool", "--once", now="echo 7")
        self.assertEqual(self.call("tool", "now"), "7\n")
        self.assertEqual(tool.end(), (0, ""))

    def test_once_means_one_call_also_where_its_command_cannot_be_started(self):
        tool = self.publish("tool", "--once", now="echo 7")
        pid = tool.process.pid
        resource.prlimit(pid, resource.RLIMIT_NOFILE, (len(os.listdir(f"/proc/{pid}/fd")),) * 2)
        self.assert_fails(1, "Too many open files .CommandFailed", "call", "tool", "now")
        self.assertEqual(tool.end(), (1, ""))

    def test_more_calls_than_jobs_wait_for_their_turn(self):
        seen = self.folder / "seen"
        self.publish("tool", "--jobs", "1", count=f"echo x >> {seen}; sleep 0.1; wc -l < {seen}")
        calls = [self.start("call", "tool", "count", "--timeout", "1m") for _ in range(4)]
        self.assertEqual([call.end() for call in calls], [(0, "")] * 4)
        self.assertEqual(sorted(int(call.lines[0]) for call in calls), [1, 2, 3, 4])

    def hanging(self):
        """A publisher, a caller that it has keep waiting, and the child of the command."""
        tool = self.publish("tool", hang=f"sleep 1000 & echo $! > {self.folder}/part; "
                                         f"mv {self.folder}/part {self.folder}/pid; wait")
        call = self.start("call", "tool", "hang", "--timeout", "1h")
        wait_until((self.folder / "pid").exists, "the command runs")
        return tool, call, int((self.folder / "pid").read_text())

    def test_an_interrupt_ends_its_commands_and_their_children(self):
        tool, call, child = self.hanging()
        self.assertEqual(tool.end(signal.SIGINT)[0], 130)
        wait_until(lambda: is_gone(child), "the child of the command has gone")
        self.assertIn(call.end()[0], (1, 7))

    def test_terminated_it_does_what_it_has_in_hand_and_takes_no_more(self):
        tool = self.publish("tool", work=f"touch {self.folder}/began; while ! test -e {self.folder}/go; do sleep 0.05; "
                                         "done; echo 7")
        call = self.start("call", "tool", "work", "--timeout", "1h")
        wait_until((self.folder / "began").exists, "the command runs")
        tool.process.send_signal(signal.SIGTERM)
        wait_until(lambda: self.run_verb("call", "tool", "work", "--timeout", "100ms").returncode == 3, "no more")
        (self.folder / "go").touch()
        self.assertEqual((call.end(), list(call.lines)), ((0, ""), ["7"]))
        self.assertEqual(tool.end(), (143, ""))

    def test_terminated_twice_it_ends_at_once(self):
        tool, call, child = self.hanging()
        tool.process.send_signal(signal.SIGTERM)
        wait_until(lambda: self.run_verb("introspect", "tool").returncode == 3, "it is withdrawn")
        self.assertEqual(tool.end(signal.SIGTERM)[0], 143)
        wait_until(lambda: is_gone(child), "the child of the command has gone")
        self.assertIn(call.end()[0], (1, 7))


class Waiting(HubTest):
    def test_an_object_may_be_waited_for_before_there_is_a_hub(self):
        waiting = self.start("wait-for", "tool", "--timeout", "1m")
        self.serve()
        self.publish("tool", now="echo 7")
        self.assertEqual(waiting.end(), (0, ""))
        self.assertEqual(self.run_verb("wait-for", "tool").returncode, 0)

    def test_nobody_comes_in_time(self):
        self.assert_fails(4, "deadline: ", "wait-for", "tool", "--timeout", "200ms")
        self.serve()
        self.assert_fails(4, "deadline: ", "wait-for", "tool", "--timeout", "200ms")


class Showing(HubTest):
    def setUp(self):
        super().setUp()
        self.serve()

    def test_what_an_object_can(self):
        self.publish("tool", now="date", up="uptime")
        shown = self.run_verb("introspect", "tool")
        self.assertEqual([line.split()[:2] for line in shown.stdout.splitlines()],
                         [["NAME", "KIND"], ["now", "method"], ["up", "method"]], shown.stderr)
        told = json.loads(self.run_verb("introspect", "tool", "--json").stdout)
        self.assertEqual([method["name"] for method in told["methods"]], ["now", "up"])
        self.assert_fails(3, "no_route: ", "introspect", "nobody")

    def test_who_is_there(self):
        tool = self.publish("tool", now="date")
        self.assertIn(f"{tool.process.pid}", self.run_verb("routes").stdout)
        shown = self.run_verb("clients")
        self.assertRegex(shown.stdout, rf"(?m)^CLIENT .*\n(.*\n)*c\d+ .* {tool.process.pid} .* tool +ok$")
        told = json.loads(self.run_verb("clients", "--json").stdout)
        self.assertIn(tool.process.pid, [client["pid"] for client in told["clients"]])

    def test_the_numbers_of_the_hub(self):
        self.assertRegex(self.run_verb("stats").stdout, r"(?m)^connections_total +\d+$")
        self.assertGreater(json.loads(self.run_verb("stats", "--json").stdout)["frames_received"], 0)


class Traffic(HubTest):
    def setUp(self):
        super().setUp()
        self.serve()
        self.runs = self.folder / "runs"  # a byte each
        self.tool = self.publish("tool", now=f"printf x >> {self.runs}; echo 7", fail="exit 1")

    def call_until(self, seen):
        """Calls until the monitor shows it: from when on it does is its own affair."""
        def one_more():
            self.call("tool", "now", "secret")
            return seen()

        return wait_until(one_more, "a call is seen")

    def test_it_is_shown_as_it_goes_through(self):
        monitor = self.start("monitor", "--object", "to?l", "--payload")
        line = self.call_until(lambda: next((line for line in list(monitor.lines) if " ok " in line), None))
        self.assertRegex(line, r"^\d\d:\d\d:\d\d\.\d{6}  \S+ -> \S+  \w+  tool\.now  ok  \d+\.\d{3} ms  ")
        self.assertTrue(any('["secret"]' in line for line in monitor.lines), monitor.lines)
        self.assertEqual(monitor.end(signal.SIGINT), (130, ""))

    def test_its_own_beginning_is_not_shown(self):
        monitor = self.start("monitor", "--json")
        self.call_until(lambda: any('"tool"' in line for line in list(monitor.lines)))
        nameless = [record for record in map(json.loads, monitor.lines) if not record["object"]]
        self.assertEqual([record for record in nameless if record["from"]["process"] == "hub"], [])

    def test_a_filter_lets_nothing_else_through(self):
        monitor = self.start("monitor", "--method", "fail", "--json")

        def seen():
            self.run_verb("call", "tool", "now")
            self.run_verb("call", "tool", "fail")
            return list(monitor.lines)

        wait_until(seen, "a call is seen")
        self.assertEqual({json.loads(line)["method"] for line in monitor.lines}, {"fail"})

    def test_each_record_is_a_line_of_json_and_an_answer_belongs_to_its_request(self):
        monitor = self.start("monitor", "--object", "tool", "--json")

        def both():
            records = [json.loads(line) for line in list(monitor.lines)]
            for reply in (record for record in records if record["verb"] == "reply"):
                for asked in records:
                    if asked["verb"] == "invoke" and asked["id"] == reply["id"]:
                        return asked, reply
            return None

        asked, reply = self.call_until(both)
        for record in (asked, reply):
            self.assertEqual(set(record), {"at", "verb", "from", "to", "object", "method", "status", "bytes",
                                           "duration_us", "id"}, "no payload unless it is asked for")
            self.assertEqual((record["object"], record["method"]), ("tool", "now"))
        self.assertEqual((asked["status"], asked["duration_us"], reply["status"]), (None, None, "ok"))
        self.assertGreater(reply["duration_us"], 0)
        self.assertEqual((asked["from"], asked["to"]), (reply["to"], reply["from"]))
        publishers = [client["client"] for client in json.loads(self.run_verb("clients", "--json").stdout)["clients"]
                      if client["pid"] == self.tool.process.pid]
        self.assertEqual([asked["to"]["client"]], publishers)
        self.assertNotIn("secret", "".join(monitor.lines))

    def test_what_was_captured_is_sent_again_and_differences_are_told(self):
        file = self.folder / "traffic"
        capture = self.start("capture", str(file), "--object", "tool")
        self.call_until(lambda: file.exists() and b'"ok"' in file.read_bytes())
        code, errors = capture.end(signal.SIGINT)
        self.assertEqual(code, 130, errors)
        self.assertRegex(errors, rf"{file}: \d+ records, ")
        self.assertEqual(file.stat().st_mode & 0o777, 0o600)
        before = len(self.runs.read_bytes())
        same = self.run_verb("replay", str(file), "--speed", "0")
        self.assertEqual((same.returncode, same.stdout), (0, ""), same.stderr)
        sent = re.match(r"([1-9]\d*) of \1 requests sent, 0 ended otherwise", same.stderr.removeprefix("pandora: "))
        self.assertEqual(len(self.runs.read_bytes()), before + int(sent[1]), "each reached the tool")
        self.tool.end(signal.SIGTERM)
        other = self.run_verb("replay", str(file), "--speed", "0")
        self.assertEqual(other.returncode, 1)
        self.assertRegex(other.stdout, r"(?m)^tool\.now: ok, now no_route: ")

    def test_a_capture_overwrites_nothing_and_a_replay_reads_nothing_else(self):
        file = self.folder / "notes"
        file.write_text("mine")
        self.assert_fails(1, "File exists", "capture", str(file))
        self.assert_fails(1, "no capture", "replay", str(file))
        self.assertEqual(file.read_text(), "mine")


class Ends(HubTest):
    def test_without_a_hub_it_says_what_to_do(self):
        self.assert_fails(1, "no hub listens on .*pandora hub serve.*--help", "call", "tool", "now")

    def test_ctrl_c_is_no_failure_to_talk_about(self):
        self.serve()
        for verb in (["subscribe", "tool"], ["publish", "tool", "--method", "now=date"],
                     ["wait-for", "nobody", "--timeout", "1h"]):
            running = self.start(*verb)
            wait_until(lambda pid=running.process.pid: self.is_connected(pid), "it is connected")
            self.assertEqual(running.end(signal.SIGINT), (130, ""), verb)

    def is_connected(self, pid):
        return pid in [route["pid"] for route in json.loads(self.run_verb("routes", "--json").stdout)]

    def test_who_reads_may_go_at_any_time_without_a_word(self):
        self.serve()
        subscriber = subprocess.Popen([BINARY, "hub", "subscribe", "--socket", str(self.socket), "tool"],
                                      stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        wait_until(lambda: self.is_connected(subscriber.pid), "it is connected")
        subscriber.stdout.close()
        with subscriber.stderr:
            self.assertIn(subscriber.wait(DEADLINE_S), (141, -signal.SIGPIPE))
            self.assertEqual(subscriber.stderr.read(), b"")

    def test_the_end_of_the_hub_ends_what_would_wait_for_ever(self):
        self.serve()
        for_ever = [self.start("subscribe", "tool"), self.publish("tool", now="date")]
        wait_until(lambda: self.is_connected(for_ever[0].process.pid), "it is connected")
        self.hub.process.kill()
        for running in for_ever:
            code, errors = running.end()
            self.assertEqual(code, 7, errors)
            self.assertRegex(errors, r"^pandora: the hub on .* has gone\n$")


class Supervised(unittest.TestCase):
    """The hub of an app."""

    def test_events_are_printed_until_there_were_enough_and_a_new_hub_process_goes_on_with_them(self):
        with App("  web: {command: exec sleep 1000}") as app:
            app.wait_line("web ready")
            for name, said in (("pandora.supervisor", ""), ("nosuch", "; nobody publishes nosuch")):
                done = app.command("hub", "subscribe", name, "nothing", "--count", "1", "--timeout", "200ms")
                self.assertEqual((done.returncode, done.stderr),
                                 (4, f"pandora: deadline: 0 of 1 events came{said}\n"))
            subscriber = subprocess.Popen([BINARY, "hub", "subscribe", "pandora.supervisor", "state", "--count", "1"],
                                          stdout=subprocess.PIPE, text=True, env=app.environment, cwd=app.folder)
            try:
                wait_until(lambda: subscriber.pid in [route["pid"] for route in app.routes()], "it is connected")
                os.kill(app.pid_of("hub/0"), signal.SIGKILL)
                app.wait_line("hub ready", count=2)

                def told():
                    app.do("restart", "web")
                    return subscriber.poll() is not None

                wait_until(told, "the subscriber has heard of it")
                event = json.loads(subscriber.stdout.readline())
                self.assertEqual((event["event"], subscriber.returncode), ("state", 0))
                self.assertEqual(subscriber.stdout.read(), "")
            finally:
                subscriber.kill()
                subscriber.wait()
                subscriber.stdout.close()

    def test_the_app_is_found_by_its_name_and_its_processes_by_theirs(self):
        publish = f"exec {BINARY} hub publish tool --method pid='echo $PPID'"
        with App(f"  web: {{command: \"{publish}\", replicas: 2, objects: [tool]}}") as app:
            app.wait_line("web/1 ready")
            pids = [app.pid_of("web/0"), app.pid_of("web/1")]
            self.assertEqual([int(app.do("hub", "call", "tool", "pid", "--process", f"web/{index}", "--app", "t"))
                              for index in (0, 1)], pids)
            self.assertIn(int(app.do("hub", "call", "tool", "pid", "--process", "web")), pids)
            lines = [json.loads(line) for line in app.do("hub", "call", "tool", "pid", "--all").splitlines()]
            self.assertEqual({(line["process"], line["instance"]): line["value"] for line in lines},
                             {("web", 0): pids[0], ("web", 1): pids[1]})
            other = app.command("hub", "routes", "--app", "elsewhere")
            self.assertEqual(other.returncode, 1)
            self.assertIn("running: t", other.stderr)


if __name__ == "__main__":
    unittest.main()
