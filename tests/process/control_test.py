"""The command line against a running app: what it shows, what it changes, and whom the supervisor obeys."""

import collections
import json
import os
import pathlib
import signal
import subprocess
import sys
import time
import unittest

from pandora import App, BINARY, Client, DEADLINE_S, wait_until

TESTS = pathlib.Path(__file__).resolve().parent
SLEEPER = "  web: {command: exec sleep 1000}"
LONG_LIVED = SLEEPER + "\n  keeper: {command: exec sleep 1000}"

# Asks the supervisor from inside a worker, and from a child of the worker.
ASKING_WORKER = f"""
import os, sys, time
sys.path.insert(0, {str(TESTS.parent / "support")!r})
from pandora import Client
for who in ("child", "worker"):
    if who == "child" and os.fork() != 0:
        os.wait()
        continue
    with Client(os.environ["PANDORA_HUB_SOCKET"], {{"processName": "pandora", "pid": "1"}}) as client:
        client.online()
        reply = client.invoke("pandora.supervisor", "stop", "web")
        print(who, reply["success"], reply.get("error", {{}}).get("name"), flush=True)
        if who == "child":
            os._exit(0)
        print("list", client.invoke("pandora.supervisor", "list")["success"], flush=True)
time.sleep(1000)
"""


def pandora(app, *arguments, environment=None, folder=None):
    """A finished command: as a user would give it, beside the app's own processes."""
    return subprocess.run([BINARY, *arguments], capture_output=True, text=True, timeout=2 * DEADLINE_S, check=False,
                          env=dict(app.environment, **(environment or {})), cwd=folder or app.folder)


class Case(unittest.TestCase):
    def do(self, app, *arguments):
        """The output of a command that succeeds."""
        done = pandora(app, *arguments)
        self.assertEqual((done.returncode, done.stderr), (0, ""), done.stdout)
        return done.stdout

    def refuse(self, app, *arguments):
        """The one line of a command that fails."""
        done = pandora(app, *arguments)
        self.assertEqual(done.returncode, 1, done.stdout)
        self.assertEqual(len(done.stderr.splitlines()), 1, done.stderr)
        return done.stderr

    def states(self, app):
        return {name: view["state"] for name, view in app.instances().items() if not view["builtin"]}


class Listing(unittest.TestCase):
    def test_what_it_says_of_an_instance_is_of_one_moment(self):
        """Reading the usage of all takes a while, in which the short-lived one is another."""
        with App("  web: {command: exec sleep 0.01, availability: {restart: always, backoff: 1ms, backoff_max: 1ms,\n"
                 "        max_restarts: 1000000}}\n"
                 "  many: {command: exec sleep 1000, replicas: 50}") as app:
            app.wait_view("many/49", state="ready")
            pids = collections.defaultdict(set)
            with Client(app.hub_socket) as client:
                while len(pids) < 100:
                    views = client.invoke("pandora.supervisor", "list")["data"]
                    view = next(view for view in views if view["process"] == "web")
                    if view["pid"]:
                        pids[view["runs"]].add(view["pid"])
            self.assertEqual({runs: found for runs, found in pids.items() if len(found) > 1}, {})


