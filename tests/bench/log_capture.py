#!/usr/bin/env python3
"""Measures the capture of a worker's output in rotated files: megabytes a second, and CPU time a gigabyte.

The same worker writes the same lines, 4 KiB at a time, to each logger in turn: pandora, the least C code that keeps
a pipe in a file (no lines, no rotation), and those of runit, s6 and supervisord that are installed. Backups are
kept, so that every byte can be found again.
"""

import argparse
import os
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from process_readings import cpu_of, tree

ROTATE_BYTES = 50 * 1024 * 1024  # supervisord's default
BACKUPS = 1000  # more than are made
END_SECONDS_MAX = 300
POLL_SECONDS = 0.002

PROCFILE = """\
name: log_capture
logs: {{directory: {logs}, max_size: 50MiB, max_backups: {backups}, console: false}}
processes:
  writer: {{command: 'read go < {go}; exec {writer}'}}
  stays: {{entrypoint: [sleep, infinity]}}
"""

SUPERVISORD = """\
[supervisord]
nodaemon=true
user={user}
pidfile={folder}/supervisord.pid
logfile={folder}/supervisord.log
[program:writer]
command=/bin/sh -c "read go < {go}; exec {writer}"
autorestart=false
startsecs=0
stdout_logfile={logs}/writer.log
stdout_logfile_maxbytes={bytes}
stdout_logfile_backups={backups}
"""


class Figures:
    """Of one logger, over all rounds."""

    def __init__(self):
        self.rates = []  # MB/s
        self.costs = []  # CPU seconds a GB
        self.lost = 0  # bytes


class Bench:
    """What all loggers are given."""

    def __init__(self, programs, binary, megabytes, write_bytes, line_bytes):
        self.programs = programs
        self.binary = binary
        self.bytes = megabytes * 1_000_000
        self.writer = [str(programs / "log_writer"), str(megabytes), str(write_bytes), str(line_bytes)]


def kept(logs):
    """Bytes that are in the log files; what is renamed meanwhile is seen with the next look."""
    total = 0
    for path in logs.glob("**/*"):
        try:
            if path.name not in ("config", "lock", "state"):
                total += path.stat().st_size
        except FileNotFoundError:
            pass
    return total


def measure_pipe(bench, logger, logs, figures):
    """A logger that reads its standard input, and ends with it."""
    reader, writer = os.pipe()
    with subprocess.Popen(logger, stdin=reader, stdout=subprocess.DEVNULL) as process:
        os.close(reader)
        begin = time.monotonic()
        subprocess.run(bench.writer, stdout=writer, check=True)
        os.close(writer)
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.monotonic() - begin
        process.returncode = os.waitstatus_to_exitcode(status)
    add(bench, figures, seconds, usage.ru_utime + usage.ru_stime, kept(logs))


def measure_supervisor(bench, command, environment, folder, logs, figures):
    """One that runs the worker itself, which waits for a word; its own start is not measured."""
    with open(folder / "log", "wb") as log, subprocess.Popen(
            command, env={**os.environ, **environment}, cwd=folder, stdin=subprocess.DEVNULL,
            stdout=log, stderr=subprocess.STDOUT) as process:
        try:
            go = open_for_writing(folder / "go", process)
            before = cpu_of_all(process.pid)
            begin = time.monotonic()
            with go:
                go.write(b"\n")
            grown_at, size = begin, 0
            while size < bench.bytes and time.monotonic() - grown_at < 10:
                time.sleep(POLL_SECONDS)
                now = kept(logs)
                if now != size:
                    grown_at, size = time.monotonic(), now
            add(bench, figures, grown_at - begin, cpu_of_all(process.pid) - before, size)
        finally:
            process.terminate()
            process.wait(END_SECONDS_MAX)


def open_for_writing(fifo, process):
    """The worker is there once the FIFO has a reader."""
    end = time.monotonic() + END_SECONDS_MAX
    while True:
        try:
            return os.fdopen(os.open(fifo, os.O_WRONLY | os.O_NONBLOCK | os.O_CLOEXEC), "wb")
        except OSError:
            if process.poll() is not None or time.monotonic() > end:
                raise
            time.sleep(POLL_SECONDS)


def cpu_of_all(pid):
    """Seconds that the supervisor and its own helpers took; the worker is no part of it."""
    program = os.readlink(f"/proc/{pid}/exe")
    return sum(cpu_of(one) for one in tree(pid) if program_of(one) == program) / 1e9


