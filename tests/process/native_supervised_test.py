"""The native dialect in a supervised app: who calls, draining, the true reason, the end."""

import os
import pathlib
import signal
import sys
import unittest

from hub_process import Hub
from native_frame import Control, Flag, Option, Status, after
from native_hub import NativeClient
from pandora import App, wait_until

WORKER = f"{sys.executable} -u {pathlib.Path(__file__).resolve().parent}/native_worker.py"


def store(more=""):
    return f"  store: {{command: exec {WORKER} store, objects: [store]{more}}}\n"


class Supervised(unittest.TestCase):
    def start(self, processes, **more):
        app = self.enterContext(App(processes, **more))
        app.wait_line("store(/0)? ready")
        return app, self.connect(app)

    def connect(self, app, **native):
        return self.enterContext(NativeClient(app.hub_socket, **native))

    def test_who_it_is_comes_from_the_supervisor(self):
        app, _ = self.start(store())
        client = self.connect(app, stamp=True)
        answer = client.call("store", "who")
        self.assertEqual((answer.value["process"], answer.value["pid"]), (None, os.getpid()), "this is no worker")
        told = next(frame.value for frame in client.heard() if frame.is_control(Control.IDENTITY))
        self.assertEqual((told["app"], told["process"], told["instance"], told["pid"]),
                         ("t", "store", 0, app.pid_of("store/0")))

    def test_a_worker_that_is_drained_hears_it_and_ends_what_it_has_in_hand(self):
        # It is stopped as soon as it has answered: whatever it is to hear must come before that.
        app, client = self.start(store(", shutdown: {drain: 30s}"))
        number = client.invoke("store", "last", deadline=after(60))
        app.wait_line(r"store +\| asked")
        app.do("stop", "store")
        app.wait_line(r"store +\| goaway")
        answer = client.answer_to(number)
        self.assertEqual(answer.status, Status.OK, answer)

    def test_a_call_in_the_hands_of_one_that_crashes_fails_at_once_with_the_reason(self):
        app, client = self.start(store(", availability: {restart: always, backoff: 300ms}"))
        for _ in range(5):  # the hub waits some milliseconds for the supervisor to say why; a busy machine takes longer
            number = client.invoke("store", "hang", deadline=after(3600))
            app.wait_line(r"store +\| asked", count=1)
            os.kill(app.pid_of("store/0"), signal.SIGSEGV)
            answer = client.answer_to(number)
            self.assertEqual(answer.status, Status.PEER_GONE)
            parked = client.call("store", "get", deadline=after(60))
            self.assertEqual(parked.status, Status.OK, "it waits until the callee is back")
            if "reason" in answer.value:
                break
        self.assertEqual((answer.value["process"], answer.value["instance"]), ("store", 0))
        self.assertRegex(answer.value["reason"], r"SIGSEGV.*restarting in \d+ ms")

    def test_calls_wait_while_their_only_callee_restarts(self):
        app, client = self.start(store(", availability: {restart: always, backoff: 300ms}"))
        before = app.pid_of("store/0")
        os.kill(before, signal.SIGKILL)
        wait_until(lambda: not any(r["pid"] == before for r in app.routes()), "it is gone from the hub")
        answer = client.call("store", "get", deadline=after(60))
        self.assertEqual(answer.status, Status.OK, answer.payload)
        self.assertNotEqual(answer.value, before)

    def test_an_idempotent_call_survives_its_callee(self):
        app, client = self.start(store(", replicas: 2, environment: [TAKES=2]"))
        app.wait_line("store/1 ready")
        number = client.invoke("store", "slow", options=Option.IDEMPOTENT, deadline=after(60))
        asked = app.wait_line(r"store/(\d) +\| asked").group(1)
        os.kill(app.pid_of(f"store/{asked}"), signal.SIGKILL)
        answer = client.answer_to(number)
        self.assertEqual(answer.status, Status.OK, answer.payload)


class End(unittest.TestCase):
    def test_the_hub_says_that_it_ends_and_what_cannot_be_served_any_more(self):
        with Hub() as hub:
            callee, caller = NativeClient(hub.path, objects=["slow"]), NativeClient(hub.path)
            with callee, caller:
                number = caller.invoke("slow", "f", deadline=after(60))
                callee.next_message()
                self.assertEqual(hub.end(), 0)
                for client in (callee, caller):
                    self.assertTrue(client.expect_control(Control.GOAWAY).has(Flag.ONEWAY))
                answer = caller.answer_to(number)
                self.assertEqual(answer.status, Status.SHUTTING_DOWN)
                caller.wait_closed()

    def test_one_that_is_about_to_end_hands_on_the_answers_that_come_in_time(self):
        with Hub() as hub, NativeClient(hub.path, objects=["slow"]) as callee, NativeClient(hub.path) as caller:
            number = caller.invoke("slow", "f", deadline=after(60))
            asked = callee.next_message()
            callee.reply(asked, "in time")
            callee.heard()
            hub.process.send_signal(signal.SIGTERM)
            self.assertEqual(caller.answer_to(number).value, "in time")


if __name__ == "__main__":
    sys.exit(unittest.main())