class Showing(Case):
    def test_ps_shows_what_runs_and_what_does_not(self):
        with App(LONG_LIVED + "\n  job: {command: exit 3}") as app:
            app.wait_line("job ended")
            app.wait_line("web ready")
            rows = {row.split()[0]: row.split() for row in self.do(app, "ps").splitlines()}
            self.assertEqual(rows["PROCESS"][:3], ["PROCESS", "INSTANCE", "STATE"])
            self.assertEqual(rows["web"][2:4], ["ready", str(app.pid_of("web/0"))])
            self.assertEqual(rows["job"][2:4], ["failed", "-"])
            self.assertEqual(" ".join(rows["job"]).count("exit 3"), 1)
            self.assertIn("hub", rows)
            self.assertNotIn("keeper", self.do(app, "ps", "web"))
            listed = json.loads(self.do(app, "ps", "--json", "job"))
            self.assertEqual([(i["process"], i["last_end"], i["runs"]) for i in listed], [("job", "exit 3", 1)])
            self.assertIn("no process or instance `wbe`", self.refuse(app, "ps", "wbe"))

    def test_describe_tells_the_procfile_without_secrets_and_the_last_changes(self):
        with App("  web: {command: exec sleep 1000, environment: [TOKEN=sesame]}") as app:
            app.wait_line("web ready")
            text = self.do(app, "describe", "web")
            self.assertIn("exec sleep 1000", text)
            self.assertIn("starting -> ready", text)
            self.assertIn("TOKEN", text)
            self.assertNotIn("sesame", text)
            self.assertEqual(json.loads(self.do(app, "describe", "web/0", "--json"))["process"], "web")
            self.assertIn("did you mean `web`?", self.refuse(app, "describe", "wbe"))

    def test_logs_shows_the_last_lines(self):
        with App("  web: {command: 'for n in 1 2 3 4 5; do echo line $$n; done; exec sleep 1000'}") as app:
            app.wait_line("line 5")
            wait_until(lambda: self.do(app, "logs", "web", "-n", "2") == "line 4\nline 5\n", "the last two lines")
            self.assertIn("no process `wbe`", self.refuse(app, "logs", "wbe"))

    def test_logs_follows(self):
        script = "trap \"echo more\" USR1; echo begin; while :; do sleep 0.05; done"
        with App(f"  web: {{command: '{script}', replicas: 2}}") as app:
            app.wait_line(r"web/0 +\| begin")
            app.wait_line(r"web/1 +\| begin")
            following = subprocess.Popen([BINARY, "logs", "web", "-f"], stdout=subprocess.PIPE, text=True,
                                         env=app.environment)
            try:
                self.assertEqual({following.stdout.readline() for _ in range(2)},
                                 {"web/0 | begin\n", "web/1 | begin\n"})
                self.do(app, "signal", "USR1", "web/1")
                self.assertEqual(following.stdout.readline(), "web/1 | more\n")
            finally:
                following.terminate()
                following.wait(DEADLINE_S)
                following.stdout.close()

    def test_the_app_is_found_by_name_by_the_procfile_here_and_because_it_is_the_only_one(self):
        with App(SLEEPER, name="shop") as app:
            app.wait_line("web ready")
            elsewhere = app.folder / "elsewhere"
            elsewhere.mkdir()
            for arguments, folder in ((("ps",), app.folder), (("ps",), elsewhere),
                                      (("ps", "--app", "shop"), elsewhere)):
                self.assertIn("web", pandora(app, *arguments, folder=folder).stdout)
            self.assertIn(f"shop  {app.master.pid}", pandora(app, "list").stdout)
            self.assertIn("app `shpo` is not running; running: shop", self.refuse(app, "ps", "--app", "shpo"))
            (elsewhere / "procfile.yml").write_text("name: blog\nprocesses: {a: {command: 'true'}}\n")
            wrong = pandora(app, "stop", "all", folder=elsewhere)
            self.assertIn("app `blog` (of the procfile in this folder) is not running", wrong.stderr)
            app.signal(15)
            app.wait_exit()
            self.assertIn("no app runs here", pandora(app, "ps", folder=app.folder / "run").stderr)

    def test_a_procfile_here_that_does_not_tell_its_app_stands_for_no_other(self):
        with App(SLEEPER, name="precious", environment={"NM": ""}) as app:
            app.wait_line("web ready")
            here = app.folder / "elsewhere"
            here.mkdir()
            procfile = here / "procfile.yml"

            def stop_all():
                return pandora(app, "stop", "all", folder=here)

            for text in ("processes:\n\tweb: {command: a}\n", "", 'name: "${NM}"\nprocesses: {a: {command: b}}\n'):
                procfile.write_text(text)
                done = stop_all()
                self.assertEqual((done.returncode, done.stdout), (1, ""), text)
                self.assertRegex(done.stderr, r"^pandora: procfile\.yml here does not tell its app \(.+\); "
                                              r"name the app with --app; running: precious\n$")
            procfile.unlink()
            for make in (procfile.mkdir, lambda: os.mkfifo(procfile), lambda: procfile.symlink_to("nowhere")):
                make()
                self.assertIn("procfile.yml here does not tell its app (cannot be read: ", stop_all().stderr)
                procfile.rmdir() if procfile.is_dir() else procfile.unlink()
            self.assertEqual(self.states(app), {"web/0": "ready"})
            procfile.write_text("name: precious\nprocesses: {web: {comand: broken since}}\n")
            self.assertEqual((stop_all().returncode, self.states(app)), (0, {"web/0": "completed"}))

    def test_a_supervisor_behind_a_hub_that_is_stuck_is_given_up(self):
        with App(SLEEPER) as app:
            app.wait_line("web ready")
            hub = app.pid_of("hub/0")
            os.kill(app.master.pid, signal.SIGSTOP)  # else it would replace the hub
            os.kill(hub, signal.SIGSTOP)
            try:
                self.assertIn("the hub or the supervisor did not answer within 10 s", self.refuse(app, "ps"))
            finally:
                os.kill(hub, signal.SIGCONT)
                os.kill(app.master.pid, signal.SIGCONT)

    def test_a_full_disk_is_told_with_its_reason(self):
        with App(SLEEPER) as app:
            app.wait_line("web ready")
            for words in (("ps",), ("list",), ("describe", "web"), ("reload", "web"), ("hub", "stats")):
                with open("/dev/full", "w", encoding="utf-8") as full:
                    done = subprocess.run([BINARY, *words], stdout=full, stderr=subprocess.PIPE, text=True,
                                          timeout=DEADLINE_S, check=False, env=app.environment, cwd=app.folder)
                self.assertEqual((done.returncode, done.stderr),
                                 (1, "pandora: cannot write to standard output: No space left on device\n"), words)

    def test_the_logs_of_what_wrote_nothing_say_so_and_why(self):
        with App(SLEEPER + "\n  nope: {entrypoint: [./nope]}") as app:
            app.wait_line("nope cannot execute")
            done = pandora(app, "logs", "nope")
            self.assertEqual((done.returncode, done.stdout), (0, ""))
            self.assertRegex(done.stderr, r"^pandora: nope/0 has written nothing that is kept; it is failed: .+\n$")
            self.assertEqual(pandora(app, "logs", "nope", "-n", "0").stderr, "")


