"""A worker for the tests that serves the first socket it was handed; by SIGTERM it ends what it has begun, then itself.

It says READY=1. Each connection sends a line and gets the worker's pid.
"""

import os
import select
import signal
import socket

from_master = socket.socket(fileno=3)  # sd_listen_fds(3)
wake, woken = os.pipe()
os.set_blocking(woken, False)
signal.signal(signal.SIGTERM, lambda *_: None)
signal.set_wakeup_fd(woken)
from_master.setblocking(False)  # of two that wait, one may find the connection gone

with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notify:
    notify.sendto(b"READY=1", os.environ["NOTIFY_SOCKET"])

while wake not in select.select([from_master, wake], [], [])[0]:
    try:
        connection, _ = from_master.accept()
    except BlockingIOError:
        continue
    with connection:
        connection.setblocking(True)
        while not connection.recv(100).endswith(b"\n"):
            pass
        connection.sendall(str(os.getpid()).encode())
