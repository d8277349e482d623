"""The example that the README shows: its workers find each other, and the one that crashes comes back."""

import os
import pathlib
import re
import subprocess
import sys
import tempfile
import unittest

from pandora import BINARY, DEADLINE_S

DEMO = pathlib.Path(__file__).resolve().parents[2] / "procfiles" / "examples" / "demo.yml"


class Demo(unittest.TestCase):
    def test_workers_call_each_other_and_the_crasher_is_restarted(self):
        with tempfile.TemporaryDirectory() as folder:
            text = DEMO.read_text().replace("../../build/release/examples", os.environ["PANDORA_EXAMPLES"])
            text = text.replace('"--crash-every", "5"', '"--crash-every", "0.2"')
            procfile = pathlib.Path(folder) / "demo.yml"
            procfile.write_text(text)
            app = subprocess.Popen([BINARY, "run", str(procfile)], stdout=subprocess.PIPE, text=True,
                                   env=dict(os.environ, PANDORA_RUNTIME_DIR=folder))
            try:
                wanted = [r"renderer ready", r"web/0 +\| .*frame \d+ by pid", r"web/1 +\| .*frame \d+ by pid",
                          r"crasher ended: .*; restarting in", r"crasher ready"]
                for line in app.stdout:
                    if wanted and re.search(wanted[0], line):
                        wanted.pop(0)
                    if not wanted:
                        break
                self.assertEqual(wanted, [])
            finally:
                app.terminate()
                app.stdout.read()
                self.assertEqual(app.wait(DEADLINE_S), 0)
                app.stdout.close()


if __name__ == "__main__":
    sys.exit(unittest.main())