class Changing(Case):
    def test_a_stopped_process_stays_down_and_the_app_stays_up_until_it_is_started_again(self):
        with App(LONG_LIVED) as app:
            pid = app.pid_of("web/0")
            self.assertEqual(self.do(app, "stop", "web"), "web/0 stopped\n")
            self.assertEqual(self.states(app), {"web/0": "completed", "keeper/0": "ready"})
            self.assertRegex(self.do(app, "start", "web"), r"^web/0 ready, pid \d+\n$")
            self.assertNotEqual(app.pid_of("web/0"), pid)
            self.assertIsNone(app.master.poll())

    def test_an_app_of_which_all_is_stopped_stays_up(self):
        with App(SLEEPER) as app:
            app.wait_line("web ready")
            self.do(app, "stop", "all")
            self.assertEqual(self.states(app), {"web/0": "completed"})
            self.do(app, "start", "all")
            self.assertEqual(self.states(app), {"web/0": "ready"})

    def test_restart_gives_a_new_pid_and_leaves_the_others_alone(self):
        with App(LONG_LIVED) as app:
            web, keeper = app.pid_of("web/0"), app.pid_of("keeper/0")
            said = self.do(app, "restart", "web")
            self.assertEqual(said, f"web/0 ready, pid {app.pid_of('web/0')}\n")
            self.assertNotEqual(app.pid_of("web/0"), web)
            self.assertEqual(app.pid_of("keeper/0"), keeper)

    def test_a_restart_that_fails_is_a_failure(self):
        with App("  web: {command: 'test -e ok || exit 3; echo up; exec sleep 1000', ready_log_line: up}\n"
                 "  keeper: {command: exec sleep 1000}", files={"ok": ""}) as app:
            app.wait_line("web ready")
            (app.folder / "ok").unlink()
            self.assertIn("web/0 failed: exit 3", self.refuse(app, "restart", "web"))

    def test_a_command_is_told_when_the_app_ends_under_it(self):
        with App("  web: {command: 'test -e ok || exit 3; echo up; exec sleep 1000', ready_log_line: up}",
                 files={"ok": ""}) as app:
            app.wait_line("web ready")
            (app.folder / "ok").unlink()
            # Whichever of the two it hears first.
            self.assertRegex(self.refuse(app, "restart", "web"), "the app has ended|web/0 failed: exit 3")
            self.assertEqual(app.wait_exit(), 3)

    def test_one_instance_of_several_is_restarted_alone(self):
        with App("  web: {command: exec sleep 1000, replicas: 3}") as app:
            before = [app.pid_of(f"web/{n}") for n in range(3)]
            self.do(app, "restart", "web/1")
            after = [app.pid_of(f"web/{n}") for n in range(3)]
            self.assertEqual([a == b for a, b in zip(before, after)], [True, False, True])

    def test_a_rolling_restart_replaces_every_instance(self):
        with App("  web: {command: exec sleep 1000, replicas: 2}") as app:
            before = {app.pid_of(f"web/{n}") for n in range(2)}
            self.do(app, "restart", "--rolling", "web")
            wait_until(lambda: before.isdisjoint({v["pid"] for v in app.instances().values()}), "all are new")
            self.assertEqual(self.do(app, "ps", "web").count(" ready "), 2)

    def test_scale_adds_at_the_end_and_takes_from_it(self):
        with App(SLEEPER) as app:
            first = app.pid_of("web/0")
            self.do(app, "scale", "web", "3")
            pids = {name: view["pid"] for name, view in app.instances().items() if name.startswith("web/")}
            self.assertEqual(sorted(pids), ["web/0", "web/1", "web/2"])
            self.assertEqual(pids["web/0"], first)
            self.do(app, "scale", "web", "1")
            up = [name for name, view in app.instances().items() if view["up"] and not view["builtin"]]
            self.assertEqual(up, ["web/0"])
            self.assertEqual(app.pid_of("web/0"), first)

    def test_a_signal_reaches_the_process(self):
        script = "trap \"echo got USR1\" USR1; echo up; while :; do sleep 0.05; done"
        with App(f"  web: {{command: '{script}'}}") as app:
            app.wait_line(r"\| up")
            self.do(app, "signal", "USR1", "web")
            app.wait_line("got USR1")
            self.assertIn("a signal is a name like SIGHUP", self.refuse(app, "signal", "NOPE", "web"))

    def test_a_reload_is_not_judged_by_what_did_not_run(self):
        script = "trap \"echo reloaded\" HUP; echo up; while :; do sleep 0.05; done"
        with App(f"  web: {{command: '{script}', reload: {{signal: SIGHUP}}}}\n  nope: {{entrypoint: [./nope]}}\n"
                 "  off: {command: 'true', disabled: true}") as app:
            app.wait_line(r"\| up")
            app.wait_line("nope cannot execute")
            self.assertEqual(self.do(app, "reload", "all"),
                             f"web/0 ready, pid {app.pid_of('web/0')}\nnope/0 did not run: nothing to reload\n"
                             "off/0 did not run: nothing to reload\n")
            app.wait_line("reloaded")

    def test_reload_sends_the_signal_of_the_procfile(self):
        script = "trap \"echo reloaded\" HUP; echo up; while :; do sleep 0.05; done"
        with App(f"  web: {{command: '{script}', reload: {{signal: SIGHUP}}}}") as app:
            app.wait_line(r"\| up")
            pid = app.pid_of("web/0")
            self.do(app, "reload", "web")
            app.wait_line("reloaded")
            self.assertEqual(app.pid_of("web/0"), pid)

    def test_a_namespace_is_stopped_as_one(self):
        with App("  a: {command: exec sleep 1000, namespace: x}\n  b: {command: exec sleep 1000, namespace: x}\n"
                 "  c: {command: exec sleep 1000}") as app:
            app.wait_line("c ready")
            self.do(app, "stop", "ns:x")
            self.assertEqual(self.states(app), {"a/0": "completed", "b/0": "completed", "c/0": "ready"})

    def test_what_takes_longer_than_the_patience_is_named(self):
        script = "trap \"\" TERM; echo armed; while :; do sleep 0.1; done"
        with App(f"  deaf: {{command: '{script}', shutdown: {{timeout: 1h}}}}") as app:
            app.wait_line(r"\| armed")
            self.assertIn("not within 1 s: deaf/0 (stopping)", self.refuse(app, "stop", "deaf", "--timeout", "1"))
            begin = time.monotonic()
            self.do(app, "stop", "deaf", "--no-wait")
            self.assertLess(time.monotonic() - begin, DEADLINE_S)

    def test_what_is_not_there_is_refused_with_what_was_meant(self):
        with App(SLEEPER) as app:
            app.wait_line("web ready")
            self.assertIn("no process `wbe`; did you mean `web`?", self.refuse(app, "stop", "wbe"))
            self.assertIn("`web` has no instance `7`: it has 0", self.refuse(app, "restart", "web/7"))
            self.assertIn("no process is in the namespace `x`", self.refuse(app, "stop", "ns:x"))
            self.assertIn("`hub` is pandora's own", self.refuse(app, "stop", "hub"))
            self.assertEqual(self.states(app), {"web/0": "ready"})

    def test_the_hub_can_be_restarted_under_the_command_that_asks_for_it(self):
        with App(SLEEPER) as app:
            hub, web = app.pid_of("hub/0"), app.pid_of("web/0")
            self.do(app, "restart", "hub")
            self.assertNotEqual(app.pid_of("hub/0"), hub)
            self.assertEqual(app.pid_of("web/0"), web)