def program_of(pid):
    try:
        return os.readlink(f"/proc/{pid}/exe")
    except (FileNotFoundError, ProcessLookupError):  # it has ended
        return None


def add(bench, figures, seconds, cpu, size):
    figures.rates.append(bench.bytes / 1e6 / seconds)
    figures.costs.append(cpu / (bench.bytes / 1e9))
    figures.lost += bench.bytes - size


def run_bare_loop(bench, folder, logs, figures):
    measure_pipe(bench, [bench.programs / "log_loop", logs / "log"], logs, figures)


def run_svlogd(bench, folder, logs, figures):
    (logs / "config").write_text(f"s{ROTATE_BYTES}\nn{BACKUPS}\n")
    measure_pipe(bench, ["svlogd", logs], logs, figures)


def run_s6_log(bench, folder, logs, figures):
    measure_pipe(bench, ["s6-log", f"n{BACKUPS}", f"s{ROTATE_BYTES}", logs], logs, figures)


def run_pandora(bench, folder, logs, figures):
    os.mkfifo(folder / "go", 0o600)
    procfile = folder / "log_capture.yaml"
    procfile.write_text(PROCFILE.format(logs=logs, backups=BACKUPS, go=folder / "go", writer=" ".join(bench.writer)))
    measure_supervisor(bench, [bench.binary, "run", procfile], {"PANDORA_RUNTIME_DIR": str(folder / "run")},
                       folder, logs, figures)


def run_supervisord(bench, folder, logs, figures):
    os.mkfifo(folder / "go", 0o600)
    config = folder / "supervisord.conf"
    user = subprocess.check_output(["id", "-un"], text=True).strip()
    config.write_text(SUPERVISORD.format(folder=folder, logs=logs, user=user, bytes=ROTATE_BYTES, backups=BACKUPS,
                                         go=folder / "go", writer=" ".join(bench.writer)))
    measure_supervisor(bench, ["supervisord", "-c", config], {}, folder, logs, figures)


RUNNERS = {"pandora": run_pandora, "bare_loop": run_bare_loop, "supervisord": run_supervisord,
           "s6-log": run_s6_log, "svlogd": run_svlogd}
ALWAYS_THERE = ("pandora", "bare_loop")


def measure(bench, names, rounds, parent):
    figures = {name: Figures() for name in names}
    for _ in range(rounds):
        for name in names:
            with tempfile.TemporaryDirectory(prefix="pandora-bench-", dir=parent) as folder:
                logs = Path(folder) / "logs"
                logs.mkdir(mode=0o700)
                RUNNERS[name](bench, Path(folder), logs, figures[name])
    return figures


def print_table(bench, figures, rounds):
    load = f"load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores"
    print(f"log_capture: {bench.bytes // 1_000_000} MB each, {bench.writer[2]} bytes a write, "
          f"median of {rounds}; {load}")
    print(f"{'':12}{'MB/s':>10}{'CPU s/GB':>10}{'bytes lost':>14}")
    for name, found in figures.items():
        print(f"{name:12}{statistics.median(found.rates):10.0f}{statistics.median(found.costs):10.2f}{found.lost:14}")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--build", type=Path, required=True, help="the folder that holds pandora, built")
    parser.add_argument("--megabytes", type=int, default=500, help="that each logger gets in a round (default: 500)")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--write-bytes", type=int, default=4096)
    parser.add_argument("--line-bytes", type=int, default=100)
    parser.add_argument("--folder", type=Path, help="whose disk the logs are kept on (default: that of TMPDIR)")
    parser.add_argument("--only", choices=RUNNERS, nargs="+", help="measure these alone")
    arguments = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))  # leave through `finally`
    build = arguments.build.resolve()
    bench = Bench(build / "tests" / "bench", build / "pandora", arguments.megabytes, arguments.write_bytes,
                  arguments.line_bytes)
    names = [name for name in arguments.only or RUNNERS if name in ALWAYS_THERE or shutil.which(name)]
    figures = measure(bench, names, arguments.rounds, arguments.folder)
    print_table(bench, figures, arguments.rounds)
    return 1 if figures.get("pandora", Figures()).lost else 0


if __name__ == "__main__":
    sys.exit(main())
