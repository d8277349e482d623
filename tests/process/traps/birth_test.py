"""Traps around the start of a process: what it inherits, and what it must not."""

import os
import pathlib
import re
import signal
import sys
import unittest

from pandora import App

AS_ROOT = unittest.skipUnless(os.geteuid() == 0, "only root becomes somebody else")

DESCRIPTORS = """\
import os
names = os.listdir("/proc/self/fd")  # with the descriptor that reads the folder, which is closed afterwards
print("open", sorted(int(name) for name in names if os.path.exists(f"/proc/self/fd/{name}")), flush=True)
"""

# The parent and the child that it starts as its very first act tell where they are.
PLACES = """\
import os
who = "child" if os.fork() == 0 else "parent"
place = open("/proc/self/cgroup").read().replace("\\n", " ")
os.write(1, f"{who} {place}\\n".encode())  # at once, for both write to one pipe
if who == "parent":
    os.wait()
"""

HUNGRY = """\
held = []
while True:
    held.append(b"x" * 1048576)
"""

NOTHING_APPLIES = r"limits\.{}"


def ignore_and_block_everything():
    for number in (signal.SIGPIPE, signal.SIGUSR1, signal.SIGTSTP, signal.SIGINT, signal.SIGQUIT, 40):
        signal.signal(number, signal.SIG_IGN)
    signal.pthread_sigmask(signal.SIG_SETMASK, signal.valid_signals())


class Birth(unittest.TestCase):
    def test_trap_11_no_signal_is_ignored_or_blocked_at_birth(self):
        with App("  web: {entrypoint: [cat, /proc/self/status]}",
                 before=ignore_and_block_everything) as app:
            self.assertEqual(app.wait_exit(), 0, app.output())
            masks = re.findall(r"\| (Sig(?:Blk|Ign|Cgt)):\s+(\w+)", app.output())
            self.assertEqual(masks, [(name, "0" * 16) for name in ("SigBlk", "SigIgn", "SigCgt")])

    def test_trap_12_a_worker_has_its_three_descriptors_and_nobody_elses(self):
        with App(f"  web: {{entrypoint: [{sys.executable}, descriptors.py], replicas: 5}}",
                 files={"descriptors.py": DESCRIPTORS},
                 start=["sh", "-c", 'exec 4</dev/null 9</etc/passwd; exec "$0" "$@"']) as app:
            self.assertEqual(app.wait_exit(), 0, app.output())
            said = [line.partition("| ")[2] for line in app.lines if "| open" in line]
            self.assertEqual(said, ["open [0, 1, 2]"] * 5)

    def test_trap_20_starts_never_hang_on_what_other_threads_hold(self):
        """Starts without pause while the threads of the logs and of the readings allocate and lock."""
        with App("  chatty: {command: 'while :; do echo a line; sleep 0.005; done', replicas: 8}\n"
                 "  storm: {command: 'true', replicas: 4,\n"
                 "          availability: {restart: always, backoff: 0ms, max_restarts: 99}}") as app:
            for n in range(4):
                app.wait_line(rf"storm/{n} .*gave up after 99 restarts", deadline_s=120)
                app.http("/metrics")
            self.assertEqual(len(re.findall(r"\bstorm/\d ready", app.output())), 400)

    @AS_ROOT
    def test_trap_21_privileges_are_dropped_last_and_whole(self):
        """Only root may be that nice; of root's groups none is left."""
        script = "id -ru; id -u; id -rg; id -g; id -G; nice; cat /proc/self/oom_score_adj"
        with App(f"  web: {{command: '{script}', user: nobody, working_dir: /,\n"
                 "        limits: {nice: -5, oom_score_adj: 200}}") as app:
            self.assertEqual(app.wait_exit(), 0, app.output())
            said = re.findall(r"^web +\| (.*)", app.output(), re.M)
            self.assertEqual(said, ["65534"] * 5 + ["-5", "200"])

    def test_trap_22_the_oom_score_of_the_procfile_is_the_workers(self):
        with App("  web: {entrypoint: [cat, /proc/self/oom_score_adj], limits: {oom_score_adj: 300}}") as app:
            self.assertEqual(app.wait_exit(), 0, app.output())
            self.assertRegex(app.output(), r"web +\| 300\n")

    def test_trap_22_killed_for_memory_is_told_from_killed(self):
        with App(f"  web: {{entrypoint: [{sys.executable}, hungry.py], limits: {{memory: 64MiB, as: 1GiB}}}}",
                 files={"hungry.py": HUNGRY}) as app:
            app.wait_exit()
            if re.search(NOTHING_APPLIES.format("memory"), app.output()):
                self.skipTest("memory cannot be limited here, and pandora says so")
            self.assertRegex(app.output(), r"web ended: .*memory")

    def test_trap_23_a_child_started_first_of_all_is_in_the_cgroup_of_its_worker(self):
        with App(f"  web: {{entrypoint: [{sys.executable}, places.py], limits: {{pids: 50}}}}",
                 files={"places.py": PLACES}) as app:
            master = pathlib.Path(f"/proc/{app.master.pid}/cgroup").read_text().replace("\n", " ")
            self.assertEqual(app.wait_exit(), 0, app.output())
            parent = app.wait_line(r"\| parent (.*)").group(1)
            self.assertEqual(parent, app.wait_line(r"\| child (.*)").group(1))
            if re.search(NOTHING_APPLIES.format("pids"), app.output()):
                self.skipTest("the number of tasks cannot be limited here, and pandora says so")
            self.assertNotEqual(parent.strip(), master.strip())

    def test_trap_29_nothing_of_the_masters_own_leaks_and_nothing_unknown_is_added(self):
        theirs = {"LISTEN_FDS": "3", "LISTEN_PID": "1", "LISTEN_FDNAMES": "a", "NOTIFY_SOCKET": "/run/the/masters",
                  "WATCHDOG_USEC": "1000000", "WATCHDOG_PID": "1", "PANDORA_INSTANCE": "7", "PANDORA_APP": "other"}
        documented = {"PANDORA_HUB_SOCKET", "PANDORA_TMP_DIR", "PANDORA_APP", "PANDORA_PROCESS", "PANDORA_INSTANCE",
                      "PANDORA_RUN_ID", "PC_PROC_NAME", "PC_REPLICA_NUM", "NOTIFY_SOCKET"}
        with App("  web: {entrypoint: [env]}", environment=theirs) as app:
            self.assertEqual(app.wait_exit(), 0, app.output())
            pairs = [line.partition("| ")[2].partition("=") for line in app.lines if re.match(r"web +\| \w+=", line)]
            told = {name: value for name, _, value in pairs}
            self.assertLessEqual(set(told) - set(app.environment), documented)
            self.assertFalse(set(told) & (set(theirs) - documented))
            self.assertNotEqual(told.get("NOTIFY_SOCKET"), theirs["NOTIFY_SOCKET"])
            self.assertEqual((told["PANDORA_APP"], told["PANDORA_INSTANCE"]), ("t", "0"))


if __name__ == "__main__":
    sys.exit(unittest.main())
