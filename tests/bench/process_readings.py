"""What /proc says of processes and of those that descend from them."""

from pathlib import Path


def tree(pid):
    """`pid` and its descendants that exist now."""
    yield pid
    for children in Path(f"/proc/{pid}/task").glob("*/children"):
        try:
            found = children.read_text().split()
        except (FileNotFoundError, ProcessLookupError):  # it ended meanwhile
            continue
        for child in found:
            yield from tree(int(child))


def cpu_of(pid):
    """Nanoseconds on a CPU, of all threads; the ticks of /proc/PID/stat would be too coarse."""
    return sum(int(task.read_text().split()[0]) for task in Path(f"/proc/{pid}/task").glob("*/schedstat"))


def pss_of(pid):
    """Bytes of memory; what it shares with others is divided among them."""
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1]) * 1024
    return 0
