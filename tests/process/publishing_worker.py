"""A worker for the tests: publishes the object it is told to, or calls one, and goes on when the hub was away.

publishing_worker.py NAME          publishes NAME and answers every call with its pid
publishing_worker.py NAME OBJECT   calls OBJECT every 50 ms
Environment: DELAY seconds before publishing; CLAIM a processName to claim; HANG never to answer; TAKES seconds to
answer.
"""

import os
import pathlib
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "support"))

from pandora import Client  # noqa: E402


def serve(client, name):
    time.sleep(float(os.environ.get("DELAY", "0")))
    client.publish(name)
    print("published", flush=True)
    while True:
        number, body = client.receive()
        if body is None or body["action"] != "PANDORA_HUB_ACTION_MSG_DOWN":
            continue
        if "HANG" in os.environ:
            print("asked", flush=True)
            continue
        if "TAKES" in os.environ:
            print("asked", flush=True)
            time.sleep(float(os.environ["TAKES"]))
        if body["data"].get("needReply"):
            client.send(f"response_callback_{number}", {"host": client.location, "remote": body["data"]["host"],
                                                        "success": True, "data": os.getpid()})


def call(client, name):
    while True:
        reply = client.invoke(name, "get")
        print("answer" if reply["success"] else f"error {reply['error']['message']}", flush=True)
        time.sleep(0.05)


def main():
    name, objects = sys.argv[1], sys.argv[2:]
    while True:
        location = {"processName": os.environ.get("CLAIM", name), "pid": str(os.getpid())}
        try:
            with Client(os.environ["PANDORA_HUB_SOCKET"], location) as client:
                client.online()
                call(client, objects[0]) if objects else serve(client, name)
        except OSError:
            time.sleep(0.05)  # the hub is away; the master keeps its socket, so a new one is soon there


if __name__ == "__main__":
    main()
