"""The master's listeners outlive the processes that use them: nobody who connects is ever refused."""

import json
import os
import pathlib
import signal
import socket
import threading
import unittest

from pandora import App, DEADLINE_S, free_port, wait_until

WORKER = pathlib.Path(__file__).resolve().parent / "socket_workers.py"
COMMAND = f"command: exec python3 {WORKER}"


def connect(address):
    """A port, or the path of a Unix socket. Fails where nobody listens."""
    family = socket.AF_INET if isinstance(address, int) else socket.AF_UNIX
    connection = socket.socket(family)
    connection.settimeout(DEADLINE_S)
    try:
        connection.connect(("127.0.0.1", address) if isinstance(address, int) else str(address))
    except OSError:
        connection.close()
        raise
    return connection


def read_answer(connection):
    """What the worker said; None where it died with the connection in its hands."""
    data = b""
    with connection:
        try:
            while chunk := connection.recv(65536):
                data += chunk
        except ConnectionResetError:
            pass
    return json.loads(data) if data.endswith(b"\n") else None


def ask(address):
    return read_answer(connect(address))


def ask_until(address, condition, what):
    """Answers of one connection after another, until they fulfil the condition."""
    answers = []

    def enough():
        answers.append(ask(address))
        return condition(answers)

    wait_until(enough, what)
    return answers


class Hammer:
    """Connects over and over. `refused` must stay empty, whatever happens to the workers."""

    def __init__(self, address):
        self.address = address
        self.answers = []
        self.refused = []
        self.lost = 0  # they were in the hands of a worker that was killed
        self.stop = threading.Event()
        self.thread = threading.Thread(target=self._run)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.stop.set()
        self.thread.join(2 * DEADLINE_S)

    def _run(self):
        while not self.stop.is_set():
            try:
                answer = ask(self.address)
            except OSError as error:
                self.refused.append(error)
                return
            if answer:
                self.answers.append(answer)
            else:
                self.lost += 1

    def wait_answer_of_another(self, pid):
        wait_until(lambda: self.refused or (self.answers and self.answers[-1]["pid"] != pid),
                   f"an answer of another than {pid}")


