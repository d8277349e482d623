"""Traps of the supervisor itself: storms, stops, clocks, and what would make it wait or fall."""

import os
import pathlib
import re
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import unittest

from pandora import App, children_of, wait_until

ALWAYS = "availability: {restart: always, backoff: 0ms}"

# Runs well once, then fails as soon as it starts.
BREAKS_LATER = "[ -e broken ] && exit 1; sleep 0.8; touch broken; exit 1"

# The wall clock goes back by a year once the file named by JUMP is there, and forward by one where JUMP_FORWARD is.
JUMPING_CLOCK = """\
#define _GNU_SOURCE
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static long jump(void)
{
    const char* back = getenv("JUMP");
    const char* forward = getenv("JUMP_FORWARD");
    if (back && access(back, F_OK) == 0) return -365L * 24 * 3600;
    return forward && access(forward, F_OK) == 0 ? 365L * 24 * 3600 : 0;
}

int clock_gettime(clockid_t id, struct timespec* at)
{
    const int result = (int)syscall(SYS_clock_gettime, id, at);
    if (result == 0 && id == CLOCK_REALTIME) at->tv_sec += jump();
    return result;
}

int gettimeofday(struct timeval* at, void* zone)
{
    const int result = (int)syscall(SYS_gettimeofday, at, zone);
    if (result == 0 && at) at->tv_sec += jump();
    return result;
}

time_t time(time_t* at)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    if (at) *at = now.tv_sec;
    return now.tv_sec;
}
"""


class Storms(unittest.TestCase):
    def test_trap_14_a_crash_loop_that_begins_late_is_given_up_too(self):
        with App(f"  web: {{command: '{BREAKS_LATER}',\n"
                 "        availability: {restart: always, backoff: 1ms, max_restarts: 3, reset_after: 500ms}}") as app:
            self.assertEqual(app.wait_exit(), 1)
            self.assertIn("gave up after 3 restarts", app.output())

    def test_trap_14_delays_grow_and_start_anew_after_a_stable_run(self):
        with App("  web: {command: 'echo life >> lives; [ $$(wc -l < lives) = 4 ] && sleep 4; exit 1',\n"
                 "        availability: {restart: always, backoff: 40ms, reset_after: 3s}}") as app:
            delays = [int(app.wait_line(r"restarting in (\d+) ms", count=n).group(1)) for n in range(1, 5)]
            self.assertLess(delays[0] * 1.3, delays[1])
            self.assertLess(delays[1] * 1.3, delays[2])
            self.assertLess(delays[3] * 1.3, delays[1], "the fourth run was stable")


class Stops(unittest.TestCase):
    def test_trap_15_a_suspended_worker_hears_the_signal(self):
        with App("  web: {command: 'trap \"echo heard; exit\" TERM; echo armed; while :; do sleep 0.05; done',\n"
                 "        shutdown: {timeout: 1h}}") as app:
            app.wait_line(r"\| armed")
            os.kill(app.pid_of("web/0"), signal.SIGSTOP)
            app.signal(signal.SIGTERM)
            self.assertEqual(app.wait_exit(), 0)
            self.assertIn("| heard", app.output())

    def test_trap_15_the_grace_of_one_delays_no_stop_of_another(self):
        with App("  deaf: {command: 'trap \"\" TERM; echo armed; while :; do sleep 0.1; done',\n"
                 "         shutdown: {timeout: 4s}, replicas: 5}\n"
                 "  waits: {command: exit 1, availability: {restart: always, backoff: 1h, backoff_max: 1h}}") as app:
            app.wait_line(r"\| armed", count=5)
            app.wait_line(r"waits .*restarting in")
            begin = time.monotonic()
            app.signal(signal.SIGTERM)
            self.assertEqual(app.wait_exit(), 0)
            self.assertGreaterEqual(time.monotonic() - begin, 4)
            self.assertLess(time.monotonic() - begin, 18, "five graces of 4 s passed side by side")


