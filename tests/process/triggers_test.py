"""What starts and restarts a process beside people: schedules and changes of files."""

import datetime
import os
import re
import sys
import time
import unittest
import zoneinfo

from pandora import App, wait_until

KEEPER = "  keeper: {command: exec sleep 1000}\n"


class Intervals(unittest.TestCase):
    def test_a_run_comes_each_time_and_not_at_the_start(self):
        with App("  job: {command: date +%s.%N >> runs, schedule: {interval: 700ms}}") as app:
            begin = time.time()
            wait_until(lambda: app.read("runs").count("\n") >= 4, "four runs")
            at = [float(line) for line in app.read("runs").splitlines()]
            self.assertLess(at[0] - begin, 10)
            self.assertGreater(at[3] - at[0], 1.4)  # three intervals; the first run may have come late
            app.wait_view("job/0", state="scheduled")

    def test_the_first_may_come_at_the_start_and_the_next_is_shown(self):
        with App("  now: {command: echo ran, schedule: {interval: 2h, run_on_start: true}}\n"
                 "  later: {command: echo ran, schedule: {interval: 1h}}") as app:
            app.wait_line(r"now +\| ran")
            views = {name: app.wait_view(f"{name}/0", state="scheduled") for name in ("now", "later")}
            self.assertEqual([views[name]["runs"] for name in ("now", "later")], [1, 0])
            self.assertAlmostEqual(views["now"]["next_start"], time.time() + 7200, delta=60)
            self.assertAlmostEqual(views["later"]["next_start"], time.time() + 3600, delta=60)
            self.assertRegex(app.do("ps", "later"), r"scheduled .*starts in (59m \d+s|1h 0m)")

    def test_a_run_that_falls_due_while_the_last_one_goes_on_is_skipped_and_told(self):
        with App("  job: {command: 'echo began; while ! test -e go; do sleep 0.02; done; echo ended',\n"
                 "        schedule: {interval: 300ms}}") as app:
            app.wait_line(r"job: skipped: its last run has not ended yet", count=3)
            self.assertEqual(sum("| began" in line for line in app.lines), 1)
            self.assertEqual(app.ps("job/0")["runs"], 1)
            app.touch("go")
            app.wait_line(r"\| ended", count=2)

    def test_as_many_as_may_run_at_the_same_time(self):
        with App("  job: {command: 'echo began; while ! test -e go; do sleep 0.02; done',\n"
                 "        schedule: {interval: 300ms, max_concurrent: 2}}") as app:
            app.wait_line("skipped")
            app.wait_line(r"job +\| began")
            app.wait_line(r"job/1 +\| began")
            self.assertEqual([app.ps(f"job/{n}")["runs"] for n in (0, 1)], [1, 1])
            self.assertNotIn("job/2", app.instances())

    def test_a_run_that_failed_is_told_and_the_next_one_comes(self):
        with App("  job: {command: exit 3, schedule: {interval: 300ms}}") as app:
            app.wait_line("job ended: exit 3; waits for its next time", count=3)
            self.assertEqual(app.wait_view("job/0", state="scheduled")["last_end"], "exit 3")

    def test_one_that_a_person_stopped_does_not_come_until_it_is_started(self):
        with App("  job: {command: echo >> runs, schedule: {interval: 200ms}}\n"
                 "  clock: {command: echo >> ticks, schedule: {interval: 200ms}}") as app:
            wait_until(lambda: app.read("runs"), "a run")
            app.do("stop", "job")
            runs, ticks = app.ps("job/0")["runs"], len(app.read("ticks"))
            wait_until(lambda: len(app.read("ticks")) > ticks + 3, "the other one comes")
            self.assertEqual((app.ps("job/0")["runs"], app.ps("job/0")["state"]), (runs, "completed"))
            app.do("start", "job")
            wait_until(lambda: app.ps("job/0")["runs"] > runs + 1, "it comes again")

    def test_a_person_may_start_one_that_is_not_due(self):
        with App("  job: {command: echo ran, schedule: {interval: 1h}}") as app:
            app.wait_view("job/0", state="scheduled", runs=0)
            app.do("start", "job")
            app.wait_line(r"\| ran")
            app.wait_view("job/0", state="scheduled", runs=1)


class Cron(unittest.TestCase):
    ROWS = {"daily": ("30 3 * * *", "Europe/Berlin", lambda t: (t.hour, t.minute) == (3, 30)),
            "weekly": ("15 4 * * mon-wed/2", "America/New_York",
                       lambda t: (t.hour, t.minute) == (4, 15) and t.isoweekday() in (1, 3)),
            "monthly": ("@monthly", "Asia/Kolkata", lambda t: (t.day, t.hour, t.minute) == (1, 0, 0)),
            "steps": ("*/7 6,18 2-5 * 7", "UTC",
                      lambda t: t.minute % 7 == 0 and t.hour in (6, 18) and (2 <= t.day <= 5 or t.isoweekday() == 7))}

    @staticmethod
    def next_time(zone, fits):
        """The first whole minute from now on at which the clock of the zone shows what it should."""
        minute = int(time.time()) // 60 * 60
        zone = zoneinfo.ZoneInfo(zone)
        while True:
            minute += 60
            if fits(datetime.datetime.fromtimestamp(minute, zone)):
                return minute

    def test_the_next_time_is_what_the_clock_of_the_zone_will_show(self):
        processes = "".join(f'  {name}: {{command: "true", schedule: {{cron: "{cron}", timezone: {zone}}}}}\n'
                            for name, (cron, zone, _) in self.ROWS.items())
        with App(processes) as app:
            for name, (_, zone, fits) in self.ROWS.items():
                before = self.next_time(zone, fits)
                shown = app.wait_view(f"{name}/0", state="scheduled")["next_start"]
                self.assertIn(shown, (before, self.next_time(zone, fits)), name)


