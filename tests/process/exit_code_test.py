"""What `pandora run` ends with, and what it says when it cannot begin."""

import os
import signal
import subprocess
import sys
import tempfile
import unittest

from pandora import App, BINARY, DEADLINE_S


class ExitCode(unittest.TestCase):
    def ends_with(self, processes, code):
        with App(processes) as app:
            self.assertEqual(app.wait_exit(), code, app.output())
            return app.output()

    def test_zero_when_every_process_succeeded(self):
        self.ends_with("  a: {command: 'true'}\n  b: {command: 'true'}", 0)

    def test_one_and_what_is_in_the_way_when_its_folder_cannot_be_made(self):
        with App("  a: {command: 'true'}", environment={"PANDORA_RUNTIME_DIR": "/dev/null/a/b"}) as app:
            self.assertEqual(app.wait_exit(), 1)
            self.assertIn("cannot make /dev/null/a/b: Not a directory", app.output())

    def test_the_code_of_the_process_that_failed(self):
        self.ends_with("  a: {command: exit 3}\n  b: {command: 'true'}", 3)

    def test_128_plus_the_signal_that_killed_it(self):
        self.ends_with("  a: {command: kill -USR1 $$$$}", 128 + signal.SIGUSR1)

    def test_the_code_of_the_process_that_ends_the_app(self):
        self.ends_with("  a: {command: exit 6, availability: {restart: exit_on_failure}}\n"
                       "  b: {command: sleep 1000}", 6)

    def test_zero_after_a_stop_that_was_asked_for(self):
        with App("  a: {command: sleep 1000}") as app:
            app.wait_line(r"\ba ready")
            app.signal(signal.SIGTERM)
            self.assertEqual(app.wait_exit(), 0)

    def test_zero_after_a_stop_that_was_asked_for_though_something_had_failed(self):
        with App("  job: {command: exit 3}\n"
                 "  deaf: {command: exec sleep 1000, readiness_probe: {exec: {command: 'false'}, period_seconds: 1,\n"
                 "         failure_threshold: 1}, start_timeout: 1s}\n"
                 "  web: {command: exec sleep 1000}") as app:
            app.wait_line(r"\bjob ended: exit 3")
            app.wait_line(r"\bdeaf .*SIGTERM")
            app.signal(signal.SIGTERM)
            self.assertEqual(app.wait_exit(), 0)


class FailedStart(unittest.TestCase):
    """Each in one line that names the process, the step and the cause."""

    def says(self, process, line, code):
        with App(f"  web: {process}", files={"no-exec": "#!/bin/sh\n"}) as app:
            self.assertEqual(app.wait_exit(), code)
            self.assertIn(line.replace("FOLDER", str(app.folder)), app.output())

    def test_a_missing_program(self):
        self.says("{entrypoint: [./nothing]}",
                  "web cannot execute ./nothing: No such file or directory; stays down", 127)

    def test_a_missing_working_dir(self):
        self.says("{command: 'true', working_dir: nowhere}",
                  "web cannot change to working_dir FOLDER/nowhere: No such file or directory; stays down", 127)

    def test_a_program_that_may_not_be_executed(self):
        self.says("{entrypoint: [./no-exec]}", "web cannot execute ./no-exec: Permission denied; stays down", 126)

    def test_a_failed_start_is_restarted_like_a_failed_run(self):
        with App("  web: {entrypoint: [./late],\n"
                 "        availability: {restart: on_failure, backoff: 100ms, backoff_jitter: 0}}") as app:
            app.wait_line("web cannot execute ./late: No such file or directory; restarting in 100 ms")
            program = app.folder / "late"
            program.with_suffix(".new").write_text("#!/bin/sh\necho here at last\n")
            program.with_suffix(".new").chmod(0o755)
            program.with_suffix(".new").rename(program)
            app.wait_line(r"web .*\| here at last")
            self.assertEqual(app.wait_exit(), 0)


class BadProcfile(unittest.TestCase):
    def run_on(self, text):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "procfile.yml")
            if text is not None:
                with open(path, "w", encoding="utf-8") as file:
                    file.write(text)
            done = subprocess.run([BINARY, "run", path], capture_output=True, text=True, timeout=DEADLINE_S,
                                  env=dict(os.environ, PANDORA_RUNTIME_DIR=folder))
            self.assertEqual(done.returncode, 1)
            self.assertEqual(done.stdout, "")
            return done.stderr.replace(path, "FILE")

    def test_every_problem_is_told_with_its_place(self):
        said = self.run_on("name: x\nprocesses:\n  web:\n    comand: a\n    replicas: many\n")
        self.assertIn("FILE:4:5: ", said)
        self.assertIn("did you mean `command`", said)
        self.assertIn("FILE:5:15: ", said)

    def test_a_file_that_is_not_there(self):
        self.assertIn("FILE", self.run_on(None))


if __name__ == "__main__":
    sys.exit(unittest.main())
