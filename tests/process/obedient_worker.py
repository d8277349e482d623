"""A worker for the tests that does what it is told, one order a line, by the FIFO `PROCESS.N.orders` in its folder.

notify TEXT     sends TEXT to NOTIFY_SOCKET, its `;` as line ends
write FD TEXT   writes TEXT to a descriptor; `newline` alone is a line end
publish NAME    publishes an object on the hub
environment NAME   prints NAME=VALUE
beat            from now on says WATCHDOG=1 ten times a second
hush            no longer
hand_over       a child of it takes over with MAINPID, and it ends itself
share           a child of it takes over, and it waits until that one has ended; then it obeys again
hold MIB        keeps so much memory
exit CODE
Each order that is done is printed. Environment: FIRST, an order to begin with. Tests give orders with `tell`.
"""

import os
import pathlib
import socket
import sys
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "support"))

from pandora import Client, wait_until  # noqa: E402

COMMAND = f"exec {sys.executable} {pathlib.Path(__file__).resolve()}"


def tell(app, instance, order):
    """Gives an order to the worker "web/0", once it listens."""
    path = app.folder / (instance.replace("/", ".") + ".orders")

    def opened():
        try:
            return os.fdopen(os.open(path, os.O_WRONLY | os.O_NONBLOCK), "wb", buffering=0)
        except OSError:
            return None  # not made yet, or nobody reads

    with wait_until(opened, f"{instance} listens") as fifo:
        fifo.write(order.encode() + b"\n")


def notify(text):
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender:
        sender.sendto(text.encode(), os.environ["NOTIFY_SOCKET"])


class Heart:
    def __init__(self):
        self.beats = threading.Event()

    def begin(self):
        self.beats.set()
        threading.Thread(target=self._beat, daemon=True).start()

    def _beat(self):
        while self.beats.is_set():
            notify("WATCHDOG=1")
            time.sleep(0.1)


def publish(name, kept=[]):  # noqa: B006 - the connections live as long as the worker
    client = Client(os.environ["PANDORA_HUB_SOCKET"])
    client.online()
    client.publish(name)
    kept.append(client)


def hand_over():
    """The parent ends only when the master knows of the child: both datagrams come from it, in this order."""
    child = os.fork()
    if child:
        notify(f"MAINPID={child}")
        os._exit(0)


def share():
    child = os.fork()
    if child:
        notify(f"MAINPID={child}")
        os.waitpid(child, 0)


def hold(mebibytes, kept=[]):  # noqa: B006 - as above
    kept.append(os.urandom(1) * (int(mebibytes) << 20))


def orders():
    path = "{PANDORA_PROCESS}.{PANDORA_INSTANCE}.orders".format(**os.environ)
    if not os.path.exists(path):
        os.mkfifo(path)
    if "FIRST" in os.environ:
        yield os.environ["FIRST"]
    with open(path, "r+b", buffering=0) as fifo:  # a writer of our own, so that there is no end of it
        print("obeying", flush=True)
        line = b""
        while True:
            byte = fifo.read(1)  # not a byte more: a child that takes over reads the next order
            if byte == b"\n":
                yield line.decode()
            line = b"" if byte == b"\n" else line + byte


def main():
    heart = Heart()
    for order in orders():
        verb, _, rest = order.partition(" ")
        if verb == "notify":
            notify(rest.replace(";", "\n"))
        elif verb == "write":
            fd, _, text = rest.partition(" ")
            os.write(int(fd), b"\n" if text == "newline" else text.encode())
        elif verb == "publish":
            publish(rest)
        elif verb == "environment":
            print(f"{rest}={os.environ.get(rest, '')}", flush=True)
        elif verb == "beat":
            heart.begin()
        elif verb == "hush":
            heart.beats.clear()
        elif verb == "hand_over":
            hand_over()
        elif verb == "share":
            share()
        elif verb == "hold":
            hold(rest)
        elif verb == "exit":
            os._exit(int(rest))
        else:
            sys.exit(f"no order: {order}")
        print(f"done: {order}", flush=True)


if __name__ == "__main__":
    main()
