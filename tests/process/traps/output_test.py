"""Traps around what workers write."""

import os
import signal
import sys
import unittest

from pandora import App, wait_until

from marked import end_all_of

ALWAYS = "availability: {restart: always, backoff: 0ms}"

ODD_OUTPUT = """\
import os, sys
out = sys.stdout.buffer
out.write(b"long " + b"x" * 300000 + b" end\\n")
out.write(b"bytes \\xff\\xfe\\x80 that are no text\\n")
out.write(b"the last line has no newline")
"""

LINES_EACH = 5000


class Output(unittest.TestCase):
    def test_trap_13_an_end_is_seen_although_a_grandchild_holds_the_output(self):
        with App(f"  web: {{command: 'setsid sleep 1000 & exec sleep 0.1', {ALWAYS}}}") as app:
            try:
                app.wait_line("web ready", count=4)
            finally:
                end_all_of(app)

    def test_trap_16_an_unfinished_line_holds_up_nobody_and_no_line_is_lost(self):
        with App("  prompt: {command: printf unfinished; exec sleep 1000}\n"
                 f"  odd: {{entrypoint: [{sys.executable}, odd.py]}}\n"
                 "  chatty: {command: seq 1 1000}", files={"odd.py": ODD_OUTPUT}) as app:
            app.wait_line(r"chatty +\| 1000$")
            app.wait_line(r"prompt +\| unfinished$")
            app.wait_line(r"odd +\| bytes .* that are no text$")
            app.wait_line(r"odd +\| the last line has no newline$")
            long_line = "".join(line.partition(" | ")[2] for line in app.lines
                                if line.startswith("odd") and ("xxx" in line or line.endswith(" end")))
            self.assertEqual(long_line.count("x"), 300000)
            app.signal(signal.SIGTERM)
            self.assertEqual(app.wait_exit(), 0)

    def test_trap_17_a_reader_that_stopped_holds_up_neither_workers_nor_restarts(self):
        reader, writer = os.pipe()
        try:
            with App("  chatty: {command: 'yes | head -c 40000000; touch finished; exec sleep 1000'}\n"
                     f"  web: {{command: exec sleep 1000, {ALWAYS}}}", stdout=writer) as app:
                wait_until((app.folder / "finished").exists, "chatty wrote 40 MB that nobody reads")
                for _ in range(5):
                    pid = app.pid_of("web/0")
                    os.kill(pid, signal.SIGKILL)
                    wait_until(lambda pid=pid: app.instances()["web/0"]["pid"] not in (None, pid), "web was restarted")
        finally:
            os.close(reader)
            os.close(writer)

    def test_trap_18_rotation_loses_no_line_and_splits_none(self):
        script = f"for n in $$(seq 1 {LINES_EACH}); do echo line $$n of $$PC_REPLICA_NUM.; done"
        with App(f"  web: {{command: '{script}', replicas: 2, logs: {{file: ./web.log, max_size: 16KiB,\n"
                 "        max_backups: 0, metadata: false, console: false}}") as app:
            self.assertEqual(app.wait_exit(), 0)
            files = [path for path in app.folder.iterdir() if path.name.startswith("web.log")]
            self.assertGreater(len(files), 2, "it was rotated")
            lines = [line for path in files for line in path.read_text().splitlines()]
            self.assertEqual(sorted(lines),
                             sorted(f"line {n} of {r}." for n in range(1, LINES_EACH + 1) for r in (0, 1)))

    @unittest.skipUnless(os.path.exists("/dev/full"), "needs a full device")
    def test_trap_18_a_full_disk_ends_neither_workers_nor_supervision(self):
        with App("  chatty: {command: 'seq 1 100000; touch finished; exec sleep 1000',\n"
                 "           logs: {file: /dev/full, console: false}}\n"
                 f"  web: {{command: exec sleep 1000, {ALWAYS}}}") as app:
            wait_until((app.folder / "finished").exists, "chatty wrote it all")
            os.kill(app.pid_of("web/0"), signal.SIGKILL)
            app.wait_line("web ready", count=2)


if __name__ == "__main__":
    sys.exit(unittest.main())
