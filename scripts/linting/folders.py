"""Rules on what stands where."""

import re

from linting.tree import CPP_SUFFIXES, PRODUCT_ROOTS, Finding, folder_of

README_LINES_MAX = 20

_SOURCES = CPP_SUFFIXES + (".py", ".js", ".mjs", ".ts", ".html", ".sh")
_VAGUE = re.compile(r"(?:^|/)(?:utils?|common|helpers?|misc)(?=[/.]|$)")


def _explained_in(path):
    """The folder whose README.md explains `path`: in the product its own, elsewhere one near the top."""
    folder = folder_of(path)
    root = path.split("/")[0]
    if root in PRODUCT_ROOTS:
        return folder
    depth = {"scripts": 1, "tests": 2}.get(root)
    return "/".join(folder.split("/")[:depth]) if depth else None


def readme(tree):
    files = set(tree.files)
    folders = {_explained_in(path) for path in tree.files if path.endswith(_SOURCES)} - {None, "tests"}
    for path in sorted(f"{folder}/README.md" for folder in folders):
        length = len(tree.lines(path)) if path in files else 0
        if length == 0:
            yield Finding(path, 1, "is missing: what the folder is for, what it may include, where to begin")
        elif length > README_LINES_MAX:
            yield Finding(path, README_LINES_MAX + 1, f"has {length} lines; at most {README_LINES_MAX}")


def unit_mirror(tree):
    files = set(tree.files)
    for path in tree.cpp_files(("tests",)):
        if not path.startswith("tests/unit/") or not path.endswith(".cpp"):
            continue
        mirrored = path.removeprefix("tests/unit/").removesuffix(".cpp")
        if not mirrored.endswith("_test"):
            yield Finding(path, 1, "is built by nothing: a unit test's name ends in _test.cpp")
        elif not any(mirrored.removesuffix("_test") + suffix in files for suffix in CPP_SUFFIXES):
            yield Finding(path, 1, f"mirrors no {mirrored.removesuffix('_test')}.cpp or .hpp")


def vague_name(tree):
    for path in tree.files:
        if _VAGUE.search(path):
            yield Finding(path, 1, "a name that says nothing: name the file or folder after what it does")
