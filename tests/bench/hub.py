#!/usr/bin/env python3
"""Measures message hubs: calls through them, events, direct channels, large payloads, and the npm client on two hubs.

All hubs run at once, idle but for the one that is being loaded. A round loads each of them with a case before the
next case comes, so that noise hits all; each figure is the median of the rounds, each ratio that of the ratios to the
yardstick of the same round. The yardstick is the least that passes frames on (hub_relay.c); that of a direct channel,
a bare socketpair.
"""

import argparse
import collections
import json
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import hub_brokers
from hub_table import print_tables
from process_readings import cpu_of

REFUSED_CODE = 3  # of hub_load
SECONDS_MAX = 40  # of one load beyond its own time: it gives up by itself after 10 s of silence
SETTLE_SECONDS, SETTLE_SECONDS_MAX = 0.02, 5  # a hub may still be busy with what the load before left behind

CALL_BYTES = (64, 1024, 64 * 1024)
CALLS_IN_FLIGHT = (1, 10, 64, 256)
POOLED_BYTES, POOLED_IN_FLIGHT = (1024, 4096, 8192, 16384, 65536, 1 << 20), 4
EVENT_BYTES, EVENTS_IN_FLIGHT, SUBSCRIBERS = 64, 256, 16

Case = collections.namedtuple("Case", "kind bytes in_flight pinned", defaults=(False,))
Contestant = collections.namedtuple("Contestant", "name broker transport")  # broker: a class, or None

YARDSTICK = "relay in C"
HUBS = (
    Contestant(YARDSTICK, hub_brokers.Relay, "relay"),
    Contestant("pandora", hub_brokers.Pandora, "native"),
    Contestant("pandora, JSON", hub_brokers.Pandora, "legacy"),
    Contestant("npm hub, JSON", hub_brokers.Npm, "legacy"),
    Contestant("nats-server", hub_brokers.Nats, "nats"),
    Contestant("dbus-broker", hub_brokers.Dbus, "dbus"),
    Contestant("Redis", hub_brokers.Redis, "redis"),
    Contestant("ZeroMQ proxy", hub_brokers.Zmq, "zmq"),
)
DIRECT = (
    Contestant("socketpair", None, "socketpair"),
    Contestant("pandora channel", hub_brokers.Pandora, "channel"),
)
POOLS = (
    Contestant("client, in frames", hub_brokers.Pandora, "client"),
    Contestant("client, in pools", hub_brokers.Pandora, "pooled"),
)
NPM = (
    Contestant("npm client, npm hub", hub_brokers.Npm, "npm"),
    Contestant("npm client, pandora", hub_brokers.Pandora, "npm"),
)


def cases_of(kind, sizes):
    """Of calls; one in flight also with everything on one CPU, where no waking of an idle one is measured."""
    return [Case(kind, size, in_flight, pinned) for size in sizes for in_flight in CALLS_IN_FLIGHT
            for pinned in ((True, False) if in_flight == 1 else (False,))]


PARTS = {
    "calls": (HUBS, cases_of("calls", CALL_BYTES)),
    "events": (HUBS, [Case("events", EVENT_BYTES, EVENTS_IN_FLIGHT)]),
    "direct": (DIRECT, cases_of("direct", CALL_BYTES)),
    "pools": (POOLS, [Case("pools", size, *case) for size in POOLED_BYTES
                      for case in ((1, True), (1, False), (POOLED_IN_FLIGHT, False))]),
    "npm": (NPM, [Case("npm", 64, 1), Case("npm", 64, 10)]),
}


class LoadError(Exception):
    """The load came to no end; the others go on."""


class Refused(LoadError):
    """The hub takes no such load, and says so."""


def first_line(text):
    return (text.splitlines() or ["failed without a word"])[0][:200]


class Brokers:
    """One process of each hub that is needed, shared by those who measure it."""

    def __init__(self, build, folder):
        self.troubles = {}  # hub -> why it is not measured
        self._build = build
        self._folder = folder
        self._running = {}
        self._started = 0

    def start(self, kinds):
        for kind in kinds:
            self._started += 1
            broker = kind(self._build, self._folder / str(self._started))
            missing = broker.missing()
            if missing:
                self.troubles[kind] = missing
                continue
            self._running[kind] = broker
            try:
                broker.start()
            except (hub_brokers.BrokerError, OSError) as error:
                self.troubles[kind] = str(error)

    def get(self, kind):
        return self._running[kind]

    def renew(self, kind):
        """After a failure: what it left behind is not to be the next one's."""
        self._running.pop(kind).stop()
        self.start([kind])

    def stop(self):
        while self._running:
            self._running.popitem()[1].stop()