class Sockets(unittest.TestCase):
    def test_a_worker_is_handed_its_sockets_by_the_protocol_of_systemd(self):
        port = free_port()
        with App(f"  web: {{{COMMAND}, sockets: [api, http]}}",
                 head=f"sockets: {{http: {{listen: '127.0.0.1:{port}'}},\n"
                      f"          api: {{listen: ./api.sock, mode: 0600}}}}") as app:
            app.wait_line("accepting on api http")
            answer = ask(port)
            self.assertEqual(answer["socket"], "http")
            self.assertEqual(answer["environment"],
                             {"LISTEN_FDS": "2", "LISTEN_FDNAMES": "api:http", "LISTEN_PID": str(answer["pid"])})
            self.assertEqual(answer["pid"], app.pid_of("web/0"))
            self.assertEqual(answer["blocking"], {"api": True, "http": True})
            api = app.folder / "api.sock"
            self.assertEqual(ask(api)["socket"], "api")
            self.assertEqual(os.stat(api).st_mode & 0o777, 0o600)
            app.signal(signal.SIGTERM)
            self.assertEqual(app.wait_exit(), 0)
            self.assertFalse(api.exists())
            with self.assertRaises(ConnectionRefusedError):
                connect(port)

    def test_who_is_given_no_socket_hears_nothing_of_it(self):
        with App(f"  web: {{{COMMAND}, sockets: [http]}}\n"
                 "  other: {command: 'env | grep LISTEN_ || echo none; ls /proc/self/fd | wc -l'}",
                 head=f"sockets: {{http: {{listen: '127.0.0.1:{free_port()}'}}}}",
                 environment={"LISTEN_FDS": "1", "LISTEN_PID": "1", "LISTEN_FDNAMES": "of-the-master"}) as app:
            app.wait_line(r"other\S* +\| none")
            app.wait_line(r"other\S* +\| 4$")  # 0, 1, 2 and the folder

    def test_a_taken_address_ends_the_start_in_one_line(self):
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            taken.listen()
            port = taken.getsockname()[1]
            with App(f"  web: {{{COMMAND}, sockets: [http]}}",
                     head=f"sockets: {{http: {{listen: '127.0.0.1:{port}'}}}}") as app:
                self.assertNotEqual(app.wait_exit(), 0)
                self.assertRegex(app.output(), rf"socket `http`: .*127\.0\.0\.1:{port}")
                self.assertNotIn("accepting", app.output())

    def test_replicas_share_one_listener(self):
        port = free_port()
        with App(f"  web: {{{COMMAND}, sockets: [http], replicas: 2}}",
                 head=f"sockets: {{http: {{listen: '127.0.0.1:{port}'}}}}") as app:
            app.wait_line("accepting", count=2)
            answers = ask_until(port, lambda seen: len({answer["pid"] for answer in seen}) == 2, "both answer")
            self.assertEqual(len({answer["inodes"]["http"] for answer in answers}), 1)

    def test_with_reuse_port_each_replica_has_its_own(self):
        port = free_port()
        with App(f"  web: {{{COMMAND}, sockets: [http], replicas: 2, availability: {{restart: always, backoff: 1ms}}}}",
                 head=f"sockets: {{http: {{listen: '127.0.0.1:{port}', reuse_port: true}}}}") as app:
            app.wait_line("accepting", count=2)

            def inodes(seen):
                return {answer["instance"]: answer["inodes"]["http"] for answer in seen}

            before = inodes(ask_until(port, lambda seen: len(inodes(seen)) == 2, "both answer"))
            self.assertEqual(len(set(before.values())), 2)
            os.kill(app.pid_of("web/1"), signal.SIGKILL)
            app.wait_line("accepting", count=3)
            after = inodes(ask_until(port, lambda seen: len(inodes(seen)) == 2, "both answer again"))
            self.assertEqual(after, before, "the successor has the listener of its place")

    def test_the_first_connection_starts_a_process_on_demand_and_is_answered(self):
        port = free_port()
        with App(f"  web: {{{COMMAND}, sockets: [http], on_demand: true}}\n"
                 "  other: {command: echo up; exec sleep 1000}",
                 head=f"sockets: {{http: {{listen: '127.0.0.1:{port}'}}}}", environment={"DELAY": "0.3"}) as app:
            app.wait_line(r"\| up")
            self.assertFalse(app.instances()["web/0"]["pid"])
            connections = [connect(port) for _ in range(3)]
            answers = [read_answer(connection) for connection in connections]
            self.assertEqual([answer["socket"] for answer in answers], ["http"] * 3)
            self.assertEqual({answer["pid"] for answer in answers}, {app.pid_of("web/0")})

    def test_a_master_with_a_connection_waiting_does_not_spin(self):
        port = free_port()
        with App(f"  web: {{{COMMAND}, sockets: [http], on_demand: true}}",
                 head=f"sockets: {{http: {{listen: '127.0.0.1:{port}'}}}}", environment={"DELAY": "2"}) as app:
            app.wait_line("metrics on")
            connection = connect(port)
            wait_until(lambda: app.instances()["web/0"]["pid"], "it is started")
            before = processor_seconds(app.master.pid)
            self.assertTrue(read_answer(connection))
            # Two seconds have passed; a loop that spins has used most of them.
            self.assertLess(processor_seconds(app.master.pid) - before, 0.5)

    def test_nobody_is_refused_while_the_worker_is_killed(self):
        port = free_port()
        with App(f"  web: {{{COMMAND}, sockets: [http], availability: {{restart: always, backoff: 50ms}}}}",
                 head=f"sockets: {{http: {{listen: '127.0.0.1:{port}'}}}}") as app:
            app.wait_line("accepting")
            with Hammer(port) as hammer:
                wait_until(lambda: hammer.answers, "the first answer")
                for _ in range(5):
                    pid = hammer.answers[-1]["pid"]
                    os.kill(pid, signal.SIGKILL)
                    hammer.wait_answer_of_another(pid)
            self.assertEqual(hammer.refused, [])
            self.assertLessEqual(hammer.lost, 5, "one connection a death")


def processor_seconds(pid):
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


if __name__ == "__main__":
    unittest.main()
