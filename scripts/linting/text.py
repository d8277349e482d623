"""Rules on lines and words of any text file."""

import ast
import re

from linting.tree import CPP_SUFFIXES, Finding

FILE_LINES_MAX = 500
FILE_LINES_MAX_OF = {"supervisor/main.cpp": 60}  # argv to exit code, nothing else
COLUMNS_MAX = 110  # where no .clang-format says otherwise
PYTHON_FUNCTION_LINES_MAX = 70

_WRITTEN = CPP_SUFFIXES + (
    ".py", ".sh", ".cmake", ".txt", ".js", ".mjs", ".ts", ".css", ".html", ".yaml", ".yml", ".md")
_URL = re.compile(r"https?://\S{40,}")
# Generated, or given from outside: nobody here chose the words or the widths.
_FOREIGN = re.compile(r"(^|/)(LICENSE|package-lock\.json)$|^tests/fuzz/corpus/")
# These two must name the words: the rule, and the test that shows that it can fail.
_NAMES_THE_WORDS = ("scripts/linting/text.py", "tests/lint/lint_test.py")
_STRAY = re.compile(r"\b(?:TODO|FIXME|XXX|HACK)\b|(?<![\w.\-}])/(?:home|work|root)/")


def _is_written(path, tree):
    return not _FOREIGN.search(path) and (path.endswith(_WRITTEN) or tree.text(path).startswith("#!"))


def file_length(tree):
    for path in tree.files:
        limit = FILE_LINES_MAX_OF.get(path, FILE_LINES_MAX)
        length = len(tree.lines(path))
        if length > limit and _is_written(path, tree) and not path.endswith(".md"):
            yield Finding(path, limit + 1, f"a file of {length} lines; at most {limit}")


def python_function_length(tree):
    for path in tree.files:
        if not path.endswith(".py"):
            continue
        for node in ast.walk(ast.parse(tree.text(path))):
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
                length = node.end_lineno - node.lineno + 1
                if length > PYTHON_FUNCTION_LINES_MAX:
                    yield Finding(path, node.lineno,
                                  f"a function of {length} lines; at most {PYTHON_FUNCTION_LINES_MAX}")


def _columns_max(tree):
    style = tree.text(".clang-format") if ".clang-format" in tree.files else ""
    limit = re.search(r"^ColumnLimit: *(\d+)", style, re.M)
    return int(limit[1]) if limit else COLUMNS_MAX


def line_length(tree):
    limit = _columns_max(tree)
    for path in tree.files:
        if not _is_written(path, tree):
            continue
        for number, line in enumerate(tree.lines(path), 1):
            is_table = path.endswith(".md") and line.lstrip().startswith("|")
            if len(line) > limit and not is_table and not _URL.search(line):
                yield Finding(path, number, f"a line of {len(line)} columns; at most {limit}")


def stray_word(tree):
    for path in tree.files:
        if _FOREIGN.search(path) or path in _NAMES_THE_WORDS:
            continue
        for number, line in enumerate(tree.lines(path), 1):
            for match in _STRAY.finditer(line):
                yield Finding(path, number, f"stray {match[0]}")
