"""What the workers of a bench say about their own start."""

import os
import select
import time

ANSWER_SECONDS_MAX = 10  # for a replacement to report; a supervisor that needs longer has failed


class Report:
    """The FIFO to which the workers of one supervisor say when they started."""

    def __init__(self, path):
        self.path = path
        os.mkfifo(path, 0o600)
        # Opened for writing too: the FIFO has a writer from now on, so a worker's open never waits.
        self._fd = os.open(path, os.O_RDWR | os.O_CLOEXEC)
        self._rest = b""

    def next(self, seconds_max=ANSWER_SECONDS_MAX):
        """(pid, CLOCK_MONOTONIC nanoseconds) of the next worker that starts."""
        deadline = time.monotonic() + seconds_max
        while b"\n" not in self._rest:
            if not select.select([self._fd], [], [], max(0, deadline - time.monotonic()))[0]:
                raise TimeoutError(f"no worker reported to {self.path} within {seconds_max} s")
            self._rest += os.read(self._fd, 4096)
        line, _, self._rest = self._rest.partition(b"\n")
        pid, nanoseconds = line.split()
        return int(pid), int(nanoseconds)

    def close(self):
        os.close(self._fd)
