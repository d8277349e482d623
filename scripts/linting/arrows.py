"""Which folder may include which: the arrows of the architecture, kept true by reading #include lines."""

import re

from linting.cpp import masked
from linting.tree import PRODUCT_ROOTS, Finding, folder_of, line_of

# Unit -> what it may include besides itself. A unit is a folder, with all below it that has no row of its
# own, or the files of one stem. A header's name as a target allows that header alone.
ARROWS = {
    "supervisor/main": ["supervisor/app", "supervisor/cli"],
    "supervisor/app": ["supervisor/driver", "supervisor/control", "supervisor/os", "supervisor/logs",
                       "supervisor/core", "hub", "hub/client", "hub/config", "metrics", "metrics/http", "procfiles"],
    "supervisor/cli": ["supervisor/control/messages.hpp", "hub/client", "procfiles"],
    "supervisor/control": ["supervisor/core", "hub/client", "procfiles/limits.hpp", "procfiles/scalars.hpp",
                           "procfiles/suggest.hpp"],
    "supervisor/driver": ["supervisor/core", "supervisor/os", "supervisor/logs", "supervisor/probes",
                          "procfiles/spec.hpp"],
    "supervisor/probes": ["supervisor/os", "procfiles/spec.hpp"],
    "supervisor/logs": ["supervisor/os", "procfiles/spec.hpp"],
    "supervisor/os": ["procfiles/spec.hpp", "supervisor/core/debounce.hpp", "supervisor/core/time_zone.hpp",
                      "supervisor/core/watch_filter.hpp"],
    "supervisor/core": ["procfiles/spec.hpp"],
    "procfiles/examples": ["hub/client"],
    "procfiles/schema": ["procfiles"],
    "procfiles": [],
    "metrics/http": ["metrics"],
    "metrics": [],
    "hub": ["hub/net", "hub/core", "hub/wire"],
    "hub/net": ["hub/core", "hub/wire"],
    "hub/core": ["hub/wire"],
    "hub/config": ["hub/wire"],
    "hub/client": ["hub/wire"],
    "hub/wire": [],
}

# Units and files that decide and never act: bytes, events and `now` come in, values go out.
PURE = ("supervisor/app/complaints.", "supervisor/app/config_journal.", "supervisor/app/outlook.",
        "supervisor/core/", "supervisor/logs/file_text", "supervisor/logs/json_text", "supervisor/logs/lines",
        "supervisor/logs/losses", "supervisor/logs/output", "supervisor/logs/tail_ring",
        "supervisor/logs/terminal_text", "supervisor/logs/utf8", "hub/config/", "hub/core/", "hub/wire/",
        "procfiles/spec.", "procfiles/validate", "metrics/snapshot.")
IMPURE_INCLUDE = re.compile(
    r"boost/(asio|beast|process)|(thread|mutex|condition_variable|future|iostream|fstream|unistd\.h|fcntl\.h|"
    r"poll\.h|pthread\.h|spawn\.h|signal\.h|sys/(?!types\.h|wait\.h).*)$")
IMPURE_CODE = re.compile(
    r"clock::now|\b(?:secure_)?getenv\b|\b(?:v|f|vf|d|vd)?printf\b|\bputs\b|"
    r"\bstd::(?:cout|cerr|clog|random_device|j?thread|this_thread)\b|"
    r"(?<![\w>])::(?:fork|open|close|read|write|send|recv|kill|getpid|time|clock_gettime)\(")

# Third-party header -> the only product paths that may name it.
CONFINED = (
    ("yaml-cpp", re.compile(r"yaml-cpp/"), re.compile(r"procfiles/document")),
    ("prometheus-cpp", re.compile(r"prometheus/"), re.compile(r"metrics/exporter")),
    ("Boost.Beast", re.compile(r"boost/beast"), re.compile(r"metrics/http/|supervisor/probes/http")),
    ("OpenSSL", re.compile(r"openssl/|boost/asio/ssl"), re.compile(r"supervisor/probes/http")),
    ("Boost.Process", re.compile(r"boost/process"), re.compile(r"supervisor/os/")),
    ("simdjson", re.compile(r"simdjson"), re.compile(r"hub/wire/")),
    ("zlib", re.compile(r"zlib\.h"), re.compile(r"supervisor/logs/compress\.")),
    ("libzstd", re.compile(r"zstd\.h"), re.compile(r"supervisor/logs/compress\.")),
    ("RE2", re.compile(r"re2/"), re.compile(r"supervisor/logs/line_watch")),
    ("CLI11", re.compile(r"CLI/"), re.compile(r"supervisor/(main\.cpp|cli/)|procfiles/examples/")),
    ("GoogleTest", re.compile(r"g(test|mock)/"), re.compile(r"(?!)")),
)

