#!/usr/bin/env python3
"""Measures supervisors that keep a thousand workers each: start, replacement, status, stop, memory, idle CPU.

All run side by side in one go. They start one after the other, each between two starts of the yardstick; then a kill
of one's worker is followed by a kill of the next one's, so that all meet the same noise; the idle seconds are the same
ones for all.
"""

import argparse
import json
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import fleet_supervisors
from fleet_run import FleetError, FleetRun
from fleet_table import print_table

SETTLE_SECONDS = 0.02  # between kills, for every supervisor to finish what a restart leaves behind
STABLE_SECONDS = 1.5  # before the kills: runit, s6 and others delay the restart of what ran for less than a second
QUIET_SECONDS = 2  # before the idle time: runit and s6 write their state a moment later
IDLE_SECONDS = 10


class Contest:
    """All fleets of one run. Whoever fails is out, says why, and the others go on."""

    def __init__(self, supervisors, yardstick):
        """`yardstick(n)` is a supervisor for the n-th throw-away fleet."""
        self.figures = {}  # name -> {figure: value}
        self._supervisors = supervisors
        self._yardstick = yardstick
        self._runs = {}

    def each(self, measure):
        """Calls measure(run, its figures) for everybody who is still in."""
        for name, run in list(self._runs.items()):
            self._one(name, lambda run=run, name=name: measure(run, self.figures[name]))

    def _one(self, name, act):
        try:
            act()
        except (FleetError, OSError, subprocess.SubprocessError) as error:
            self.figures[name]["trouble"] = str(error)
            run = self._runs.pop(name)
            print(f"fleet: {name}: {error}\n{run.output()}", file=sys.stderr)
            run.stop()

    def start(self):
        """A start lasts too long to be done in turn, so each is compared with the yardsticks just before and after."""
        yardsticks = [self._measure_yardstick(0)]
        for number, supervisor in enumerate(self._supervisors, 1):
            self._start(supervisor)
            yardsticks.append(self._measure_yardstick(number))
            self.figures[supervisor.name]["yardstick"] = _each_key(statistics.fmean, yardsticks[-2:])
        if fleet_supervisors.BareLoop.name in self._runs:
            self.figures[fleet_supervisors.BareLoop.name].update(_each_key(statistics.median, yardsticks))

    def _measure_yardstick(self, number):
        run = FleetRun(self._yardstick(number))
        try:
            return run.start()
        finally:
            run.stop()

    def _start(self, supervisor):
        figures = self.figures[supervisor.name] = {}
        if supervisor.missing():
            figures["trouble"] = f"{supervisor.program} is not installed"
            return
        run = self._runs[supervisor.name] = FleetRun(supervisor)
        self._one(supervisor.name, lambda: figures.update(run.start()))

    def stop(self):
        """Also after a failure: nothing is left."""
        while self._runs:
            name, run = self._runs.popitem()
            took, killed = run.stop()
            if run.started:
                self.figures[name]["stop_s"] = took
            if killed:
                self.figures[name]["trouble"] = f"{killed} processes had to be killed at the end"


def _each_key(summarise, measurements):
    return {key: summarise(each[key] for each in measurements) for key in measurements[0]}


def measure_kills(contest, kills):
    contest.each(lambda run, figures: figures.update(latencies=[]))
    for _ in range(kills):
        def kill_one(run, figures):
            time.sleep(SETTLE_SECONDS)
            figures["latencies"].append(run.kill_one())

        contest.each(kill_one)
    for figures in contest.figures.values():
        latencies = figures.pop("latencies", [])
        if len(latencies) > 1:
            tenths = statistics.quantiles(latencies, n=10)
            figures.update(restart_p10_s=tenths[0], restart_s=tenths[4], restart_p90_s=tenths[8])


def measure_optional(figures, name, measure):
    """A verb that fails is that figure's trouble, not the end of its supervisor."""
    try:
        figures[name] = measure()
    except FleetError as error:
        figures[f"{name}_trouble"] = str(error)


def measure_idle(contest):
    """Share of one core. Memory first: to read it disturbs."""
    def memory(run, figures):
        figures["pss_bytes"], figures["processes"] = run.memory()

    def remember(run, figures):
        figures["idle"] = (time.monotonic(), run.cpu())

    def compare(run, figures):
        at, cpu = figures.pop("idle")
        figures["idle_core"] = (run.cpu() - cpu) / 1e9 / (time.monotonic() - at)

    contest.each(memory)
    time.sleep(QUIET_SECONDS)
    contest.each(remember)
    time.sleep(IDLE_SECONDS)
    contest.each(compare)


def measure(contest, kills):
    contest.start()
    time.sleep(STABLE_SECONDS)
    measure_kills(contest, kills)
    measure_idle(contest)
    contest.each(lambda run, figures: measure_optional(figures, "status_s", run.ask_status))
    contest.each(lambda run, figures: measure_optional(figures, "rolling_s", run.rolling_restart))


def run(arguments):
    build = arguments.build.resolve()
    chosen = [kind for kind in fleet_supervisors.ALL if not arguments.only or kind.key() in arguments.only]
    with tempfile.TemporaryDirectory(prefix="pandora-fleet-") as name:
        def supervisor(kind, suffix=""):
            return kind(build, Path(name) / f"{kind.key()}{suffix}", arguments.workers)

        contest = Contest([supervisor(kind) for kind in chosen],
                          lambda number: supervisor(fleet_supervisors.BareLoop, f"-{number}"))
        try:
            measure(contest, arguments.kills)
        except FleetError as error:  # the yardstick's: without it there is nothing to tell
            print(f"fleet: {error}", file=sys.stderr)
            return 1
        finally:
            contest.stop()
    about = {"workers": arguments.workers, "kills": arguments.kills, "cores": os.cpu_count(),
             "load": os.getloadavg()[0]}
    if arguments.json:
        json.dump({**about, "supervisors": contest.figures}, sys.stdout, indent=2)
        print()
    else:
        print_table(about, contest.figures)
    ours = [figures for name, figures in contest.figures.items() if name.startswith("pandora")]
    return 1 if any("trouble" in figures for figures in ours) else 0


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--build", type=Path, required=True, help="the folder that holds pandora, built")
    parser.add_argument("--workers", type=int, default=1000, help="of each supervisor (default: 1000)")
    parser.add_argument("--kills", type=int, default=50, help="of each supervisor's workers (default: 50)")
    parser.add_argument("--only", nargs="+", choices=[kind.key() for kind in fleet_supervisors.ALL], default=[],
                        metavar="NAME", help="measure these alone: %(choices)s")
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table; times in seconds")
    arguments = parser.parse_args()
    if arguments.kills < 2 or arguments.workers < 1:
        parser.error("a median and a percentile need two kills at least, and a fleet one worker")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))  # leave through `finally`
    return run(arguments)


if __name__ == "__main__":
    sys.exit(main())
