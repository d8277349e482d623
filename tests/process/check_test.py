"""`pandora check`: what it says of a procfile, without starting anything."""

import json
import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

from pandora import BINARY, DEADLINE_S

GOOD = """
environment: [PASSWORD=opensesame]
processes:
  web: {command: touch started, environment: {TOKEN: letmein}}
"""


class Check(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name) / "shop"
        self.folder.mkdir()

    def write(self, name, text):
        (self.folder / name).write_text(text)

    def check(self, *arguments, environment=None):
        """(exit code, standard output, standard error)"""
        done = subprocess.run([BINARY, "check", *arguments], cwd=self.folder, capture_output=True, text=True,
                              timeout=DEADLINE_S, env=dict(os.environ, **(environment or {})))
        return done.returncode, done.stdout, done.stderr

    def test_a_right_file_is_silence_and_nothing_is_started(self):
        self.write("procfile.yml", GOOD)
        self.assertEqual(self.check(), (0, "", ""))
        self.assertEqual(os.listdir(self.folder), ["procfile.yml"])

    def test_every_problem_is_a_line(self):
        self.write("bad.yml", "processes:\n  web:\n    comand: a\n    replicas: many\n")
        code, out, err = self.check("bad.yml")
        self.assertEqual((code, out), (1, ""))
        lines = err.splitlines()
        self.assertEqual([line.split(" ")[0] for line in lines], ["bad.yml:3:5:", "bad.yml:4:15:"])
        self.assertTrue(all(" error: " in line for line in lines), err)
        self.assertIn("did you mean `command`?", lines[0])

    def test_a_file_that_cannot_be_read_is_a_problem_without_a_line(self):
        code, out, err = self.check("nowhere.yml")
        self.assertEqual((code, out), (1, ""))
        self.assertRegex(err, r"^nowhere\.yml: error: .*No such file or directory\n$")

    def test_without_a_file_all_names_are_told_that_were_looked_for(self):
        names = "`procfile.yaml`, `process-compose.yml`, `process-compose.yaml` or `Procfile`"
        said = f"there is no such file here, nor {names}; name your procfile as an argument\n"
        self.assertEqual(self.check(), (1, "", f"procfile.yml: error: {said}"))
        run = subprocess.run([BINARY, "run"], cwd=self.folder, capture_output=True, text=True, timeout=DEADLINE_S)
        self.assertEqual((run.returncode, run.stderr), (1, f"pandora: procfile.yml: {said}"))

    def test_a_pipe_that_nobody_writes_into_is_not_waited_for(self):
        os.mkfifo(self.folder / "pipe.yml")
        for verb in ("check", "run"):
            done = subprocess.run([BINARY, verb, "pipe.yml"], cwd=self.folder, capture_output=True, text=True,
                                  timeout=DEADLINE_S)
            self.assertEqual(done.returncode, 1)
            self.assertIn("cannot be read: it is a pipe that nobody writes into", done.stderr)

    def test_a_procfile_may_come_through_a_pipe(self):
        late = "sleep 0.1; echo 'processes: {a: {command: b}}'"
        done = subprocess.run(["bash", "-c", f"exec '{BINARY}' check <({late})"], capture_output=True, text=True,
                              timeout=DEADLINE_S)
        self.assertEqual((done.returncode, done.stderr), (0, ""))

    def test_what_this_machine_would_refuse_is_a_warning_unless_strict(self):
        self.write("procfile.yml", """
processes:
  web: {command: a, user: no-such-user}
  job: {command: b, schedule: {cron: "0 3 * * *", timezone: Mars/Olympus}}
""")
        code, out, err = self.check()
        self.assertEqual((code, out), (0, ""))
        self.assertRegex(err, r"^procfile\.yml:3:3: warning: `run` would fail here: .*`no-such-user` does not exist\n"
                              r"procfile\.yml:4:3: warning: `run` would fail here: .*`Mars/Olympus`: .*\n$")
        code, _, err = self.check("--strict")
        self.assertEqual((code, err.count(" error: ")), (1, 2))
        self.write("strict.yml", "is_strict: true\nprocesses: {web: {command: a, user: no-such-user}}\n")
        code, _, err = self.check("strict.yml")
        self.assertEqual((code, err.count(" error: ")), (1, 1), err)

    def test_a_pipe_that_somebody_has_made_non_blocking_is_waited_for(self):
        self.write("procfile.yml", GOOD)
        reader, writer = os.pipe()
        os.set_blocking(writer, False)
        filled = 0
        with self.assertRaises(BlockingIOError):
            while True:
                filled += os.write(writer, b"x" * 4096)
        with subprocess.Popen([BINARY, "check", "--print"], cwd=self.folder, stdout=writer,
                              stderr=subprocess.PIPE) as command:
            os.close(writer)
            with self.assertRaises(subprocess.TimeoutExpired):
                command.wait(0.3)
            with os.fdopen(reader, "rb") as pipe:
                printed = pipe.read()[filled:]
            self.assertEqual((command.wait(DEADLINE_S), command.stderr.read()), (0, b""))
        self.assertIn(b"touch started", printed)

    def test_json(self):
        self.write("bad.yml", "processes:\n  web:\n    command: a\n    replicas: many\n")
        code, out, err = self.check("--json", "bad.yml")
        self.assertEqual((code, err), (1, ""))
        said = json.loads(out)
        self.assertFalse(said["ok"])
        [problem] = said["problems"]
        self.assertEqual((problem["file"], problem["line"], problem["column"], problem["severity"]),
                         ("bad.yml", 4, 15, "error"))
        self.write("good.yml", GOOD)
        code, out, err = self.check("--json", "good.yml")
        self.assertEqual((code, json.loads(out), err), (0, {"ok": True, "problems": []}, ""))

    def test_what_a_process_compose_file_asks_in_vain_is_a_warning_unless_strict(self):
        self.write("process-compose.yml", "version: '0.5'\nprocesses:\n  web:\n    command: a\n    ports: [80]\n")
        code, out, err = self.check("process-compose.yml")
        self.assertEqual((code, out), (0, ""))
        self.assertRegex(err, r"^process-compose\.yml:5:5: warning: .*`ports`.*\n$")
        code, out, err = self.check("--strict", "process-compose.yml")
        self.assertEqual((code, out), (1, ""))
        self.assertRegex(err, r"^process-compose\.yml:5:5: error: .*`ports`.*\n$")
        said = json.loads(self.check("--json", "process-compose.yml")[1])
        self.assertTrue(said["ok"])
        self.assertEqual(said["problems"][0]["severity"], "warning")

    def test_several_files_are_one_and_each_problem_names_its_own(self):
        self.write("procfile.yml", GOOD)
        self.write("more.yml", "processes:\n  web:\n    replicas: many\n")
        code, _, err = self.check("procfile.yml", "more.yml")
        self.assertEqual(code, 1)
        self.assertIn("more.yml:3:15: error: ", err)

    def test_print_shows_the_model_without_secrets(self):
        self.write("procfile.yml", GOOD)
        code, out, err = self.check("--print")
        self.assertEqual((code, err), (0, ""))
        self.assertIn("name: shop\n", out)
        self.assertIn("command: touch started\n", out)
        self.assertIn(f"working_dir: {self.folder}\n", out)
        self.assertIn("- PASSWORD\n", out)
        self.assertIn("- TOKEN\n", out)
        self.assertNotIn("opensesame", out)
        self.assertNotIn("letmein", out)

    def test_what_is_printed_with_values_is_a_procfile_of_the_same_app(self):
        self.write("procfile.yml", GOOD)
        _, first, _ = self.check("--print", "--show-environment")
        self.assertIn("PASSWORD=opensesame", first)
        other = self.folder.parent / "other"
        other.mkdir()
        (other / "printed.yml").write_text(first)
        self.assertEqual(self.check("--print", "--show-environment", str(other / "printed.yml")), (0, first, ""))

    def test_what_is_printed_without_values_is_refused_rather_than_run_without_them(self):
        self.write("procfile.yml", GOOD)
        self.write("printed.yml", self.check("--print")[1])
        code, _, err = self.check("printed.yml")
        self.assertEqual(code, 1)
        self.assertIn("NAME=VALUE", err)

    def test_variables_come_from_env_files(self):
        self.write("procfile.yml", "processes: {web: {command: run, replicas: '${WORKERS:-1}'}}\n")
        self.write("many.env", "WORKERS=7\n")
        self.assertNotIn("replicas", self.check("--print")[1])
        self.assertIn("replicas: 7\n", self.check("--print", "-e", "many.env")[1])

    def test_commands_of_env_cmds_are_run_only_to_print(self):
        self.write("procfile.yml", "env_cmds: {NOW: 'touch ran; echo now'}\nprocesses: {web: {command: run}}\n")
        self.assertEqual(self.check(), (0, "", ""))
        self.assertFalse((self.folder / "ran").exists())
        self.assertIn("- NOW=now\n", self.check("--print", "--show-environment")[1])
        self.assertTrue((self.folder / "ran").exists())

    def test_without_a_name_the_first_kind_of_procfile_that_is_here_is_meant(self):
        for name in ("Procfile", "process-compose.yaml", "procfile.yml"):
            self.write(name, "wrong\n")
            self.assertTrue(self.check()[2].startswith(name + ":"), f"{name} comes before those written earlier")

    def test_a_heroku_procfile(self):
        self.write("Procfile", "web: node web.js\nworker: work\n")
        self.write(".env", "PORT=3000\n")
        code, out, err = self.check("--print", "--show-environment", "Procfile")
        self.assertEqual((code, err), (0, ""))
        self.assertIn("PORT=3100", out)
        self.write("Procfile", "web: node web.js\nworker\n")
        self.assertEqual(self.check("Procfile")[::2], (1, "Procfile:2:1: error: expected NAME: COMMAND, "
                                                          "found `worker`\n"))

    def test_json_and_print_are_not_mixed(self):
        self.write("procfile.yml", GOOD)
        code, out, err = self.check("--json", "--print")
        self.assertNotEqual(code, 0)
        self.assertEqual(out, "")
        self.assertIn("--print", err)

    def test_a_full_disk_is_an_error(self):
        self.write("procfile.yml", GOOD)
        with open("/dev/full", "w", encoding="utf-8") as full:
            done = subprocess.run([BINARY, "check", "--print"], cwd=self.folder, stdout=full, stderr=subprocess.PIPE,
                                  text=True, timeout=DEADLINE_S)
        self.assertEqual((done.returncode, done.stderr),
                         (1, "pandora: cannot write to standard output: No space left on device\n"))


if __name__ == "__main__":
    sys.exit(unittest.main())
