"""A native client and an unmodified npm client of one hub: objects, properties, failures and events, both ways."""

import json
import pathlib
import queue
import subprocess
import sys
import threading
import unittest

from hub_process import Hub
from native_frame import Act, Status, after
from native_hub import NativeClient
from pandora import DEADLINE_S

PEER = pathlib.Path(__file__).resolve().parent / "native_peer.cjs"


class Npm:
    """The npm client, as a process that does what it is told."""

    def __init__(self, hub):
        (hub.folder / "pandorajs_pandora_msg_hub.sock").symlink_to(hub.path)
        self.process = subprocess.Popen(["node", PEER, hub.folder], text=True, bufsize=1, stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE)
        self.kept = []
        self.lines = queue.Queue()
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()
        self.wait("published")

    def _read(self):
        for line in self.process.stdout:
            self.lines.put(json.loads(line))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        try:
            self.process.wait(DEADLINE_S)
        finally:
            self.process.kill()
            self.reader.join(DEADLINE_S)
            self.process.stdout.close()

    def tell(self, *words):
        print(*words, file=self.process.stdin)

    def wait(self, key):
        """What it says under the key; other things are kept for later."""
        for said in self.kept:
            if key in said:
                self.kept.remove(said)
                return said[key]
        try:
            while key not in (said := self.lines.get(timeout=DEADLINE_S)):
                self.kept.append(said)
        except queue.Empty:
            raise AssertionError(f"no {key} from the npm client, but {self.kept}") from None
        return said[key]


class NativeAndNpm(unittest.TestCase):
    def setUp(self):
        self.hub = self.enterContext(Hub())
        self.native = self.enterContext(NativeClient(self.hub.path, {"processName": "native"}, objects=["native"]))
        self.npm = self.enterContext(Npm(self.hub))

    def call(self, method, *parameters, **fields):
        return self.native.call("npm", method, list(parameters), deadline=after(DEADLINE_S), **fields)

    def introduce(self):
        """The npm client asks what the object is before it uses it for the first time."""
        asked = self.native.next_message()
        self.assertEqual(asked.act, Act.INTROSPECT)
        self.native.reply(asked, {"properties": [{"name": "unit", "type": "string"}],
                                  "methods": [{"name": "echo", "length": 1, "type": "function"}]})

    def test_a_native_client_calls_an_npm_object(self):
        self.assertEqual(self.call("add", 20, 22).value, 42)
        self.assertEqual(self.native.call("npm", "version", act=Act.GET).value, "2.1.2")
        described = self.native.call("npm", None, act=Act.INTROSPECT).value
        self.assertIn("add", {method["name"] for method in described["methods"]})
        failed = self.call("fail")
        self.assertEqual((failed.status, failed.value["message"]), (Status.APP_ERROR, "on purpose"))
        missing = self.call("missing")
        self.assertEqual(missing.status, Status.APP_ERROR)
        self.assertIn("Cannot found method called missing", missing.value["message"])

    def test_an_npm_client_calls_a_native_object(self):
        self.npm.tell("call", "echo", '[{"deep": [1, "ä"]}]')
        self.introduce()
        asked = self.native.next_message()
        self.assertEqual((self.native.name_of(asked), asked.value), ("echo", [{"deep": [1, "ä"]}]))
        self.native.reply(asked, asked.value[0])
        self.assertEqual(self.npm.wait("result"), {"deep": [1, "ä"]})

        self.npm.tell("call", "echo", "[0]")
        self.native.reply(self.native.next_message(), 0)
        self.assertEqual(self.npm.wait("result"), 0)

        self.npm.tell("call", "echo", "[]")
        self.native.reply(self.native.next_message(), {"message": "no", "stack": "s"}, Status.APP_ERROR)
        self.assertEqual(self.npm.wait("error"), "no")

        self.npm.tell("get", "unit")
        asked = self.native.next_message()
        self.assertEqual((asked.act, self.native.name_of(asked)), (Act.GET, "unit"))
        self.native.reply(asked, "ms")
        self.assertEqual(self.npm.wait("property"), "ms")

    def test_an_npm_client_hears_a_native_objects_events(self):
        self.npm.tell("subscribe", "tick")
        self.introduce()
        asked = self.native.next_message()
        self.assertEqual((asked.act, self.native.name_of(asked)), (Act.SUBSCRIBE, "tick"))
        self.native.reply(asked)
        self.npm.wait("subscription")
        for n in range(3):
            self.native.emit("native", "tick", n, "x")
            self.assertEqual(self.npm.wait("heard"), [n, "x"])
        self.npm.tell("unsubscribe", "tick")
        asked = self.native.next_message()
        self.assertEqual((asked.act, self.native.name_of(asked)), (Act.UNSUBSCRIBE, "tick"))
        self.native.reply(asked)
        self.npm.wait("end")

    def test_a_native_client_hears_an_npm_objects_events(self):
        self.native.subscribe("npm", "tick")
        self.assertEqual(self.npm.wait("subscribed"), "tick")
        for n in range(3):
            self.npm.tell("emit", "tick", f'[{n}, {{"a": null}}]')
            self.assertEqual(self.native.next_event().value, [n, {"a": None}])

    def test_the_end_of_the_npm_process_is_told_at_once(self):
        self.assertEqual(self.call("add", 1, 2).value, 3)
        self.npm.process.kill()
        self.npm.process.wait(DEADLINE_S)
        self.assertIn(self.call("add", 1, 2).status, (Status.PEER_GONE, Status.NO_ROUTE))


if __name__ == "__main__":
    sys.exit(unittest.main())
