"""A hub client in the legacy dialect that can serve as well as ask, written from hub/PROTOCOL.md."""

from pandora import Client

MESSAGE_DOWN = "PANDORA_HUB_ACTION_MSG_DOWN"


class LegacyClient(Client):
    """A legacy client that can serve and need not wait: what it has not looked for is kept in order."""

    def __init__(self, path, location=None):
        super().__init__(path, location)
        self.kept = []

    def expect(self, action):
        """(id, data) of the next frame with the action."""
        for frame in self.kept:
            if frame[1]["action"] == action:
                self.kept.remove(frame)
                return frame[0], frame[1]["data"]
        while True:
            number, body = self.receive()
            if body["action"] == action:
                return number, body["data"]
            self.kept.append((number, body))

    def request(self, action, data):
        return self.finish(f"response_callback_{self.send(action, data)}")

    def begin(self, name, action="OBJECT_ACTION_INVOKE", *, broadcast=False, **more):
        """The name of the answer."""
        number = self.send("PANDORA_HUB_ACTION_MSG_UP",
                           {"remote": {"objectName": name}, "action": action, "broadcast": broadcast,
                            "host": self.location, "needReply": True, **more})
        return f"response_callback_{number}"

    def finish(self, answer):
        return self.expect(answer)[1]

    def next_message(self):
        return self.expect(MESSAGE_DOWN)

    def heard(self):
        """All messages for this client that it has not looked at: a question asks for their end."""
        self.invoke("pandora.hub", "ping")
        messages = [(number, body["data"]) for number, body in self.kept if body["action"] == MESSAGE_DOWN]
        self.kept.clear()
        return messages

    def answer(self, number, **reply):
        self.send(f"response_callback_{number}", {"host": self.location, **reply})
