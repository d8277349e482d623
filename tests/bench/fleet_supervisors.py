"""The supervisors of the fleet bench: how each is told to keep COUNT workers alive, asked and ended.

Their files lie in a folder of their own. Every one restarts a worker at once; none writes a log of what workers
say, and none listens on anything but what lies in that folder and, pandora, on a loopback port of the kernel's choice.
"""

import shutil
import signal

WORKER = "first_instruction"
REPORT = "report.fifo"


class Supervisor:
    """One way to keep a fleet. The folder is empty when prepare() is called; commands run in it."""

    name = ""
    program = ""  # an absolute path, or looked up; "" = always there
    stop_signal = signal.SIGTERM

    def __init__(self, build, folder, count):
        self.build = build
        self.folder = folder
        self.count = count
        self.worker = build / "tests" / "bench" / WORKER

    @classmethod
    def key(cls):
        """Its name as one word."""
        return cls.name.replace(",", "").replace(" ", "_")

    def missing(self):
        return bool(self.program) and not shutil.which(self.program)

    def prepare(self):
        """Writes what the command reads."""

    def command(self):
        raise NotImplementedError

    def environment(self):
        return {"BENCH_REPORT": str(self.folder / REPORT)}

    def status_command(self):
        """Asks for the state of every worker; None where nobody can be asked."""
        return None

    def rolling_restart_command(self):
        """Replaces every worker, and returns when that is done; None where there is no such thing."""
        return None

    def places(self):
        return [f"worker-{n:05}" for n in range(self.count)]

    def write(self, name, text):
        path = self.folder / name
        path.write_text(text)
        return path


class BareLoop(Supervisor):
    name = "C loop"

    def command(self):
        return [self.build / "tests" / "bench" / "spawn_loop", self.worker, str(self.count)]


class Pandora(Supervisor):
    """As many processes as there are workers."""

    name = "pandora"
    app = "fleet"

    def prepare(self):
        entry = f'{{entrypoint: ["{self.worker}"], availability: {{restart: always, backoff: 0ms}}%s}}'
        self.write("fleet.yaml", f"name: {self.app}\nmetrics: {{listen: 127.0.0.1:0}}\nprocesses:\n"
                   + self.processes(entry))

    def processes(self, entry):
        return "".join(f"  {place}: {entry % ''}\n" for place in self.places())

    def command(self):
        return [self.build / "pandora", "run", "fleet.yaml"]

    def environment(self):
        return {**super().environment(), "PANDORA_RUNTIME_DIR": str(self.folder / "run"),
                "XDG_STATE_HOME": str(self.folder / "state")}

    def status_command(self):
        return [self.build / "pandora", "ps", "--json", "--app", self.app]


class PandoraReplicas(Pandora):
    """One process of many replicas."""

    name = "pandora, replicas"
    app = "replicas"

    def processes(self, entry):
        return f"  worker: {entry % f', replicas: {self.count}'}\n"

    def rolling_restart_command(self):
        return [self.build / "pandora", "restart", "--rolling", "--timeout", "300", "--app", self.app, "worker"]


class Runit(Supervisor):
    name = "runit"
    program = "runsvdir"
    stop_signal = signal.SIGHUP  # SIGTERM would leave every runsv behind

    def prepare(self):
        _service_folders(self)

    def command(self):
        return [self.program, "-P", "services"]

    def status_command(self):
        return ["sv", "status", *(f"./services/{place}" for place in self.places())]


class S6(Supervisor):
    name = "s6"
    program = "s6-svscan"

    def prepare(self):
        _service_folders(self)
        # What was never ready is started again a second late.
        for place in self.places():
            self.write(f"services/{place}/notification-fd", "3\n")

    def environment(self):
        return {**super().environment(), "NOTIFICATION_FD": "3"}

    def command(self):
        return [self.program, "-c", str(self.count + 1), "services"]

    def status_command(self):
        return ["sh", "-c", "for each in services/*; do s6-svstat $each; done"]  # it takes one at a time


def _service_folders(supervisor):
    """runit and s6 execute `run`, here the worker itself: no shell is started that the others do without."""
    for place in supervisor.places():
        folder = supervisor.folder / "services" / place
        folder.mkdir(parents=True)
        (folder / "run").symlink_to(supervisor.worker)


class Supervisord(Supervisor):
    name = "supervisord"
    program = "supervisord"

    # Three descriptors a worker; in each child it closes one by one all that minfds allows, so no more than needed.
    CONFIGURATION = """\
[supervisord]
nodaemon=true
minfds={descriptors}
logfile={folder}/supervisord.log
pidfile={folder}/supervisord.pid
childlogdir={folder}
[unix_http_server]
file={folder}/supervisor.sock
[rpcinterface:supervisor]
supervisor.rpcinterface_factory=supervisor.rpcinterface:make_main_rpcinterface
[supervisorctl]
serverurl=unix://{folder}/supervisor.sock
[program:worker]
command={worker}
numprocs={count}
process_name=worker_%(process_num)05d
autorestart=true
startsecs=0
stdout_logfile=NONE
stderr_logfile=NONE
"""

    def prepare(self):
        self.write("supervisord.conf", self.CONFIGURATION.format(
            folder=self.folder, worker=self.worker, count=self.count, descriptors=3 * self.count + 100))

    def command(self):
        return [self.program, "-c", "supervisord.conf"]

    def status_command(self):
        return ["supervisorctl", "-c", "supervisord.conf", "status"]


ALL = (BareLoop, Pandora, PandoraReplicas, Runit, S6, Supervisord)
