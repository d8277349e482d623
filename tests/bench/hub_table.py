"""The figures of the hub bench, for people."""


def _number(value):
    return f"{value:.0f}" if value >= 100 else f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def _thousands(value):
    return f"{value / 1000:.0f}k" if value >= 100_000 else f"{value / 1000:.1f}k"


# A group of columns is a case; (in flight, pinned, [(title, figure, how it is written)]).
CALLS = (
    (1, True, (("p50 us", "p50_us", _number), ("p99", "p99_us", _number), ("CPU us", "cpu_us", _number))),
    (1, False, (("p50 us", "p50_us", _number), ("p99", "p99_us", _number))),
    (10, False, (("calls/s", "calls_per_second", _thousands), ("CPU us", "cpu_us", _number))),
    (64, False, (("calls/s", "calls_per_second", _thousands), ("CPU us", "cpu_us", _number))),
    (256, False, (("calls/s", "calls_per_second", _thousands), ("p99 us", "p99_us", _number),
                  ("CPU us", "cpu_us", _number))),
)
EVENTS = ((256, False, (("deliveries/s", "deliveries_per_second", _thousands), ("CPU us", "cpu_us", _number))),)
DIRECT = tuple((in_flight, pinned, tuple(column for column in columns if column[1] != "cpu_us"))
               for in_flight, pinned, columns in CALLS)
POOLS = (
    (1, True, (("p50 us", "p50_us", _number), ("CPU us", "cpu_us", _number))),
    (1, False, (("p50 us", "p50_us", _number),)),
    (4, False, (("calls/s", "calls_per_second", _thousands), ("CPU us", "cpu_us", _number))),
)
NPM = (
    (1, False, (("p50 us", "p50_us", _number),)),
    (10, False, (("calls/s", "calls_per_second", _thousands),)),
)

LEGEND = """\
Caller, hub and callee are processes of their own; what the callee is sent it sends back. A caller keeps so many calls
in flight, and both sides write together what they may. pinned: all on one CPU. CPU: of the hub, a call or a delivery.
Behind a figure: as a multiple of the yardstick's (the first line's) in the same round.
relay: frames passed on by a C loop. pandora: native dialect; JSON: that of the npm client, which the npm hub speaks
too. nats-server: TCP. Redis: pub/sub both ways. ZeroMQ: libzmq on both sides, with its own threads."""


def _cell(row, figure, write):
    value = row["figures"].get(figure) if row else None
    if value is None:
        return "-"
    ratio = row["ratios"].get(figure)
    return write(value) + (f" x{ratio:.1f}" if ratio is not None and ratio < 10 else f" x{ratio:.0f}" if ratio else "")


def _print_table(title, rows, groups):
    """`rows`: those of one size, the yardstick's first."""
    by_case = {(row["name"], row["in_flight"], row["pinned"]): row for row in rows}
    names = list(dict.fromkeys(row["name"] for row in rows))
    blocks = [_block([""], [["", *names]], str.ljust)]
    for in_flight, pinned, columns in groups:
        cells = [[head, *(_cell(by_case.get((name, in_flight, pinned)), figure, write) for name in names)]
                 for head, figure, write in columns]
        blocks.append(_block([f"{in_flight} in flight{', pinned' if pinned else ''}"], cells, str.rjust))
    print(f"\n{title}")
    for line in zip(*blocks):
        print("   ".join(line).rstrip())


def _block(above, columns, justify):
    """The lines of the columns of one case, and its title above them, all of one width."""
    widths = [max(map(len, column)) for column in columns]
    lines = ["  ".join(map(justify, line, widths)) for line in zip(*columns)]
    width = max(map(len, above + lines))
    return [text.center(width) for text in above] + [justify(line, width) for line in lines]


def _print_by_size(title, rows, groups):
    for size in dict.fromkeys(row["bytes"] for row in rows):
        _print_table(f"{title}, {_size(size)}", [row for row in rows if row["bytes"] == size], groups)


def _size(size):
    return f"{size // 1024} KiB" if size >= 1024 else f"{size} B"


def _print_troubles(troubles):
    """One line for all cases of one name that have one reason."""
    reasons = {}
    for trouble in troubles:
        case = f"{trouble['kind']} {_size(trouble['bytes'])} x {trouble['in_flight']}" if "kind" in trouble else "out"
        reasons.setdefault((trouble["name"], trouble["why"]), {})[case] = None
    for (name, why), cases in reasons.items():
        cases = list(cases)
        print(f"{name}: {cases[0] if len(cases) == 1 else f'{cases[0]} and {len(cases) - 1} more'}: {why}")


def print_tables(results):
    print(f"hub: {results['rounds']} rounds of {results['seconds']} s, in turn; "
          f"load {results['load']:.1f} on {results['cores']} cores")
    parts = results["parts"]
    _print_by_size("calls", parts.get("calls", []), CALLS)
    _print_by_size(f"events, 1 publisher to {results['subscribers']} subscribers", parts.get("events", []), EVENTS)
    _print_by_size("direct calls, no hub between", parts.get("direct", []), DIRECT)
    _print_by_size("calls of C++ clients through pandora", parts.get("pools", []), POOLS)
    _print_by_size("calls of npm clients", parts.get("npm", []), NPM)
    print("\n" + LEGEND)
    _print_troubles(results["troubles"])
