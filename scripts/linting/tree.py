"""The files that the rules read, and what a rule yields."""

import os
import subprocess
from functools import cache
from pathlib import Path
from typing import NamedTuple

PRODUCT_ROOTS = ("supervisor", "hub", "metrics", "procfiles")
CPP_SUFFIXES = (".cpp", ".hpp", ".c", ".h")
SKIPPED_FOLDERS = {".git", "build", "node_modules", "__pycache__"}


class Finding(NamedTuple):
    path: str
    line: int
    what: str


class Tree:
    """A checkout. `files` holds root-relative paths with forward slashes; binary files have no lines."""

    def __init__(self, root):
        self.root = Path(root).resolve()
        self.files = sorted(_git_files(self.root) or _walked_files(self.root))
        self.text = cache(self._read)

    def _read(self, path):
        try:
            return (self.root / path).read_text(encoding="utf-8")
        except UnicodeDecodeError:
            return ""

    def lines(self, path):
        return self.text(path).splitlines()

    def cpp_files(self, roots=PRODUCT_ROOTS + ("tests",)):
        return [path for path in self.files if path.endswith(CPP_SUFFIXES) and path.split("/")[0] in roots]


def folder_of(path):
    return path.rpartition("/")[0]


def line_of(text, offset):
    return text.count("\n", 0, offset) + 1


def _git_files(root):
    """Tracked files, and new ones that are not ignored; nothing without git, or outside of a checkout."""
    if not (root / ".git").exists():
        return []
    command = ["git", "-C", str(root), "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    try:
        listed = subprocess.run(command, capture_output=True, check=True).stdout.decode().split("\0")
    except (OSError, subprocess.CalledProcessError):
        return []
    return {path for path in listed if path and (root / path).is_file()}


def _walked_files(root):
    for folder, subfolders, names in os.walk(root):
        subfolders[:] = [name for name in subfolders if name not in SKIPPED_FOLDERS]
        for name in names:
            yield (Path(folder) / name).relative_to(root).as_posix()
