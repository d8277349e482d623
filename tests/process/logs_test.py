"""Log files: what the procfile asks for is there, and nothing is lost, whatever happens to the disk."""

import gzip
import json
import os
import pathlib
import shutil
import subprocess
import sys
import unittest

from pandora import App, wait_until

NUMBERS = "seq 1 100000"  # 588,895 bytes


def whole_log(folder, name):
    """All of a log, its backups first, oldest first; whatever they are compressed with."""
    def number(path):
        digits = [part for part in path.name.removeprefix(name).split(".") if part.isdigit()]
        return int(digits[0]) if digits else 0

    text = b""
    for path in sorted(pathlib.Path(folder).glob(name + "*"), key=number, reverse=True):
        if path.suffix == ".gz":
            text += gzip.decompress(path.read_bytes())
        elif path.suffix == ".zst":
            text += subprocess.run(["zstd", "-dc", path], capture_output=True, check=True).stdout
        else:
            text += path.read_bytes()
    return text.decode()


def numbers(count=100000):
    return "".join(f"{n}\n" for n in range(1, count + 1))


class Files(unittest.TestCase):
    def test_each_process_has_one_and_the_console_need_not(self):
        with App("  web: {command: echo one; echo two >&2, logs: {console: false}}\n"
                 "  store: {command: echo three, replicas: 2}", head="logs: {directory: ./logs}") as app:
            app.wait_exit()
            logs = app.folder / "logs"
            self.assertEqual(sorted((logs / "web.log").read_text().split()), ["one", "two"])
            self.assertEqual((logs / "store-0.log").read_text(), "three\n")
            self.assertEqual((logs / "store-1.log").read_text(), "three\n")
            self.assertNotIn("| one", app.output())
            self.assertIn("| three", app.output())
            self.assertEqual((logs / "web.log").stat().st_mode & 0o7777, 0o640)
            self.assertEqual(logs.stat().st_mode & 0o7777, 0o750)

    def test_streams_may_be_apart(self):
        with App("  web: {command: echo one; echo two >&2}", head="logs: {directory: ./logs, separate: true}") as app:
            app.wait_exit()
            self.assertEqual((app.folder / "logs/web.out.log").read_text(), "one\n")
            self.assertEqual((app.folder / "logs/web.err.log").read_text(), "two\n")

    def test_existing_ones_are_appended_to(self):
        with App("  web: {command: echo new}", head="logs: {file: ./all.log}", files={"all.log": "old\n"}) as app:
            app.wait_exit()
            self.assertEqual((app.folder / "all.log").read_text(), "old\nnew\n")

    def test_json_is_valid_whatever_the_bytes(self):
        with App("  web: {command: \"printf 'caf\\\\303\\\\251 \\\\377 \\\\033[31m \\\"q\\\"\\\\n'\"}",
                 head="logs: {file: ./all.log, format: json}") as app:
            app.wait_exit()
            record = json.loads((app.folder / "all.log").read_text())
            self.assertEqual(record.pop("message"), 'caf\u00e9 \ufffd \x1b[31m "q"')
            self.assertRegex(record.pop("time"), r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$")
            self.assertEqual(record, {"process": "web", "instance": 0, "stream": "stdout"})

    def test_of_several_processes_name_them_and_mix_no_lines(self):
        chatty = "'for n in $(seq 2000); do printf a; printf b; echo $n; done'"
        with App(f"  web: {{command: {chatty}, replicas: 2}}\n  store: {{command: {chatty}}}",
                 head="logs: {file: ./all.log, console: false}") as app:
            app.wait_exit()
            lines = (app.folder / "all.log").read_text().splitlines()
            for name in ("web/0", "web/1", "store"):
                mine = [line for line in lines if line.startswith(name + " | ")]
                self.assertEqual(mine, [f"{name} | ab{n}" for n in range(1, 2001)])
            self.assertEqual(len(lines), 6000)

    def test_a_log_that_someone_moved_away_is_begun_anew(self):
        with App("  web: {command: 'echo one; while [ ! -e go ]; do sleep 0.05; done; echo two'}",
                 head="logs: {file: ./web.log}") as app:
            log = app.folder / "web.log"
            wait_until(lambda: log.exists() and log.read_text() == "one\n", "the first line")
            log.rename(app.folder / "moved")
            (app.folder / "go").touch()
            app.wait_exit()
            self.assertEqual((app.folder / "moved").read_text(), "one\n")
            self.assertEqual(log.read_text(), "two\n")


class Rotation(unittest.TestCase):
    def run_rotating(self, compress, suffix):
        with App(f"  web: {{command: {NUMBERS}; exec sleep 1000}}",
                 head=f"logs: {{directory: ., max_size: 40KiB, max_backups: 0, compress: {compress}, console: false}}"
                 ) as app:
            wait_until(lambda: len(list(app.folder.glob(f"web.log.*{suffix}"))) >= 14, "all backups")
            wait_until(lambda: whole_log(app.folder, "web.log") == numbers(), "all lines")
            for path in app.folder.glob("web.log*"):
                if path.suffix in (".log", ".1"):
                    self.assertLessEqual(path.stat().st_size, 40 * 1024)
            if suffix:
                wait_until(lambda: not (app.folder / "web.log.compressing").exists(), "nothing half done")
                self.assertFalse((app.folder / "web.log.1").exists())

    def test_by_size_loses_and_splits_nothing(self):
        self.run_rotating("none", "")

    def test_with_gzip(self):
        self.run_rotating("gzip", ".gz")

    @unittest.skipUnless(shutil.which("zstd"), "no zstd to look into the files with")
    def test_with_zstd(self):
        self.run_rotating("zstd", ".zst")

    def test_keeps_as_many_as_it_may(self):
        with App(f"  web: {{command: {NUMBERS}}}",
                 head="logs: {directory: ., max_size: 20KiB, max_backups: 3, console: false}") as app:
            app.wait_exit()
            names = sorted(path.name for path in app.folder.glob("web.log*"))
            self.assertEqual(names, ["web.log", "web.log.1", "web.log.2", "web.log.3"])
            self.assertTrue(numbers().endswith(whole_log(app.folder, "web.log")))

    def test_loses_and_doubles_nothing_while_the_worker_is_restarted_again_and_again(self):
        # Twenty of its runs end by themselves, each in the middle of a rotation or not; the last one stays.
        runs, lines = 21, 1000
        worker = (f"echo >> runs; n=$(wc -l < runs); seq -f \"$n-%g\" {lines}; test $n -lt {runs} && exit 1; "
                  "touch written; exec sleep 1000")
        with App(f"  web: {{command: '{worker}', availability: {{restart: always, backoff: 0ms}}}}",
                 head="logs: {directory: ., max_size: 10KiB, max_backups: 0, compress: gzip, console: false}") as app:
            wait_until((app.folder / "written").exists, "the last run has written")
            wanted = "".join(f"{run}-{line}\n" for run in range(1, runs + 1) for line in range(1, lines + 1))

            def is_settled():
                try:
                    settled = all(path.suffix in (".log", ".gz") for path in app.folder.glob("web.log*"))
                    return settled and whole_log(app.folder, "web.log").endswith(f"{runs}-{lines}\n")
                except OSError:
                    return False  # renamed meanwhile

            wait_until(is_settled, lambda: f"all is written and compressed: {sorted(os.listdir(app.folder))}")
            self.assertEqual(whole_log(app.folder, "web.log"), wanted)
            self.assertEqual(app.instances()["web/0"]["restarts"], runs - 1)

    def test_puts_right_what_a_crash_left(self):
        left = {"web.log.1": "first\n", "web.log.1.gz": "no gzip at all", "web.log.compressing": "half of"}
        with App("  web: {command: 'echo second; exec sleep 1000'}", files=left,
                 head="logs: {directory: ., compress: gzip}") as app:
            def is_right():
                names = sorted(path.name for path in app.folder.glob("web.log*"))
                return names == ["web.log", "web.log.1.gz"] and whole_log(app.folder, "web.log") == "first\nsecond\n"
            wait_until(is_right, lambda: sorted(os.listdir(app.folder)))


@unittest.skipUnless(os.geteuid() == 0, "only root may mount")
class FullDisk(unittest.TestCase):
    def setUp(self):
        self.disk = pathlib.Path(subprocess.check_output(["mktemp", "-d"], text=True).strip())
        done = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", self.disk], capture_output=True)
        if done.returncode != 0:
            self.disk.rmdir()
            self.skipTest("nothing can be mounted here")

    def tearDown(self):
        subprocess.run(["umount", self.disk], check=True)
        self.disk.rmdir()

    def test_stops_no_worker_and_is_told_once(self):
        worker = (f"{NUMBERS}; touch written; while [ ! -e go ]; do sleep 0.05; done; "
                  "while :; do echo more; sleep 0.2; done")
        with App(f"  web: {{command: '{worker}'}}", head=f"logs: {{directory: {self.disk}, console: false}}") as app:
            wait_until((app.folder / "written").exists, "web wrote more than the disk takes")
            app.wait_line(r"web\.log: No space left on device; lines are dropped until it works again")
            (self.disk / "web.log").write_bytes(b"")  # somebody makes room
            (app.folder / "go").touch()
            found = app.wait_line(r"web\.log: works again; dropped (\d+) lines")
            self.assertGreater(int(found.group(1)), 50000)
            self.assertEqual(app.output().count("No space left"), 1)


class Console(unittest.TestCase):
    def test_a_worker_cannot_control_the_terminal(self):
        worker = r"printf '\\033[31mred\\033[0m \\033]0;title\\007 \\033[2J\\n'"
        with App(f'  web: {{command: "{worker}"}}') as app:
            app.wait_exit()
            self.assertIn("web     | \x1b[31mred\x1b[0m \\x1b]0;title\\x07 \\x1b[2J\x1b[0m", app.lines)


if __name__ == "__main__":
    sys.exit(unittest.main())
