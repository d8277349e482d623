"""Calls an object through native connections, one call at a time each, until its standard input ends.

native_caller.py SOCKET OBJECT CONNECTIONS
Every other connection marks its calls idempotent. At the end it prints JSON: {"plain"|"idempotent": {sent, answered,
lost, slowest_s, failed: {why: n}, slowest_failure_s}}. A call is lost that is not even answered by an error.
"""

import collections
import json
import pathlib
import re
import sys
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "support"))

from native_frame import Option, Status, after  # noqa: E402
from native_hub import NativeClient  # noqa: E402

DEADLINE_S = 30.0  # of a call; the hub answers it by then at the latest


class Caller:
    def __init__(self, path, name, idempotent):
        self.path, self.name = path, name
        self.options = Option.IDEMPOTENT if idempotent else 0
        self.sent = self.answered = self.lost = 0
        self.slowest_s = self.slowest_failure_s = 0.0
        self.failed = collections.Counter()
        self.thread = threading.Thread(target=self.run)

    def run(self):
        try:
            with NativeClient(self.path, timeout_s=2 * DEADLINE_S) as client:
                while not over.is_set():
                    self.sent += 1
                    self.call(client)
        except (OSError, AssertionError):  # also where it does not come in at all
            self.lost += 1

    def call(self, client):
        begin = time.monotonic()
        answer = client.call(self.name, "get", options=self.options, deadline=after(DEADLINE_S))
        took = time.monotonic() - begin
        if answer.status == Status.OK:
            self.answered += 1
            self.slowest_s = max(self.slowest_s, took)
        else:
            self.slowest_failure_s = max(self.slowest_failure_s, took)
            error = answer.value
            reason = re.sub(r"\d+ ms", "some ms", error.get("reason", "?"))
            self.failed[f"{Status(answer.status).name.lower()}: {error.get('process', '?')}: {reason}"] += 1


def total(callers):
    return {"sent": sum(c.sent for c in callers), "answered": sum(c.answered for c in callers),
            "lost": sum(c.lost for c in callers), "slowest_s": round(max(c.slowest_s for c in callers), 3),
            "slowest_failure_s": round(max(c.slowest_failure_s for c in callers), 3),
            "failed": dict(sum((c.failed for c in callers), collections.Counter()))}


over = threading.Event()


def main():
    path, name, connections = sys.argv[1], sys.argv[2], int(sys.argv[3])
    callers = [Caller(path, name, idempotent=n % 2 == 1) for n in range(connections)]
    for caller in callers:
        caller.thread.start()
    sys.stdin.read()
    over.set()
    for caller in callers:
        caller.thread.join()
    print(json.dumps({"plain": total(callers[0::2]), "idempotent": total(callers[1::2])}))


if __name__ == "__main__":
    main()