@unittest.skipIf(os.environ.get("PANDORA_SANITIZE"), "a sanitizer's runtime has to be loaded before everything else")
@unittest.skipUnless(shutil.which("cc"), "needs a C compiler")
class Clocks(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = pathlib.Path(tempfile.mkdtemp(prefix="pandora-test-"))
        cls.addClassCleanup(shutil.rmtree, cls.folder)
        (cls.folder / "clock.c").write_text(JUMPING_CLOCK)
        subprocess.run(["cc", "-shared", "-fPIC", "-o", cls.folder / "clock.so", cls.folder / "clock.c"], check=True)

    def run_until_jump(self, variable, processes):
        jump = self.folder / variable
        jumping = {"LD_PRELOAD": str(self.folder / "clock.so"), variable: str(jump)}
        jump.touch()
        year = subprocess.run(["date", "+%Y"], env={**os.environ, **jumping}, capture_output=True, check=True).stdout
        self.assertNotEqual(int(year), time.localtime().tm_year, "the clock does jump")
        jump.unlink()
        self.addCleanup(jump.unlink, missing_ok=True)
        return jump, App(processes, environment=jumping)

    def test_trap_19_a_clock_that_goes_back_delays_nothing(self):
        jump, app = self.run_until_jump(
            "JUMP", "  web: {command: exit 1, availability: {restart: always, backoff: 1s, backoff_max: 1s}}")
        with app:
            app.wait_line("restarting in")
            jump.touch()
            app.wait_line("restarting in", count=3)

    def test_trap_19_a_clock_that_goes_forward_hurries_nothing(self):
        jump, app = self.run_until_jump(
            "JUMP_FORWARD", "  web: {command: exit 1, availability: {restart: always, backoff: 1h, backoff_max: 1h}}\n"
                            f"  other: {{command: exec sleep 1000, {ALWAYS}}}")
        with app:
            app.wait_line("web .*restarting in")
            jump.touch()
            for n in range(2, 5):  # the loop turns, with timers that look at the time
                os.kill(app.pid_of("other/0"), signal.SIGKILL)
                app.wait_line("other ready", count=n)
            self.assertEqual(len(re.findall(r"web ended", app.output())), 1)


class Loop(unittest.TestCase):
    def test_trap_26_a_hub_that_stands_still_delays_no_restart(self):
        with App(f"  web: {{command: exec sleep 1000, {ALWAYS}}}") as app:
            app.wait_line("web ready")
            web = app.pid_of("web/0")
            hub = next(pid for pid in children_of(app.master.pid) if pid != web)
            os.kill(hub, signal.SIGSTOP)
            try:
                os.kill(web, signal.SIGKILL)
                app.wait_line("web ready", count=2)
            finally:
                os.kill(hub, signal.SIGCONT)

    def test_trap_26_a_hook_that_hangs_delays_nobody_else(self):
        with App("  slow: {command: exec sleep 1000, hooks: {before_start: sleep 1000}}\n"
                 f"  web: {{command: exec sleep 1000, {ALWAYS}}}") as app:
            app.wait_line("web ready")
            os.kill(app.pid_of("web/0"), signal.SIGKILL)
            app.wait_line("web ready", count=2)
            self.assertNotRegex(app.output(), r"slow ready")
            app.signal(signal.SIGTERM)
            self.assertEqual(app.wait_exit(), 0)

    def test_trap_27_a_limit_that_is_too_low_is_told_in_one_line(self):
        for limit in (8, 24, 32, 40):
            with App("  web: {command: exec sleep 1000}",
                     before=lambda n=limit: resource.setrlimit(resource.RLIMIT_NOFILE, (n, n))) as app:
                self.assertEqual(app.wait_exit(), 1)
                self.assertEqual(app.output(),
                                 f"pandora: the limit of open files ({limit}) is too low: pandora needs 64 and 3 for "
                                 "each process; raise it (`ulimit -n`, LimitNOFILE= of a systemd unit)")

    def test_trap_27_so_is_one_of_which_too_much_is_taken(self):
        inherit = "import os, sys\nfor _ in range(50): os.set_inheritable(os.dup(0), True)\n" \
                  "os.execv(sys.argv[1], sys.argv[1:])"
        with App("  web: {command: exec sleep 1000}", start=[sys.executable, "-c", inherit],
                 before=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (70, 70))) as app:
            self.assertEqual(app.wait_exit(), 1)
            self.assertRegex(app.output(), r"^pandora: .* \(70\) is too low: pandora needs 114 and [^\n]*$")

    def test_trap_27_a_soft_limit_is_no_limit(self):
        hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
        with App("  web: {command: exec sleep 1000}",
                 before=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (8, hard))) as app:
            app.wait_line("web ready")

    def test_trap_27_a_start_that_finds_no_descriptor_fails_alone(self):
        def few_descriptors():
            resource.setrlimit(resource.RLIMIT_NOFILE, (100, 100))

        with App(f"  web: {{command: echo pid $$$$; exec sleep 1000, {ALWAYS}}}\n"
                 "  many: {command: exec sleep 1000, replicas: 90}", before=few_descriptors) as app:
            # All have been tried: nobody else takes what becomes free.
            wait_until(lambda: len(set(re.findall(r"many/(\d+) (?:ready|cannot)", app.output()))) == 90,
                       lambda: f"all started or not in:\n{app.output()}")
            app.wait_line(r"many/\d+ cannot .*: Too many open files; stays down")
            web = int(app.wait_line(r"web +\| pid (\d+)").group(1))
            one_of_many = next(pid for pid in children_of(app.master.pid)
                               if pid != web and pathlib.Path(f"/proc/{pid}/comm").read_text() == "sleep\n")
            os.kill(one_of_many, signal.SIGKILL)  # a start takes some more descriptors than who runs has
            os.kill(web, signal.SIGKILL)
            app.wait_line(r"web +\| pid (\d+)", count=2)
            app.signal(signal.SIGTERM)
            self.assertEqual(app.wait_exit(), 0)


if __name__ == "__main__":
    sys.exit(unittest.main())
