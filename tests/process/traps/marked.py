"""Finds the processes of an app wherever they hid: all of them have its run directory in their environment."""

import os
import pathlib
import signal

from pandora import is_gone


def live_of(app):
    """The pids that live now, without the master's own."""
    mark = f"PANDORA_RUNTIME_DIR={app.folder}/run".encode()
    found = []
    for entry in pathlib.Path("/proc").iterdir():
        if not entry.name.isdigit() or int(entry.name) in (app.master.pid, os.getpid()):
            continue
        try:
            variables = (entry / "environ").read_bytes().split(b"\0")
        except OSError:  # it ended, or is not ours to look at
            continue
        if mark in variables and not is_gone(int(entry.name)):
            found.append(int(entry.name))
    return found


def end_all_of(app):
    """For cleanups: whatever a failing test has left."""
    for pid in live_of(app):
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