class Contest:
    """Everybody's figures. Who fails in a case is out of that case, and says why."""

    def __init__(self, brokers, build, seconds):
        self.rounds = collections.defaultdict(list)  # (contestant's name, case) -> [{figure: value}]
        self.troubles = {}  # the same -> text
        self._brokers = brokers
        self._load = build / "tests" / "bench" / "hub_load"
        self._seconds = seconds

    def run(self, contestant, case):
        key = contestant.name, case
        if key in self.troubles or contestant.broker in self._brokers.troubles:
            return
        broker = self._brokers.get(contestant.broker) if contestant.broker else None
        measure = self._measure_npm if case.kind == "npm" else self._measure_load
        try:
            self.rounds[key].append(measure(contestant, broker, case))
        except (OSError, subprocess.SubprocessError, LoadError, ValueError) as error:
            self.rounds.pop(key, None)
            self.troubles[key] = error
            if broker:
                self._brokers.renew(contestant.broker)

    def _measure_load(self, contestant, broker, case):
        pids = broker.pids() if broker else []
        cpus = pinned_cpus() if case.pinned else os.sched_getaffinity(0)
        pin(pids, cpus)
        settle(pids)
        words = ["events" if case.kind == "events" else "calls", contestant.transport,
                 broker.address if broker else "", self._seconds, ",".join(map(str, pids)), case.bytes, case.in_flight]
        if case.kind == "events":
            words.append(SUBSCRIBERS)
        done = subprocess.run([self._load, *map(str, words)], capture_output=True, text=True, check=False,
                              timeout=self._seconds + SECONDS_MAX, stdin=subprocess.DEVNULL,
                              preexec_fn=lambda: os.sched_setaffinity(0, cpus))
        if done.returncode != 0:
            raise (Refused if done.returncode == REFUSED_CODE else LoadError)(first_line(done.stderr))
        return json.loads(done.stdout)

    def _measure_npm(self, _, broker, case):
        settle(broker.pids())
        script = Path(__file__).with_name("hub_npm.mjs")
        environment = {**os.environ, "PANDORA_TMP_DIR": str(broker.folder), "PANDORA_INTEROP_CHILD": "1"}
        with subprocess.Popen(["node", script, "callee"], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              env=environment) as callee:
            try:
                if callee.stdout.readline() != b"ready\n":
                    raise LoadError("the npm client could not publish")
                called = subprocess.run(["node", script, "caller", str(self._seconds), str(case.in_flight)],
                                        capture_output=True, text=True, check=False, env=environment,
                                        stdin=subprocess.DEVNULL, timeout=self._seconds + SECONDS_MAX)
            finally:
                callee.kill()
        if called.returncode != 0:
            raise LoadError(first_line(called.stderr))
        return json.loads(called.stdout)

    def summary(self, part):
        """[{"name", the case's members, "figures", "ratios"}] of those who were measured."""
        contestants, cases = PARTS[part]
        return [self._summary_of(contestant.name, contestants[0].name, case)
                for contestant in contestants for case in cases if self.rounds.get((contestant.name, case))]

    def _summary_of(self, name, yardstick, case):
        rounds = self.rounds[name, case]
        bases = self.rounds.get((yardstick, case), [])
        figures = {key: statistics.median(each[key] for each in rounds) for key in rounds[0]}
        ratios = {key: statistics.median(each[key] / base[key] for each, base in zip(rounds, bases))
                  for key in rounds[0] if bases and all(base.get(key) for base in bases)}
        return {"name": name, **case._asdict(), "figures": figures, "ratios": ratios if name != yardstick else {}}


def pinned_cpus():
    """The last one that is allowed: the first is where machines like to handle their interrupts."""
    return {max(os.sched_getaffinity(0))}


def pin(pids, cpus):
    for pid in pids:
        for thread in os.listdir(f"/proc/{pid}/task"):
            try:
                os.sched_setaffinity(int(thread), cpus)
            except ProcessLookupError:  # it has just ended
                pass


def settle(pids):
    """Returns when a hub uses next to no CPU any more."""
    deadline = time.monotonic() + SETTLE_SECONDS_MAX
    before = sum(map(cpu_of, pids))
    while time.monotonic() < deadline:
        time.sleep(SETTLE_SECONDS)
        now = sum(map(cpu_of, pids))
        if (now - before) / 1e9 < SETTLE_SECONDS / 10:
            return
        before = now


def measure(arguments, folder):
    build = arguments.build.resolve()
    parts = arguments.only or list(PARTS)
    brokers = Brokers(build, folder)
    contest = Contest(brokers, build, arguments.seconds)
    try:
        brokers.start({each.broker: None for part in parts for each in PARTS[part][0] if each.broker})
        for _ in range(arguments.rounds):
            for part in parts:
                contestants, cases = PARTS[part]
                for case in cases:
                    for contestant in contestants:
                        contest.run(contestant, case)
    finally:
        brokers.stop()
    troubles = [{"name": each.name, "why": brokers.troubles[each.broker]}
                for each in dict.fromkeys(each for part in parts for each in PARTS[part][0])
                if each.broker in brokers.troubles]
    troubles += [{"name": name, **case._asdict(), "why": str(why), "refused": isinstance(why, Refused)}
                 for (name, case), why in contest.troubles.items()]
    return {"parts": {part: contest.summary(part) for part in parts}, "troubles": troubles}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--build", type=Path, required=True, help="the folder that holds pandora, built")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=1.0, help="of each load (default: 1)")
    parser.add_argument("--quick", action="store_true", help="one round of 0.2 s a load: to see that all works")
    parser.add_argument("--only", nargs="+", choices=PARTS, metavar="PART", help="of %(choices)s")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all figures there too")
    arguments = parser.parse_args()
    if arguments.rounds < 1 or arguments.seconds <= 0:
        parser.error("a round, and some time, are needed")
    if arguments.quick:
        arguments.rounds, arguments.seconds = 1, 0.2
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))  # leave through `finally`
    about = {"rounds": arguments.rounds, "seconds": arguments.seconds, "cores": os.cpu_count(),
             "load": os.getloadavg()[0], "subscribers": SUBSCRIBERS}
    with tempfile.TemporaryDirectory(prefix="pandora-hub-") as folder:
        results = {**about, **measure(arguments, Path(folder))}
    print_tables(results)
    if arguments.json:
        arguments.json.write_text(json.dumps(results, indent=2) + "\n")
    return 1 if any("pandora" in trouble["name"] and not trouble.get("refused") for trouble in results["troubles"]) \
        else 0


if __name__ == "__main__":
    sys.exit(main())
