#!/usr/bin/env python3
"""Measures restarts: from kill -9 of a worker to the first instruction of its replacement.

pandora and a bare C loop (waitpid, vfork, exec) supervise the same worker without a restart delay, side by
side; one kill of the one is followed by one kill of the other, so that both meet the same noise.
"""

import argparse
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from process_readings import cpu_of, tree
from worker_reports import Report

STOP_SECONDS_MAX = 20  # for a supervisor to end after SIGTERM: above pandora's default grace of 10 s
SETTLE_SECONDS = 0.02  # between kills, for both supervisors to finish what a restart leaves behind
WORKER = "first_instruction"

PROCFILE = """\
name: {name}
processes:
  worker:
    entrypoint: ["{worker}"]
    environment: ["BENCH_REPORT={report}"]
    availability: {{restart: always, backoff: 0ms}}
"""


class Supervisor:
    """One supervisor with its one worker, from its start to its end."""

    def __init__(self, name, command, report, environment, folder):
        self.name = name
        self.latencies = []  # nanoseconds
        self._report = report
        self._log = open(folder / f"{name}.log", "wb")
        self._process = subprocess.Popen(
            command, env={**os.environ, **environment}, cwd=folder,
            stdin=subprocess.DEVNULL, stdout=self._log, stderr=subprocess.STDOUT)
        self._worker = None

    def wait_until_up(self):
        self._worker, _ = self._report.next()
        self._cpu_before = self._cpu()

    def restart_once(self):
        killed_at = time.clock_gettime_ns(time.CLOCK_MONOTONIC)
        os.kill(self._worker, signal.SIGKILL)
        self._worker, started_at = self._report.next()
        self.latencies.append(started_at - killed_at)

    def cpu_per_restart(self):
        """Nanoseconds of CPU time that the supervisor, with processes of its own, spent on each restart."""
        return (self._cpu() - self._cpu_before) / len(self.latencies)

    def _cpu(self):
        return sum(cpu_of(pid) for pid in tree(self._process.pid) if pid != self._worker)

    def stop(self):
        """Ends the supervisor, and a worker it left behind. True if the supervisor ended as asked."""
        if self._process.poll() is None:
            self._process.terminate()
        try:
            self._process.wait(STOP_SECONDS_MAX)
            return True
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
            return False
        finally:
            if self._worker is not None:
                _kill_orphan(self._worker, WORKER)
            self._report.close()
            self._log.close()


def _kill_orphan(pid, program):
    """Kills `pid` if it still runs `program`; mostly it is gone, its number another's or nobody's."""
    try:
        if Path(os.readlink(f"/proc/{pid}/exe")).name == program:
            os.kill(pid, signal.SIGKILL)
    except (FileNotFoundError, ProcessLookupError):
        pass


def start_bare_loop(build, folder):
    report = Report(folder / "bare_loop.fifo")
    programs = build / "tests" / "bench"
    command = [programs / "spawn_loop", programs / WORKER]
    return Supervisor("bare_loop", command, report, {"BENCH_REPORT": str(report.path)}, folder)


def start_pandora(build, folder):
    report = Report(folder / "pandora.fifo")
    procfile = folder / "restart.yaml"
    procfile.write_text(PROCFILE.format(
        name="restart_bench", worker=build / "tests" / "bench" / WORKER, report=report.path))
    # Its sockets and logs stay in the temporary folder.
    environment = {"PANDORA_RUNTIME_DIR": str(folder / "run"), "XDG_STATE_HOME": str(folder / "state")}
    return Supervisor("pandora", [build / "pandora", "run", procfile], report, environment, folder)


STARTERS = {"pandora": start_pandora, "bare_loop": start_bare_loop}


def measure(supervisors, kills):
    for supervisor in supervisors:
        supervisor.wait_until_up()
    turn = list(supervisors)
    for _ in range(kills):
        for supervisor in turn:
            time.sleep(SETTLE_SECONDS)
            supervisor.restart_once()
        turn.reverse()  # who comes second finds warmer caches


def print_table(supervisors, kills):
    figures = {}
    for supervisor in supervisors:
        tenths = statistics.quantiles(supervisor.latencies, n=10)
        values = (tenths[0], tenths[4], tenths[8], supervisor.cpu_per_restart())
        figures[supervisor.name] = [value / 1000 for value in values]
    load = f"load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores"
    print(f"restart: {kills} kills each, in turn; microseconds; {load}")
    titles = ("p10", "median", "p90", "CPU/restart")
    print(f"{'':10}" + "".join(f"{title:>13}" for title in titles))
    for name, values in figures.items():
        print(f"{name:10}" + "".join(f"{value:13.0f}" for value in values))
    if len(figures) > 1:
        ratios = [one / other for one, other in zip(figures["pandora"], figures["bare_loop"])]
        print(f"{'ratio':10}" + "".join(f"{ratio:13.2f}" for ratio in ratios))


def run(build, names, kills):
    with tempfile.TemporaryDirectory(prefix="pandora-bench-") as name:
        folder = Path(name)
        supervisors, stopped = [], True
        try:
            for starter in names:
                supervisors.append(STARTERS[starter](build, folder))
            measure(supervisors, kills)
            print_table(supervisors, kills)
        except (OSError, ValueError) as error:
            print(f"restart: {error}", file=sys.stderr)
            for log in folder.glob("*.log"):
                print(f"-- {log.name}\n{log.read_text(errors='replace')}", file=sys.stderr)
            return 1
        finally:
            for supervisor in supervisors:
                if not supervisor.stop():
                    stopped = False
                    print(f"restart: {supervisor.name} did not end when asked", file=sys.stderr)
    return 0 if stopped else 1


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--build", type=Path, required=True, help="the folder that holds pandora, built")
    parser.add_argument("--kills", type=int, default=50, help="of each supervisor's worker (default: 50)")
    parser.add_argument("--only", choices=STARTERS, help="measure this one alone")
    arguments = parser.parse_args()
    if arguments.kills < 2:
        parser.error("a median and a percentile need two kills at least")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))  # leave through `finally`
    names = [arguments.only] if arguments.only else list(STARTERS)
    return run(arguments.build.resolve(), names, arguments.kills)


if __name__ == "__main__":
    sys.exit(main())