class Rights(Case):
    def test_a_worker_may_look_but_not_change_whatever_it_calls_itself(self):
        with App(SLEEPER + f"\n  asker: {{entrypoint: [{sys.executable}, asker.py]}}",
                 files={"asker.py": ASKING_WORKER}) as app:
            for who in ("child", "worker"):
                app.wait_line(rf"\| {who} False denied")
            app.wait_line(r"\| list True")
            self.assertEqual(self.states(app)["web/0"], "ready")

    def test_another_user_may_not_change_anything(self):
        if os.geteuid() != 0:
            self.skipTest("only root can become another user")
        with App("  web: {command: exec sleep 1000, user: nobody, working_dir: /}") as app:
            app.wait_line("web ready")
            for folder in (app.folder, app.folder / "run"):
                folder.chmod(0o755)
            script = f"""
import os, sys
sys.path.insert(0, {str(TESTS.parent / "support")!r})
from pandora import Client
os.setgid(65534)
os.setuid(65534)
with Client({str(app.hub_socket)!r}) as client:
    client.online()
    print(client.invoke("pandora.supervisor", "stop", "web")["error"]["name"])
"""
            done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=DEADLINE_S,
                                  check=False)
            self.assertEqual(done.stdout, "denied\n", done.stderr)
            self.assertEqual(self.states(app), {"web/0": "ready"})


class Events(Case):
    def test_every_change_of_state_is_told_to_subscribers(self):
        with App(LONG_LIVED) as app:
            app.wait_line("web ready")
            with Client(app.hub_socket, {"processName": "listener"}) as listener:
                listener.online()
                listener.publish("pandora.supervisor@subscriber")
                self.do(app, "stop", "web")
                seen = []
                while not seen or seen[-1]["to"] != "completed":
                    _, body = listener.receive()
                    if body and body["data"].get("propertyName") == "callback":
                        event, changes = body["data"]["data"]
                        self.assertEqual(event, "state")
                        seen.extend(changes)
                self.assertEqual([(c["process"], c["instance"], c["from"], c["to"]) for c in seen],
                                 [("web", 0, "ready", "stopping"), ("web", 0, "stopping", "completed")])
                self.assertAlmostEqual(seen[-1]["at"], time.time(), delta=DEADLINE_S)


if __name__ == "__main__":
    sys.exit(unittest.main())
