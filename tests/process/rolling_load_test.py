"""Sixteen callers ask three replicas without a pause, while these are replaced again and again, or killed.

rolling_load_test.py [--seconds N]    N: how long each of the two goes on (10)
"""

import argparse
import collections
import json
import os
import pathlib
import signal
import subprocess
import sys
import time
import unittest

from pandora import App, DEADLINE_S, wait_until

FOLDER = pathlib.Path(__file__).resolve().parent
REPLICAS = 3
CALLER_PROCESSES, CONNECTIONS = 4, 4

PROCESSES = f"""
  store:
    command: exec {sys.executable} -u {FOLDER}/native_worker.py store
    objects: [store]
    replicas: {REPLICAS}
    availability: {{restart: always, backoff: 50ms, backoff_max: 50ms, max_restarts: 100000, reset_after: 1s}}
    shutdown: {{drain: 30s}}
"""


class Callers:
    """The counts of all of them are in `plain` and `idempotent` once it is over."""

    def __init__(self, app):
        command = [sys.executable, FOLDER / "native_caller.py", app.hub_socket, "store", str(CONNECTIONS)]
        self.processes = [subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
                          for _ in range(CALLER_PROCESSES)]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for process in self.processes:
            process.stdin.close()
        counts = []
        for process in self.processes:
            with process.stdout:
                counts.append(json.loads(process.stdout.read()))
            process.wait(DEADLINE_S)
        self.plain, self.idempotent = (self.summed([c[kind] for c in counts]) for kind in ("plain", "idempotent"))

    @staticmethod
    def summed(counts):
        total = {key: sum(c[key] for c in counts) for key in ("sent", "answered", "lost")}
        total |= {key: max(c[key] for c in counts) for key in ("slowest_s", "slowest_failure_s")}
        return total | {"failed": dict(sum((collections.Counter(c["failed"]) for c in counts), collections.Counter()))}


class RollingLoad(unittest.TestCase):
    seconds = 10.0

    def setUp(self):
        self.app = self.enterContext(App(PROCESSES))
        self.app.wait_line(r"store/\d ready", count=REPLICAS)

    def load(self, disturb):
        """Disturbs again and again under load. Returns (how often, the callers)."""
        end = time.monotonic() + self.seconds
        rounds = 0
        with Callers(self.app) as callers:
            while time.monotonic() < end or rounds < 2:
                disturb()
                rounds += 1
        for kind in ("plain", "idempotent"):
            print(f"  {rounds} rounds, {kind}: {json.dumps(getattr(callers, kind))}", file=sys.stderr, flush=True)
        for counts in (callers.plain, callers.idempotent):
            self.assertEqual(counts["lost"], 0)
            self.assertEqual(counts["sent"], counts["answered"] + sum(counts["failed"].values()))
            self.assertGreater(counts["answered"], 0)
        return rounds, callers

    def pids(self):
        return {view["pid"] for view in self.app.instances().values() if view["process"] == "store" and view["pid"]}

    def test_no_call_fails_while_all_are_replaced_again_and_again(self):
        before = self.pids()
        commands = [("reload", "store"), ("restart", "--rolling", "store")]

        def replace():
            commands.append(commands.pop(0))
            self.app.do(*commands[-1])

        _, callers = self.load(replace)
        self.assertEqual((callers.plain["failed"], callers.idempotent["failed"]), ({}, {}))
        self.assertEqual(before & self.pids(), set(), "all of them are others now")
        self.assertNotIn("still in flight", self.app.output())

    def test_a_kill_costs_only_what_was_in_the_hands_of_the_killed(self):
        killed = set()

        def kill():
            """One that serves; the others, and those that come back, go on."""
            pid = wait_until(lambda: next(iter(sorted(self.serving() - killed)), None), "one to kill")
            os.kill(pid, signal.SIGKILL)
            killed.add(pid)

        rounds, callers = self.load(kill)
        self.assertEqual(callers.idempotent["failed"], {}, "others can do them again")
        failed = callers.plain["failed"]
        for why in failed:
            self.assertRegex(why, r"^peer_gone: store: (killed: SIGKILL; restarting in some ms|\?)$")
        # Each of the plain callers has one call under way.
        self.assertLessEqual(sum(failed.values()), rounds * CALLER_PROCESSES * CONNECTIONS // 2)
        self.assertGreater(sum(failed.values()), 0, "nothing was in anybody's hands: the load was none")
        self.assertLess(callers.plain["slowest_failure_s"], 15, "at once, not at the deadline of 30 s")

    def serving(self):
        return {route["pid"] for route in self.app.routes() if route["process"] == "store"
                and any(selector.get("objectName") == "store" for selector in route["selectors"])}


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=float, default=RollingLoad.seconds)
    options, rest = parser.parse_known_args()
    RollingLoad.seconds = options.seconds
    unittest.main(argv=[sys.argv[0], *rest])