_OWN = re.compile(r'^[ \t]*#[ \t]*include[ \t]*"([^"]+)"', re.M)
_SYSTEM = re.compile(r"^[ \t]*#[ \t]*include[ \t]*<([^>]+)>", re.M)


def _includes(tree, path, form):
    text = tree.text(path)
    return [(match[1], line_of(text, match.start(1))) for match in form.finditer(text)]


def unit_of(path):
    """The longest row of the table that `path` belongs to; None where no row does."""
    stem = path.rpartition(".")[0] if "." in path.rpartition("/")[2] else path
    while stem:
        if stem in ARROWS:
            return stem
        stem = folder_of(stem)
    return None


def _allowed(source, target):
    names = {target, unit_of(target)}
    return unit_of(source) == unit_of(target) or any(name in names for name in ARROWS[unit_of(source)])


def include_from_root(tree):
    files = set(tree.files)
    for path in tree.cpp_files():
        for target, line in _includes(tree, path, _OWN):
            if target not in files:
                yield Finding(path, line, f'"{target}" is no file of the project as seen from its root')


def arrow(tree):
    for path in tree.cpp_files(PRODUCT_ROOTS):
        if unit_of(path) is None:
            yield Finding(path, 1, "has no row in the table of arrows (scripts/linting/arrows.py)")
            continue
        for target, line in _includes(tree, path, _OWN):
            if target.split("/")[0] not in PRODUCT_ROOTS:
                yield Finding(path, line, f'product code includes "{target}" from outside the product')
            elif not _allowed(path, target):
                yield Finding(path, line, f'{unit_of(path)} may not include {unit_of(target)} ("{target}")')


def third_party(tree):
    for path in tree.cpp_files(PRODUCT_ROOTS):
        for target, line in _includes(tree, path, _SYSTEM) + _includes(tree, path, _OWN):
            for library, header, home in CONFINED:
                if header.match(target) and not home.match(path):
                    yield Finding(path, line, f"{library} may not be named here: <{target}>")


def pure(tree):
    for path in tree.cpp_files(PRODUCT_ROOTS):
        if not path.startswith(PURE):
            continue
        for target, line in _includes(tree, path, _SYSTEM):
            if IMPURE_INCLUDE.match(target):
                yield Finding(path, line, f"pure code includes <{target}>")
        code = masked(tree.text(path))
        for match in IMPURE_CODE.finditer(code):
            yield Finding(path, line_of(code, match.start()), f"pure code uses {match[0].rstrip('(')}")


def cycle(tree):
    """Cycles among files (a header that includes itself by a detour), and among units."""
    by_file, by_unit = {}, {unit: set() for unit in ARROWS}
    for path in tree.cpp_files(PRODUCT_ROOTS):
        by_file[path] = {target for target, _ in _includes(tree, path, _OWN)}
        for target in by_file[path]:
            ends = unit_of(path), unit_of(target)
            if None not in ends and ends[0] != ends[1]:
                by_unit[ends[0]].add(ends[1])
    for found in _cycles(by_file):
        yield Finding(found[0], 1, "files include each other: " + " -> ".join(found))
    for found in _cycles(by_unit):
        yield Finding(found[0], 1, "folders include each other: " + " -> ".join(found))


def _cycles(graph):
    """Each cycle that a depth-first walk closes, as a list that begins and ends with the same node."""
    done, trail, found = set(), [], []

    def visit(node):
        if node in trail:
            found.append(trail[trail.index(node):] + [node])
            return
        if node in done:
            return
        trail.append(node)
        for target in sorted(graph.get(node, ())):
            visit(target)
        trail.pop()
        done.add(node)

    for node in sorted(graph):
        visit(node)
    return found
