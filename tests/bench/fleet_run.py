"""One fleet from its start to its end, and what can be measured of it meanwhile."""

import collections
import os
import random
import re
import select
import signal
import subprocess
import time

from fleet_supervisors import REPORT
from process_readings import cpu_of, pss_of, tree
from worker_reports import Report

START_SECONDS_MAX = 120
STATUS_SECONDS_MAX = 120
ROLLING_SECONDS_MAX = 300
STOP_SECONDS_MAX = 60  # then whatever is left is killed
POLL_SECONDS = 0.2


class FleetError(Exception):
    """This supervisor could not do what was asked; the others go on."""


def monotonic_ns():
    return time.clock_gettime_ns(time.CLOCK_MONOTONIC)


class FleetRun:
    """A supervisor and its workers, all of them processes that this object ends, by pidfd, at the latest in stop()."""

    def __init__(self, supervisor):
        self.supervisor = supervisor
        self.workers = set()
        self.started = False
        self._victims = collections.deque()  # its workers in the order in which they will be killed
        supervisor.folder.mkdir()
        self._report = Report(supervisor.folder / REPORT)
        self._log_path = supervisor.folder / "output.log"
        self._process = None

    # ---- its life

    def start(self):
        """{"launch", "start"}: until its first worker runs, from there until the last one does; and CPU."""
        self.supervisor.prepare()
        with open(self._log_path, "wb") as log:
            launched_at = monotonic_ns()
            self._process = subprocess.Popen(
                self.supervisor.command(), cwd=self.supervisor.folder, stdin=subprocess.DEVNULL, stdout=log,
                stderr=subprocess.STDOUT, env={**os.environ, **self.supervisor.environment()})
        times = []
        deadline = time.monotonic() + START_SECONDS_MAX
        while len(times) < self.supervisor.count:
            pid, at = self._next_report(deadline, self._process)
            self.workers.add(pid)
            times.append(at)
        self.started = True
        self._victims = collections.deque(random.Random(1).sample(sorted(self.workers), len(self.workers)))
        return {"launch_s": (min(times) - launched_at) / 1e9, "start_s": (max(times) - min(times)) / 1e9,
                "start_cpu_s": self.cpu() / 1e9}

    def stop(self):
        """Seconds until all of its processes had ended, and how many of them had to be killed."""
        if self._process is None:
            self._report.close()
            return None, 0
        family = {pid: _pidfd(pid) for pid in {*tree(self._process.pid), *self.workers}}
        alive = {fd for fd in family.values() if fd is not None}
        begin = time.monotonic()
        if self._process.poll() is None:
            self._process.send_signal(self.supervisor.stop_signal)
        _wait_for_ends(alive, begin + STOP_SECONDS_MAX)
        took, killed = time.monotonic() - begin, len(alive)
        for fd in alive:
            signal.pidfd_send_signal(fd, signal.SIGKILL)
        _wait_for_ends(alive, time.monotonic() + STOP_SECONDS_MAX)
        for fd in filter(None, family.values()):
            os.close(fd)
        self._process.wait(STOP_SECONDS_MAX)
        self._report.close()
        return took, killed

    def output(self):
        return self._log_path.read_text(errors="replace")[-2000:]

    # ---- what is measured

    def kill_one(self):
        """Seconds from kill -9 of a worker to the first instruction of its replacement."""
        victim = self._victims.popleft()
        self.workers.remove(victim)
        killed_at = monotonic_ns()
        os.kill(victim, signal.SIGKILL)
        replacement, at = self._report.next()
        self.workers.add(replacement)
        self._victims.append(replacement)
        return (at - killed_at) / 1e9

    def ask_status(self):
        """Seconds until the state of all workers was told; None where nobody can be asked."""
        command = self.supervisor.status_command()
        if command is None:
            return None
        begin = time.monotonic()
        done = self._run(command)
        took = time.monotonic() - begin
        told = {int(number) for number in re.findall(rb"\d+", done)}
        if not self.workers <= told:
            raise FleetError(f"status tells {len(self.workers & told)} of {len(self.workers)} pids")
        return took

    def rolling_restart(self):
        """Seconds until every worker was replaced; None where there is no such thing."""
        command = self.supervisor.rolling_restart_command()
        if command is None:
            return None
        begin = time.monotonic()
        replacements = set()
        with subprocess.Popen(command, cwd=self.supervisor.folder, stdin=subprocess.DEVNULL,
                              stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
                              env={**os.environ, **self.supervisor.environment()}) as process:
            try:
                while len(replacements) < len(self.workers):
                    replacements.add(self._next_report(begin + ROLLING_SECONDS_MAX, process)[0])
                process.wait(ROLLING_SECONDS_MAX)
            except FleetError:
                process.kill()
                raise FleetError(_first_line(process.stderr.read())) from None
        took = time.monotonic() - begin
        self.workers = replacements
        self._victims = collections.deque(sorted(replacements))
        return took

    def own_processes(self):
        return [pid for pid in tree(self._process.pid) if pid not in self.workers]

    def cpu(self):
        """Nanoseconds of CPU time of its own processes, so far."""
        return sum(cpu_of(pid) for pid in self.own_processes())

    def memory(self):
        """Bytes (PSS) of its own processes, and their number."""
        own = self.own_processes()
        return sum(pss_of(pid) for pid in own), len(own)

    # ---- details

    def _next_report(self, deadline, process):
        """The next report; fails where `process`, who is to bring it about, has failed."""
        while True:
            try:
                return self._report.next(POLL_SECONDS)
            except TimeoutError:
                if process.poll() not in (None, 0) or self._process.poll() is not None:
                    raise FleetError(f"ended with {process.returncode}") from None
                if time.monotonic() > deadline:
                    raise FleetError("took too long") from None

    def _run(self, command):
        done = subprocess.run(command, cwd=self.supervisor.folder, stdin=subprocess.DEVNULL, check=False,
                              capture_output=True, timeout=STATUS_SECONDS_MAX,
                              env={**os.environ, **self.supervisor.environment()})
        if done.returncode != 0:
            raise FleetError(_first_line(done.stderr or done.stdout))
        return done.stdout


def _first_line(text):
    return (text.decode(errors="replace").splitlines() or ["failed without a word"])[0]


def _pidfd(pid):
    try:
        return os.pidfd_open(pid)
    except ProcessLookupError:
        return None


def _wait_for_ends(alive, deadline):
    """Removes from `alive` the pidfds of processes that have ended; returns when none is left, or at the deadline."""
    with select.epoll() as ends:
        for fd in alive:
            ends.register(fd, select.EPOLLIN)
        while alive and time.monotonic() < deadline:
            for fd, _ in ends.poll(POLL_SECONDS, len(alive)):
                ends.unregister(fd)
                alive.discard(fd)
