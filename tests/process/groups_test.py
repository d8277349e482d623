"""Processes that depend on each other's fate: groups, giving up, order, starts one after the other, recycling."""

import os
import signal
import sys
import time
import unittest

from obedient_worker import COMMAND, tell
from pandora import App, is_gone, wait_until

SLEEPER = "command: exec sleep 1000"
ALWAYS = "availability: {restart: always, backoff: 50ms}"


def states(app):
    return {view["process"]: view["state"] for view in app.instances().values() if not view["builtin"]}


def pids(app):
    return {view["process"]: view["pid"] for view in app.instances().values() if not view["builtin"]}


class Strategies(unittest.TestCase):
    NAMES = ("first", "second", "third", "other")

    def start(self, strategy):
        app = self.enterContext(App(
            "".join(f"  {name}: {{{SLEEPER}, {ALWAYS}}}\n" for name in self.NAMES),
            head=f"groups: {{all: {{strategy: {strategy}, processes: [first, second, third]}}}}"))
        wait_until(lambda: set(states(app).values()) == {"ready"}, "all are ready")
        return app

    def test_those_are_restarted_with_it_that_the_strategy_names(self):
        for strategy, renewed in (("one_for_one", {"second"}), ("one_for_all", {"first", "second", "third"}),
                                  ("rest_for_one", {"second", "third"})):
            with self.subTest(strategy):
                app = self.start(strategy)
                before = pids(app)
                os.kill(before["second"], signal.SIGKILL)

                def is_over():
                    new = {name for name, pid in pids(app).items() if pid and pid != before[name]}
                    return new == renewed and set(states(app).values()) == {"ready"}

                wait_until(is_over, lambda: f"{renewed} are new: {before}, {pids(app)}")
                for name in renewed - {"second"}:
                    self.assertEqual(app.ps(name)["last_end"], "SIGTERM")
                    self.assertEqual(app.ps(name)["restarts"], 1)
                    app.wait_line(rf"{name} its group: second failed")

    def test_nobody_starts_again_before_all_are_down(self):
        slow = "trap \"sleep 0.5; echo last breath; exit 0\" TERM; echo up; while :; do sleep 0.05; done"
        with App("  quick: {command: echo quick up; exec sleep 1000, availability: {restart: always, backoff: 0ms}}\n"
                 f"  slow: {{command: '{slow}', {ALWAYS}}}",
                 head="groups: {all: {strategy: one_for_all, processes: [quick, slow]}}") as app:
            app.wait_line(r"\| up")
            app.wait_line("quick up")
            os.kill(app.pid_of("quick/0"), signal.SIGKILL)
            app.wait_line("quick up", count=2)
            lines = [line.partition("| ")[2] for line in app.lines if "| quick up" in line or "last breath" in line]
            self.assertEqual(lines, ["quick up", "last breath", "quick up"])

    def test_who_gives_up_takes_its_group_down(self):
        with App(f"  first: {{{SLEEPER}, {ALWAYS}}}\n"
                 "  second: {command: exit 3, availability: {restart: always, backoff: 0ms, max_restarts: 1}}\n"
                 f"  other: {{{SLEEPER}}}",
                 head="groups: {all: {strategy: one_for_all, processes: [first, second]}}") as app:
            app.wait_line("second ended: exit 3; gave up after 1 restarts in 60 s")
            wait_until(lambda: states(app) == {"first": "completed", "second": "failed", "other": "ready"},
                       lambda: states(app))


