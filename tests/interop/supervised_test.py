"""npm clients as workers of `pandora run`: object, property, event; and the death of the hub under them."""

import os
import pathlib
import signal
import sys
import unittest

from pandora import App

WORKER = pathlib.Path(__file__).resolve().parent / "supervised_worker.cjs"

PROCESSES = f"""
  provider: {{entrypoint: [node, {WORKER}, provider], objects: [clock]}}
  consumer: {{entrypoint: [node, {WORKER}, consumer], depends_on: {{provider: {{condition: process_healthy}}}}}}
"""


class Supervised(unittest.TestCase):
    def test_objects_and_events_survive_a_killed_hub_and_no_worker_is_restarted(self):
        with App(PROCESSES) as app:
            app.wait_line("provider ready")
            app.wait_line(r"consumer \| unit ms")
            provider = app.pid_of("provider/0")
            app.wait_line(rf"consumer \| answer of {provider}", count=3)
            app.wait_line(rf"consumer \| tick of {provider}", count=3)
            before = app.instances()
            self.assertEqual({r["process"] for r in app.routes()}, {"provider", "consumer"})

            os.kill(before["hub/0"]["pid"], signal.SIGKILL)
            app.wait_line("hub ended: SIGKILL")
            app.wait_line(r"\bhub ready", count=2)

            answers, ticks = (app.output().count(f"consumer | {word} of") for word in ("answer", "tick"))
            app.wait_line(rf"consumer \| answer of {provider}", count=answers + 5)
            app.wait_line(rf"consumer \| tick of {provider}", count=ticks + 5)
            after = app.instances()
            for name in ("provider/0", "consumer/0"):
                self.assertEqual((after[name]["pid"], after[name]["restarts"]), (before[name]["pid"], 0))
            self.assertEqual(after["hub/0"]["restarts"], 1)


if __name__ == "__main__":
    sys.exit(unittest.main())
