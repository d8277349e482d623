"""A worker for the tests that begins to serve once `open-KIND` is in its folder.

opening_worker.py http|tcp PORT, opening_worker.py unix PATH, opening_worker.py exec none
Over HTTP it answers 503 before and 204 after; what the header X-Who said is kept in `asked`. The others refuse before.
"""

import http.server
import os
import socket
import sys
import time


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        with open("asked", "a", encoding="utf-8") as asked:
            asked.write(f"{self.path} {self.headers['X-Who']}\n")
        self.send_response(204 if self.path == "/health" and os.path.exists("open-http") else 503)
        self.end_headers()

    def log_message(self, *_):
        pass


def main():
    kind, address = sys.argv[1:]
    if kind == "http":
        http.server.HTTPServer(("127.0.0.1", int(address)), Handler).serve_forever()
    while not os.path.exists(f"open-{kind}"):
        time.sleep(0.02)
    listener = socket.socket(socket.AF_UNIX if kind == "unix" else socket.AF_INET)
    if kind != "exec":
        listener.bind(address if kind == "unix" else ("127.0.0.1", int(address)))
        listener.listen()
    while True:
        listener.accept() if kind != "exec" else time.sleep(1000)


if __name__ == "__main__":
    main()