class GivingUp(unittest.TestCase):
    def start(self, on_give_up, code=3):
        return self.enterContext(App(
            f"  bad: {{command: test -e good && exec sleep 1000; exit {code}, availability:\n"
            f"        {{restart: on_failure, backoff: 0ms, max_restarts: 2, on_give_up: {on_give_up}}}}}\n"
            f"  web: {{{SLEEPER}}}\n  store: {{{SLEEPER}}}"))

    def test_the_others_may_go_on(self):
        app = self.start("keep")
        app.wait_line("bad ended: exit 3; gave up after 2 restarts in 60 s")
        self.assertEqual(states(app), {"bad": "failed", "web": "ready", "store": "ready"})
        self.assertEqual(app.ps("bad")["restarts"], 2)

    def test_the_others_may_be_stopped_and_the_app_waits_for_people(self):
        app = self.start("stop_all")
        wait_until(lambda: states(app) == {"bad": "failed", "web": "completed", "store": "completed"},
                   lambda: states(app))
        self.assertIsNone(app.master.poll())
        app.touch("good")
        app.do("start", "all")
        self.assertEqual(states(app), {"bad": "ready", "web": "ready", "store": "ready"})

    def test_the_app_may_end_with_the_code_of_the_failure(self):
        app = self.start("exit", code=9)
        self.assertEqual(app.wait_exit(), 9)
        self.assertIn("web stopped", app.output())


class Order(unittest.TestCase):
    def test_the_higher_order_starts_when_the_lower_is_ready_and_stops_before_it(self):
        web = "trap \"echo web stops; exit 0\" TERM; echo web up; while :; do sleep 0.02; done"
        store = "trap \"echo store stops; exit 0\" TERM; while ! test -e go; do sleep 0.02; done; echo store up; " \
                "while :; do sleep 0.02; done"
        with App(f"  web: {{command: '{web}', order: 20, shutdown: {{parent_only: true}}}}\n"
                 f"  store: {{command: '{store}', order: 10, ready_log_line: store up,\n"
                 "          shutdown: {parent_only: true}}") as app:
            view = app.wait_view("web/0", state="pending", cause="waiting for store to be ready")
            self.assertEqual(view["runs"], 0)
            app.touch("go")
            app.wait_line("web up")
            app.signal(signal.SIGTERM)
            app.wait_exit()
            said = [line.partition("| ")[2] for line in app.lines if not line.startswith("pandora")]
            self.assertEqual(said, ["store up", "web up", "web stops", "store stops"])

    def test_no_more_start_at_the_same_time_than_may(self):
        names = [f"w{n}" for n in range(4)]
        processes = "".join(
            f"  {name}: {{command: 'while ! test -e go-{name}; do sleep 0.02; done; echo up; exec sleep 1000',\n"
            "         ready_log_line: up}\n" for name in names)
        with App(processes, head="max_unready: 2") as app:
            app.touch("go-none")
            for done in range(3):
                starting = {n for n in names[done:done + 2]}
                wait_until(lambda: {n for n, state in states(app).items() if state == "starting"} == starting,
                           lambda: f"{starting} start: {states(app)}")
                for name in names[done + 2:]:
                    self.assertEqual((app.ps(name)["state"], app.ps(name)["cause"]),
                                     ("pending", "waiting for its turn: 2 others are starting"))
                app.touch(f"go-{names[done]}")
            app.touch(f"go-{names[3]}")
            wait_until(lambda: set(states(app).values()) == {"ready"}, "all are ready")

    def test_who_is_never_started_may_end_the_app(self):
        dependent = f"  web: {{{SLEEPER}, depends_on: {{job: {{condition: process_completed_successfully}}}}%s}}\n" \
                    f"  job: {{command: exit 4}}\n  keeper: {{{SLEEPER}}}"
        with App(dependent % ", availability: {exit_on_skipped: true}") as app:
            self.assertEqual(app.wait_exit(), 1)
            self.assertIn("web not started: dependency job failed", app.output())
            self.assertIn("keeper stopped", app.output())
        with App(dependent % "") as app:
            app.wait_view("web/0", state="failed", last_end="not started: dependency job failed")
            self.assertEqual(app.ps("keeper")["state"], "ready")


