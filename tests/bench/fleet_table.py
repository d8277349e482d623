"""The figures of the fleet bench, for people."""

YARDSTICK = "C loop"


def _milliseconds(value):
    return f"{value * 1000:.1f}" if value < 0.1 else f"{value * 1000:.0f}"


def _megabytes(value):
    return f"{value / 2**20:.1f}"


# (title, figure, how it is written, whether it is told as a multiple of the yardstick's too)
COLUMNS = (
    ("launch ms", "launch_s", _milliseconds, False),
    ("start ms", "start_s", _milliseconds, True),
    ("CPU ms", "start_cpu_s", _milliseconds, True),
    ("kill ms", "restart_s", lambda value: f"{value * 1000:.2f}", True),
    ("p90", "restart_p90_s", lambda value: f"{value * 1000:.2f}", False),
    ("status ms", "status_s", _milliseconds, False),
    ("rolling ms", "rolling_s", _milliseconds, False),
    ("stop ms", "stop_s", _milliseconds, True),
    ("PSS MB", "pss_bytes", _megabytes, False),
    ("processes", "processes", str, False),
    ("idle %", "idle_core", lambda value: f"{value * 100:.2f}", False),
)

LEGEND = """\
launch: from its own exec to the first worker's first instruction. start: from there to the last worker's.
CPU: of its own processes until then. kill: from kill -9 of a worker to its replacement's first instruction, median.
rolling: every replica replaced. stop: until all of its processes have ended. PSS, idle: of its own processes.
Behind a figure: as a multiple of the C loop's; of a start, of those just before and after it."""


def _cells(figures, yardstick):
    for _, key, write, compared in COLUMNS:
        value = figures.get(key)
        if value is None:
            yield "-"
            continue
        base = figures.get("yardstick", {}).get(key, yardstick.get(key)) if compared else None
        yield write(value) + (f" x{value / base:.1f}" if base and figures is not yardstick else "")


def print_table(about, all_figures):
    print(f"fleet: {about['workers']} workers each, {about['kills']} kills each, in turn; "
          f"load {about['load']:.1f} on {about['cores']} cores\n")
    yardstick = all_figures.get(YARDSTICK, {})
    rows = [("", *(title for title, *_ in COLUMNS))]
    rows += [(name, *_cells(figures, yardstick)) for name, figures in all_figures.items()]
    widths = [max(map(len, column)) for column in zip(*rows)]
    for name, *cells in rows:
        print("  ".join([name.ljust(widths[0]), *(cell.rjust(width) for cell, width in zip(cells, widths[1:]))]))
    print("\n" + LEGEND)
    for name, figures in all_figures.items():
        for key, text in figures.items():
            if key.endswith("trouble"):
                print(f"{name}: {key.removesuffix('trouble').rstrip('_') or 'out'}: {text}")
