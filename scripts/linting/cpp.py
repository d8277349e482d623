"""Rules that read C++ itself: by braces and parentheses, without a parser."""

import re

from linting.tree import Finding, line_of

FUNCTION_LINES_MAX = 70

_NOT_CODE = re.compile(
    r"//[^\n]*|/\*.*?\*/"
    r'|R"(?P<mark>[^()\\\s]{0,16})\(.*?\)(?P=mark)"'
    r'|"(?:\\.|[^"\\\n])*"'
    r"|(?<![0-9A-Za-z_])(?:u8|[uUL])?'(?:\\.|[^'\\\n])+'",
    re.S)


def masked(text):
    """`text` with comments, strings and characters blanked out, so that offsets and lines stay true."""
    return _NOT_CODE.sub(lambda match: re.sub(r"[^\n]", " ", match[0]), text)


# g++ 12 destroys some temporaries of a co_await expression twice, so only these two forms are used.
_CO_AWAIT = re.compile(r"\bco_await\b")
_FORM = re.compile(r"(?:(?:const\s+)?auto(?:&&)?\s+(?:\w+|\[[\w\s,]+\])\s*=\s*)?\Z")
_TEMPORARY = re.compile(r"[{}\[\]?]|\bco_await\b")


def co_await_form(tree):
    for path in tree.cpp_files():
        if "co_await" not in tree.text(path):
            continue
        code = masked(tree.text(path))
        for match in _CO_AWAIT.finditer(code):
            start = max(code.rfind(mark, 0, match.start()) for mark in ";{}") + 1
            before = code[start:match.start()].lstrip()
            awaited = _until_statement_end(code, match.end())
            if awaited is None or not _FORM.match(before) or _TEMPORARY.search(awaited):
                yield Finding(path, line_of(code, match.start()),
                              "only `co_await x;` and `auto r = co_await x;`, with named arguments")


def _until_statement_end(code, start):
    """The code up to the `;` that ends the statement; None where an outer bracket closes first."""
    depth = 0
    for offset in range(start, len(code)):
        letter = code[offset]
        if letter in "([{":
            depth += 1
        elif letter in ")]}":
            depth -= 1
            if depth < 0:
                return None
        elif letter == ";" and depth == 0:
            return code[start:offset]
    return None


def function_length(tree):
    for path in tree.cpp_files():
        for line, length in function_lengths(tree.text(path)):
            if length > FUNCTION_LINES_MAX:
                yield Finding(path, line, f"a function of {length} lines; at most {FUNCTION_LINES_MAX}")


_MARK = re.compile(r"[{};]")
_SCOPE = re.compile(r"\b(?:namespace|class|struct|union|enum|extern)\b")
_PREFIX = re.compile(
    r"\A(?:\s|#[^\n]*\n|(?:public|private|protected)\s*:|template\s*<.*?>\s*(?=class|struct|union))*", re.S)
_MEMBER_INITIALISERS = re.compile(r"\)[^:]*(?<!:):(?!:)")


def function_lengths(text):
    """(line, number of lines) of each function body outside of other functions, braces included."""
    code = masked(text)
    stack = []  # of (kind, offset of the brace, head to go on with after the closing brace)
    head = 0
    glued = ""
    for match in _MARK.finditer(code):
        here, letter = match.start(), match[0]
        if letter == "{":
            text_before = glued + code[head:here]
            inside = any(kind in ("function", "braces") for kind, _, _ in stack)
            kind = "braces" if inside else _kind(text_before)
            stack.append((kind, here, text_before))
            glued = ""
        elif letter == "}":
            glued = ""
            if stack:
                kind, opened, text_before = stack.pop()
                if kind == "function":
                    first = line_of(code, opened)
                    yield first, line_of(code, here) - first + 1
                elif kind == "initialiser":
                    glued = text_before + "{}"
        elif not any(kind == "initialiser" for kind, _, _ in stack):
            glued = ""
        head = here + 1


def _kind(head):
    """What the brace after `head` opens, where no function encloses it."""
    head = _PREFIX.sub("", head).rstrip()
    first = head.split("(")[0]
    if _SCOPE.search(first) and not head.endswith(")"):
        return "scope"
    if ")" not in head or re.search(r"(?<![=!<>])=(?!=)[^)]*\Z", head):
        return "braces"
    if _MEMBER_INITIALISERS.search(head) and re.search(r"[\w>]\Z", head):
        return "initialiser"
    return "function"