class Watching(unittest.TestCase):
    """The process prints `up`; each restart has its reason."""

    def start(self, watch, others="", web="echo up; exec sleep 1000"):
        app = self.enterContext(App(f"  web: {{command: {web}, watch: {watch}}}\n{others}",
                                    files={"src/a.txt": "a", "src/deep/b.txt": "b"}))
        app.wait_line(r"\| up")
        return app

    def check_restarted(self, app, path, runs):
        app.wait_line(rf"web ended: SIGTERM; .*/{re.escape(path)} changed")
        app.wait_view("web/0", state="ready", runs=runs)

    def test_whatever_changes_a_file_restarts_the_process(self):
        app = self.start("{paths: src, debounce: 100ms}")
        source = app.folder / "src"
        (source / "a.txt").write_text("changed")
        self.check_restarted(app, "src/a.txt", 2)
        (source / "new.txt").write_text("new")
        self.check_restarted(app, "src/new.txt", 3)
        (app.folder / "saved").write_text("saved by a rename, as editors do")
        (app.folder / "saved").rename(source / "deep/b.txt")
        self.check_restarted(app, "src/deep/b.txt", 4)
        (source / "later").mkdir()
        (source / "later/c.txt").write_text("in a new folder")
        self.check_restarted(app, "src/later/c.txt", 5)
        (source / "a.txt").unlink()
        app.wait_line(r"web ended: .*src/a\.txt changed", count=2)
        app.wait_view("web/0", state="ready", runs=6)

    def test_a_single_file_is_still_watched_after_it_was_replaced(self):
        app = self.start("{paths: src/a.txt, debounce: 50ms}")
        for runs in (2, 3, 4):
            (app.folder / "saved").write_text(f"version {runs}")
            (app.folder / "saved").rename(app.folder / "src/a.txt")
            app.wait_view("web/0", state="ready", runs=runs)

    def test_only_what_is_asked_for_counts(self):
        app = self.start("{paths: [{path: src, include: ['*.txt', '*.py'], exclude: ['ignored.*', 'deep/**']}],\n"
                         "        debounce: 50ms}")
        for name in ("x.log", "ignored.txt", "deep/b.txt", ".git/HEAD.txt", "node_modules/a.py"):
            (app.folder / "src" / name).parent.mkdir(exist_ok=True)
            (app.folder / "src" / name).write_text("does not count")
        (app.folder / "src/c.py").write_text("counts")
        self.check_restarted(app, "src/c.py", 2)
        self.assertEqual(sum(line.endswith(" changed") for line in app.lines if "ended" in line), 1)

    def test_it_waits_until_nothing_has_changed_for_a_while(self):
        app = self.start("{paths: src, debounce: 2s}")
        end = time.monotonic() + 3

        def save():
            (app.folder / "src/a.txt").write_text("again")
            return time.monotonic() > end

        wait_until(save, "changes go on for longer than the debounce")
        last = (app.folder / "src/a.txt").stat().st_mtime
        view = app.wait_view("web/0", state="ready", runs=2)
        self.assertGreater(view["start_time"] - last, 1.99)

    def test_those_that_depend_on_it_follow_only_where_it_says_so(self):
        others = "  next: {command: exec sleep 1000, depends_on: [web]}\n" \
                 "  last: {command: exec sleep 1000, depends_on: [next]}\n" + KEEPER
        for cascade, runs in (("true", 2), ("false", 1)):
            with self.subTest(cascade=cascade):
                app = self.start(f"{{paths: src, debounce: 50ms, cascade: {cascade}}}", others)
                app.wait_view("last/0", state="ready")
                (app.folder / "src/a.txt").write_text("changed")
                app.wait_view("web/0", state="ready", runs=2)
                for name in ("next/0", "last/0"):
                    app.wait_view(name, state="ready", runs=runs)
                self.assertEqual(app.ps("keeper/0")["runs"], 1)

    def test_a_process_that_has_ended_runs_again_and_one_that_a_person_stopped_does_not(self):
        app = self.start("{paths: src, debounce: 50ms}",
                         "  slower: {command: exec sleep 1000, watch: {paths: src, debounce: 500ms}}",
                         web="echo up; test -e stay && exec sleep 1000; exit 1")
        app.wait_view("web/0", state="failed")
        app.touch("stay")
        (app.folder / "src/a.txt").write_text("changed")
        app.wait_view("web/0", state="ready", runs=2)
        app.wait_view("slower/0", state="ready", runs=2)
        app.do("stop", "web")
        (app.folder / "src/a.txt").write_text("changed again")
        app.wait_view("slower/0", state="ready", runs=3)
        self.assertEqual((app.ps("web/0")["runs"], app.ps("web/0")["state"]), (2, "completed"))


if __name__ == "__main__":
    os.environ["TZ"] = "Pacific/Auckland"  # what the machine's zone is must not matter
    sys.exit(unittest.main())
