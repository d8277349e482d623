"""A worker for the tests: accepts on every socket it was handed, and says who it is and what it was handed.

Each connection gets one line of JSON and is closed. The listeners are recognised by their inodes: two workers that
share a listener show the same one. Environment: DELAY seconds before the first accept.
"""

import json
import os
import socket
import stat
import sys
import threading
import time

FIRST_FD = 3  # sd_listen_fds(3)


def handed():
    """[(name, descriptor)] as LISTEN_FDNAMES and LISTEN_FDS say; nothing if they were meant for another process."""
    if os.environ.get("LISTEN_PID") != str(os.getpid()):
        return []
    count = int(os.environ.get("LISTEN_FDS", "0"))
    names = os.environ.get("LISTEN_FDNAMES", "").split(":")
    return list(zip(names, range(FIRST_FD, FIRST_FD + count), strict=True))


def about_me(name, sockets):
    return {
        "socket": name,
        "pid": os.getpid(),
        "instance": os.environ.get("PANDORA_INSTANCE"),
        "environment": {key: value for key, value in os.environ.items() if key.startswith("LISTEN_")},
        "inodes": {other: os.fstat(fd).st_ino for other, fd in sockets},
        "blocking": {other: os.get_blocking(fd) for other, fd in sockets},
    }


def serve(name, fd, sockets):
    listener = socket.socket(fileno=fd)
    while True:
        connection, _ = listener.accept()
        with connection:
            connection.sendall(json.dumps(about_me(name, sockets)).encode() + b"\n")


def main():
    time.sleep(float(os.environ.get("DELAY", "0")))
    sockets = handed()
    if not sockets or not all(stat.S_ISSOCK(os.fstat(fd).st_mode) for _, fd in sockets):
        sys.exit(f"no sockets: {sockets}")
    threads = [threading.Thread(target=serve, args=(name, fd, sockets)) for name, fd in sockets]
    for thread in threads:
        thread.start()
    print("accepting on", " ".join(name for name, _ in sockets), flush=True)
    for thread in threads:
        thread.join()


if __name__ == "__main__":
    main()