class Commands(unittest.TestCase):
    def test_a_namespace_stands_for_its_processes(self):
        with App(f"  a: {{{SLEEPER}, namespace: [x, y]}}\n  b: {{{SLEEPER}, namespace: x}}\n  c: {{{SLEEPER}}}") as app:
            wait_until(lambda: set(states(app).values()) == {"ready"}, "all are ready")
            before = pids(app)
            app.do("restart", "ns:x")
            after = pids(app)
            self.assertEqual([name for name in before if before[name] == after[name]], ["c"])
            app.do("stop", "ns:y", "c")
            self.assertEqual(states(app), {"a": "completed", "b": "ready", "c": "completed"})
            app.do("start", "ns:x")
            self.assertEqual(states(app), {"a": "ready", "b": "ready", "c": "completed"})

    def test_what_is_disabled_starts_by_command_with_all_that_it_needs(self):
        with App(f"  keeper: {{{SLEEPER}}}\n"
                 "  store: {command: 'while ! test -e go; do sleep 0.02; done; echo up; exec sleep 1000',\n"
                 "          disabled: true, ready_log_line: up}\n"
                 f"  web: {{{SLEEPER}, disabled: true, depends_on: {{store: {{condition: process_healthy}}}}}}\n"
                 f"  idle: {{{SLEEPER}, disabled: true}}") as app:
            app.wait_view("keeper/0", state="ready")
            self.assertEqual(states(app),
                             {"keeper": "ready", "store": "disabled", "web": "disabled", "idle": "disabled"})
            app.do("start", "web", "--no-wait")
            app.wait_view("store/0", state="starting")
            self.assertEqual(app.ps("web")["cause"], "waiting for store to be ready")
            app.touch("go")
            app.wait_view("web/0", state="ready")
            self.assertEqual(states(app)["idle"], "disabled")


class Recycling(unittest.TestCase):
    def test_by_age(self):
        begins = "date +%s.%N >> begins; echo $$$$ >> pids; exec sleep 1000"
        with App(f"  web: {{command: {begins}, recycle: {{age: 1s, spread: 200ms}}}}\n  keeper: {{{SLEEPER}}}") as app:
            wait_until(lambda: app.read("pids").count("\n") >= 2, "the second run")
            first, second = (float(line) for line in app.read("begins").splitlines()[:2])
            self.assertGreater(second - first, 0.5, "the first one's shell may have come late")
            self.assertTrue(is_gone(int(app.read("pids").split()[0])))
            app.wait_line("web recycled after 1 s")
            view = app.wait_view("web/0", state="ready")
            self.assertEqual(view["restarts"], view["runs"] - 1)
            self.assertEqual(app.ps("keeper")["runs"], 1)

    def test_by_the_memory_of_all_its_processes(self):
        # Only the first run of `web` holds much, and only a child of it does; `heir` hands over to who will.
        hold = "import os, time; held = os.urandom(1) * (96 << 20); time.sleep(1000)"
        with App(f"  web: {{command: 'test -e held || {{ touch held; {sys.executable} -c \"{hold}\" & }}; "
                 "exec sleep 1000', recycle: {memory: 64MiB}}\n"
                 f"  heir: {{command: {COMMAND}, notify: true, recycle: {{memory: 64MiB}}}}\n"
                 f"  small: {{{SLEEPER}, recycle: {{memory: 64MiB}}}}") as app:
            first = app.wait_view("heir/0", up=True)["pid"]
            for order in ("notify READY=1", "hand_over", "hold 96"):
                tell(app, "heir/0", order)
                app.wait_line(f"done: {order}")
            wait_until(lambda: is_gone(first), "the first process has handed over")
            for name in ("web", "heir"):
                held = int(app.wait_line(rf"{name} recycled: holds (\d+) MiB, more than 64 MiB").group(1))
                self.assertGreater(held, 96)
            app.wait_view("web/0", state="ready", runs=2)
            again = time.monotonic() + 5.5  # the memory is read each 5 s
            wait_until(lambda: time.monotonic() > again, "the memory has been read again")
            self.assertEqual((app.ps("web")["runs"], app.ps("small")["runs"]), (2, 1))


if __name__ == "__main__":
    sys.exit(unittest.main())
