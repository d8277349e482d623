"""Test cases that have a hub for each class, and native clients for each test."""

import unittest

from hub_process import Hub
from native_frame import Status
from native_hub import NativeClient


class Native(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.hub = cls.enterClassContext(Hub())

    def connect(self, name="", **native):
        return self.enterContext(NativeClient(self.hub.path, {"processName": name} if name else {}, **native))

    def assert_failed(self, answer, status):
        """The hub's own failure: with the status, and a message."""
        self.assertEqual(Status(answer.status), status, answer)
        self.assertIsInstance(answer.value["message"], str)

    def disconnects(self, reason):
        return self.hub.count("disconnects", reason)
