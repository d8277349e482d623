"""A native worker for the tests: publishes the object it is told to, and tells what it hears.

native_worker.py NAME
Methods: `get` answers at once with its pid, `slow` after TAKES seconds (0.3), `last` once it hears that it is drained,
`hang` never, `who` with the caller.
Drained or restarted, it answers what it has in hand; when the hub was away, it comes again.
"""

import os
import pathlib
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "support"))

from native_frame import Control, Flag, Frame  # noqa: E402
from native_hub import NativeClient  # noqa: E402


def say(text):
    print(text, flush=True)


def handle(client, frame, sources):
    if frame.is_control(Control.IDENTITY):
        sources[frame.src] = frame.value
    elif frame.is_message() and frame.has(Flag.REQUEST):
        method = client.name_of(frame)
        if method == "hang":
            return say("asked")
        if method == "slow":
            say("asked")
            time.sleep(float(os.environ.get("TAKES", "0.3")))
        if method == "last":
            say("asked")
            client.expect_control(Control.GOAWAY)
            say("goaway")
        client.reply(frame, sources.get(frame.src) if method == "who" else os.getpid())
    return None


def main():
    name = sys.argv[1]
    while True:
        try:
            with NativeClient(os.environ["PANDORA_HUB_SOCKET"], {"pid": str(os.getpid())}, timeout_s=None,
                              stamp=True, objects=[name]) as client:
                say("published")
                sources = {}
                while True:
                    frame = client.expect(lambda frame: isinstance(frame, Frame))
                    handle(client, frame, sources)
        except OSError:
            time.sleep(0.05)  # the hub is away; the master keeps its socket, so a new one is soon there


if __name__ == "__main__":
    main()
