"""A worker for the tests that goes to the background: daemon_worker.py group|session PIDFILE

It forks twice, as daemon(7) has it, and ends; `session` leaves its session as well. What is left writes its pid and
sleeps.
"""

import os
import signal
import sys


def main():
    kind, path = sys.argv[1:]
    if os.fork():
        os.wait()
        sys.exit(0)
    if kind == "session":
        os.setsid()
    if os.fork():
        os._exit(0)
    with open(path + ".new", "w", encoding="utf-8") as file:
        file.write(f"{os.getpid()}\n")
    os.rename(path + ".new", path)
    while True:
        signal.pause()


if __name__ == "__main__":
    main()
