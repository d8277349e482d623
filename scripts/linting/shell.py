"""Rules on shell scripts."""

import re
import shutil
import subprocess

from linting.tree import Finding

_SHEBANG = re.compile(r"#!.*\b(?:ba)?sh\b")
_BASH_MESSAGE = re.compile(r".*?: line (\d+): (.*)")
_SHELLCHECK_MESSAGE = re.compile(r"(.*?):(\d+):\d+: (.*)")


def _scripts(tree):
    return [path for path in tree.files if path.endswith(".sh") or _SHEBANG.match(tree.text(path))]


def _run(tree, *command):
    return subprocess.run(command, cwd=tree.root, capture_output=True, text=True, check=False)


def shell_syntax(tree):
    for path in _scripts(tree):
        checked = _run(tree, "bash", "-n", path)
        if checked.returncode != 0:
            message = _BASH_MESSAGE.match(checked.stderr)
            yield Finding(path, int(message[1]), message[2]) if message else Finding(path, 1, checked.stderr)


def shellcheck(tree):
    """Says nothing where shellcheck is not installed: `scripts/setup check` brings it."""
    scripts = _scripts(tree)
    if not scripts or not shutil.which("shellcheck"):
        return
    for line in _run(tree, "shellcheck", "-x", "-f", "gcc", *scripts).stdout.splitlines():
        if message := _SHELLCHECK_MESSAGE.match(line):
            yield Finding(message[1], int(message[2]), message[3])
