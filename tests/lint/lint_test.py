#!/usr/bin/env python3
"""Each rule of scripts/lint against tiny trees: one that breaks it, one that does not."""

import shutil
import subprocess
import sys
import tempfile
import unittest
from importlib.machinery import SourceFileLoader
from importlib.util import module_from_spec, spec_from_loader
from pathlib import Path

sys.dont_write_bytecode = True
ROOT = Path(__file__).resolve().parents[2]


def _load_lint():
    loader = SourceFileLoader("lint", str(ROOT / "scripts" / "lint"))
    module = module_from_spec(spec_from_loader("lint", loader))
    loader.exec_module(module)
    return module


lint = _load_lint()
RULES = {rule.__name__: rule for rule in lint.RULES}
seen_to_fail = set()


class Case(unittest.TestCase):
    def found(self, rule, files):
        """The findings of `rule`, as "path:line", in a tree of `files`: path -> text."""
        with tempfile.TemporaryDirectory() as folder:
            for path, text in files.items():
                (Path(folder) / path).parent.mkdir(parents=True, exist_ok=True)
                (Path(folder) / path).write_text(text, encoding="utf-8")
            findings = list(RULES[rule](lint.Tree(folder)))
        return [f"{finding.path}:{finding.line}" for finding in findings]

    def rejects(self, rule, files, *places):
        self.assertEqual(self.found(rule, files), list(places))
        seen_to_fail.add(rule)

    def accepts(self, rule, files):
        self.assertEqual(self.found(rule, files), [])


class Arrows(Case):
    def test_an_include_names_a_file_as_seen_from_the_root(self):
        files = {"hub/wire/frame.hpp": "", "hub/wire/frame.cpp": '#include "frame.hpp"\n'}
        self.rejects("include_from_root", files, "hub/wire/frame.cpp:1")
        files["hub/wire/frame.cpp"] = '#include "hub/wire/frame.hpp"\n'
        self.accepts("include_from_root", files)

    def test_an_include_against_an_arrow_is_found(self):
        for source, target in (
            ("hub/wire/a.cpp", "hub/core/b.hpp"),
            ("hub/core/a.hpp", "hub/net/b.hpp"),
            ("hub/net/a.cpp", "hub/hub.hpp"),
            ("hub/client/cpp/a.cpp", "hub/core/b.hpp"),
            ("hub/hub.cpp", "metrics/b.hpp"),
            ("hub/hub.cpp", "hub/client/cpp/b.hpp"),
            ("metrics/a.cpp", "metrics/http/b.hpp"),
            ("metrics/a.cpp", "procfiles/spec.hpp"),
            ("procfiles/a.cpp", "supervisor/core/b.hpp"),
            ("supervisor/core/a.cpp", "procfiles/load.hpp"),
            ("supervisor/core/a.cpp", "supervisor/os/b.hpp"),
            ("supervisor/driver.cpp", "supervisor/control/b.hpp"),
            ("supervisor/control/a.cpp", "supervisor/driver.hpp"),
            ("supervisor/cli/a.cpp", "supervisor/app/b.hpp"),
            ("supervisor/cli/a.cpp", "supervisor/control/supervisor_object.hpp"),
            ("supervisor/app/a.cpp", "supervisor/cli/b.hpp"),
            ("supervisor/main.cpp", "supervisor/core/b.hpp"),
            ("supervisor/app/a.cpp", "tests/support/b.hpp"),
        ):
            with self.subTest(source=source, target=target):
                self.rejects("arrow", {source: f'// first\n#include "{target}"\n', target: ""}, f"{source}:2")

    def test_an_include_along_an_arrow_is_not(self):
        for source, target in (
            ("hub/hub.cpp", "hub/net/b.hpp"),
            ("hub/hub.cpp", "hub/hub.hpp"),
            ("hub/net/a.cpp", "hub/core/b.hpp"),
            ("hub/core/a.cpp", "hub/wire/b.hpp"),
            ("hub/client/cpp/a.cpp", "hub/wire/b.hpp"),
            ("metrics/http/a.cpp", "metrics/b.hpp"),
            ("procfiles/examples/demo/a.cpp", "hub/client/cpp/b.hpp"),
            ("supervisor/core/a.cpp", "procfiles/spec.hpp"),
            ("supervisor/driver.cpp", "supervisor/logs/b.hpp"),
            ("supervisor/driver.cpp", "supervisor/driver.hpp"),
            ("supervisor/cli/a.cpp", "supervisor/control/messages.hpp"),
            ("supervisor/main.cpp", "supervisor/cli/b.hpp"),
            ("tests/simulation/a.cpp", "supervisor/app/b.hpp"),
        ):
            with self.subTest(source=source, target=target):
                self.accepts("arrow", {source: f'#include "{target}"\n', target: ""})

    def test_a_folder_without_a_row_is_found(self):
        self.rejects("arrow", {"supervisor/plugins/a.cpp": ""}, "supervisor/plugins/a.cpp:1")

    def test_each_third_party_library_has_one_home(self):
        for header, home, elsewhere in (
            ("yaml-cpp/yaml.h", "procfiles/document.cpp", "procfiles/validate.cpp"),
            ("prometheus/registry.h", "metrics/exporter.cpp", "metrics/http/server.cpp"),
            ("boost/beast/http.hpp", "metrics/http/server.cpp", "metrics/exporter.cpp"),
            ("boost/process/v2/process.hpp", "supervisor/os/spawn.cpp", "supervisor/driver.cpp"),
            ("simdjson.h", "hub/wire/legacy.cpp", "hub/core/router.cpp"),
            ("CLI/CLI.hpp", "supervisor/cli/ps.cpp", "supervisor/app/run.cpp"),
            ("gtest/gtest.h", "tests/unit/hub/a_test.cpp", "hub/core/router.cpp"),
        ):
            with self.subTest(header=header):
                self.accepts("third_party", {home: f"#include <{header}>\n"})
                self.rejects("third_party", {elsewhere: f"#include <{header}>\n"}, f"{elsewhere}:1")

    def test_pure_code_neither_asks_nor_acts(self):
        for line in (
            "#include <boost/asio/io_context.hpp>",
            "#include <thread>",
            "#include <sys/socket.h>",
            "#include <unistd.h>",
            "auto now = std::chrono::steady_clock::now();",
            "auto now = Clock::system_clock::now();",
            'auto home = std::getenv("HOME");',
            'printf("x");',
            "std::cout << x;",
            "    ::close(fd);",
        ):
            for path in ("hub/core/a.cpp", "supervisor/core/a.hpp", "procfiles/validate.cpp"):
                with self.subTest(line=line, path=path):
                    self.rejects("pure", {path: f"\n{line}\n"}, f"{path}:2")
            with self.subTest(line=line):
                self.accepts("pure", {"hub/net/a.cpp": f"{line}\n"})

    def test_pure_code_may_speak_of_the_world(self):
        self.accepts("pure", {"supervisor/core/a.cpp":
                              "#include <sys/types.h>\n"
                              "// never steady_clock::now() here; printf neither\n"
                              'auto a = Action::kill(1); auto t = "std::cout"; TimePoint now;\n'
                              "queue.close();\n"})

    def test_a_cycle_of_files_is_found(self):
        files = {"hub/wire/a.hpp": '#include "hub/wire/b.hpp"\n',
                 "hub/wire/b.hpp": '#include "hub/wire/a.hpp"\n'}
        self.rejects("cycle", files, "hub/wire/a.hpp:1")
        self.accepts("cycle", {"hub/wire/a.hpp": '#include "hub/wire/b.hpp"\n', "hub/wire/b.hpp": ""})

    def test_a_cycle_of_folders_is_found_where_no_file_repeats(self):
        files = {"hub/core/a.hpp": '#include "hub/net/b.hpp"\n', "hub/net/b.hpp": "",
                 "hub/net/c.hpp": '#include "hub/core/d.hpp"\n', "hub/core/d.hpp": ""}
        self.rejects("cycle", files, "hub/core:1")

    def test_the_table_of_arrows_has_no_cycle(self):
        table = {unit: [lint.arrows.unit_of(target) for target in targets]
                 for unit, targets in lint.arrows.ARROWS.items()}
        self.assertEqual(lint.arrows._cycles(table), [])


def lines(count):
    return "    work();\n" * count


class Cpp(Case):
    def test_the_allowed_forms_of_co_await(self):
        self.accepts("co_await_form", {"hub/net/a.cpp": "task t()\n{\n"
                     "    co_await ready;\n"
                     "    auto got = co_await read(buffer, token);\n"
                     "    const auto got = co_await std::move(read);\n"
                     "    auto&& got = co_await (read || timer.async_wait(token));\n"
                     "    auto [error, bytes] = co_await read;\n"
                     "    for (;;) co_return;\n"
                     "    // if (co_await x) is not allowed\n}\n"})

    def test_every_other_form_of_co_await_is_found(self):
        for line in (
            "if (co_await ready) stop();",
            "while (auto got = co_await read) go();",
            "for (;;) co_await ready;",
            "return co_await ready;",
            "got = co_await read;",
            "use(co_await read);",
            "auto got = co_await read([self] { go(); });",
            "co_await send(Message{1});",
            "co_await send(\n        {1, 2});",
            "co_await (big ? a : b);",
            "auto sum = co_await a + co_await b;",
            "co_spawn(co_await this_coro::executor, run);",
        ):
            with self.subTest(line=line):
                found = self.found("co_await_form", {"hub/net/a.cpp": f"task t()\n{{\n    {line}\n}}\n"})
                self.assertEqual(set(found), {"hub/net/a.cpp:3"})
        seen_to_fail.add("co_await_form")

    def test_a_function_may_have_70_lines_and_not_one_more(self):
        for head in (
            "void f()",
            "TEST(Frame, IsShort)",
            "Router::Router(int a) : a_{a}, b_(a), c_{{1, 2}}",
            "auto f(int a = 1) const noexcept -> std::vector<int>",
            "template <class T = int>\nbool operator==(const T& a, const T& b)",
            "namespace a::b {\nstruct S : Base {\n    int x = f(1);\n    Y y{g(2)};\n    void f() override",
        ):
            with self.subTest(head=head):
                closing = "}\n" * (1 + head.count(" {\n"))
                first = head.count("\n") + 2
                self.accepts("function_length", {"hub/a.cpp": f"{head}\n{{\n{lines(68)}{closing}"})
                longer = {"hub/a.cpp": f"{head}\n{{\n{lines(69)}{closing}"}
                self.rejects("function_length", longer, f"hub/a.cpp:{first}")

    def test_what_only_looks_like_a_function_may_be_longer(self):
        for text in (
            f"namespace a {{\n{lines(99)}}}\n",
            "enum class E : std::uint8_t {\n" + "    a,\n" * 99 + "};\n",
            "constexpr auto table = std::to_array<Row>({\n" + "    {1, 2},\n" * 99 + "});\n",
            "const std::map<int, int> table = {\n" + "    {1, 2},\n" * 99 + "};\n",
            'const char* text = R"(void f()\n{\n' + "line\n" * 99 + '})";\n',
            "/* void f()\n{\n" + "line\n" * 99 + "} */\n",
        ):
            with self.subTest(text=text[:30]):
                self.accepts("function_length", {"hub/a.cpp": text})

    def test_braces_and_quotes_in_literals_do_not_confuse(self):
        text = "int f()\n{\n    g('{', \"}\", 1'000, '\\'', \"\\\"{\");\n}\n\nint h()\n{\n}\n"
        self.assertEqual(list(lint.cpp.function_lengths(text)), [(2, 3), (7, 2)])


class Text(Case):
    def test_a_file_may_have_500_lines_and_main_60(self):
        for path, limit in (("hub/a.cpp", 500), ("scripts/deploy", 500), ("supervisor/main.cpp", 60)):
            with self.subTest(path=path):
                start = "#!/bin/bash\n"
                self.accepts("file_length", {path: start + "x\n" * (limit - 1)})
                self.rejects("file_length", {path: start + "x\n" * limit}, f"{path}:{limit + 1}")

    def test_a_python_function_has_a_length_too(self):
        longer = {"scripts/a.py": "\ndef f():\n" + "    g()\n" * 70}
        self.accepts("python_function_length", {"scripts/a.py": "def f():\n" + "    g()\n" * 69})
        self.rejects("python_function_length", longer, "scripts/a.py:2")

    def test_a_line_is_as_wide_as_the_formatter_allows(self):
        style = {".clang-format": "BasedOnStyle: LLVM\nColumnLimit: 80\n"}
        self.accepts("line_length", {"hub/a.cpp": "ä" * 80 + "\n", **style})
        self.rejects("line_length", {"hub/a.cpp": "\n" + "a" * 81 + "\n", **style}, "hub/a.cpp:2")
        self.rejects("line_length", {"hub/a.cpp": "a" * 111 + "\n"}, "hub/a.cpp:1")

    def test_urls_tables_and_generated_files_may_be_wider(self):
        wide = "a" * 120
        self.accepts("line_length", {"README.md": f"| {wide} |\nhttps://example.org/{wide}\n",
                                     "tests/interop/package-lock.json": wide, "hub/picture.svg": wide})
        self.rejects("line_length", {"README.md": f"{wide}\n"}, "README.md:1")

    def test_a_stray_word_is_found(self):
        for word in ("// TODO later", "FIXME", "XXX", "HACK", "cd /home/me", '"/work/build"', "=/root/x"):
            with self.subTest(word=word):
                self.rejects("stray_word", {"hub/a.cpp": f"\n{word}\n"}, "hub/a.cpp:2")

    def test_a_word_that_only_contains_one_is_not(self):
        text = 'mkdtemp("/tmp/a-XXXXXX"); // sysroot/ docs/work/ todo HACKING\n'
        self.accepts("stray_word", {"hub/a.cpp": text})


class Folders(Case):
    def test_a_folder_with_sources_has_a_short_readme(self):
        for source, path in (
            ("hub/wire/a.cpp", "hub/wire/README.md"),
            ("metrics/dashboard/index.html", "metrics/dashboard/README.md"),
            ("scripts/linting/a.py", "scripts/README.md"),
            ("tests/unit/hub/wire/a_test.cpp", "tests/unit/README.md"),
        ):
            with self.subTest(source=source):
                self.rejects("readme", {source: ""}, f"{path}:1")
                self.rejects("readme", {source: "", path: "x\n" * 21}, f"{path}:21")
                self.accepts("readme", {source: "", path: "x\n" * 20})

    def test_a_unit_test_mirrors_a_source(self):
        test = "tests/unit/hub/wire/frame_test.cpp"
        self.rejects("unit_mirror", {test: ""}, f"{test}:1")
        self.rejects("unit_mirror", {test: "", "hub/core/frame.cpp": ""}, f"{test}:1")
        self.accepts("unit_mirror", {test: "", "hub/wire/frame.hpp": ""})

    def test_a_file_that_no_build_would_pick_up_is_found(self):
        test = "tests/unit/hub/wire/frame_tests.cpp"
        self.rejects("unit_mirror", {test: "", "hub/wire/frame.hpp": ""}, f"{test}:1")

    def test_a_vague_name_is_found(self):
        for path in ("hub/utils.hpp", "supervisor/common/a.cpp", "tests/helper.py", "hub/misc/a.cpp"):
            with self.subTest(path=path):
                self.rejects("vague_name", {path: ""}, f"{path}:1")
        self.accepts("vague_name", {"hub/utility_meter.hpp": "", "hub/uncommon.cpp": ""})


class Shell(Case):
    def test_a_script_that_bash_cannot_parse_is_found(self):
        self.rejects("shell_syntax", {"scripts/a": "#!/usr/bin/env bash\n\nif true; then\n"}, "scripts/a:4")
        self.accepts("shell_syntax", {"scripts/a": "#!/bin/bash\ntrue\n", "hub/a.cpp": "if ("})

    @unittest.skipUnless(shutil.which("shellcheck"), "shellcheck is not installed")
    def test_what_shellcheck_says_is_found(self):
        self.rejects("shellcheck", {"scripts/a.sh": "#!/bin/bash\nrm $1\n"}, "scripts/a.sh:2")
        self.accepts("shellcheck", {"scripts/a.sh": '#!/bin/bash\nrm "$1"\n'})


class Command(unittest.TestCase):
    def run_lint(self, folder):
        command = [str(ROOT / "scripts" / "lint"), folder]
        return subprocess.run(command, capture_output=True, text=True, check=False)

    def test_names_the_place_and_the_rule_and_fails(self):
        with tempfile.TemporaryDirectory() as folder:
            (Path(folder) / "a.txt").write_text("FIXME\n", encoding="utf-8")
            done = self.run_lint(folder)
        self.assertEqual((done.returncode, done.stdout), (1, "a.txt:1: stray FIXME [stray_word]\n"))

    def test_succeeds_on_a_clean_tree(self):
        with tempfile.TemporaryDirectory() as folder:
            (Path(folder) / "a.txt").write_text("fine\n", encoding="utf-8")
            self.assertEqual(self.run_lint(folder).returncode, 0)

    @unittest.skipUnless(shutil.which("git"), "git is not installed")
    def test_reads_what_git_tracks_or_would_and_not_what_it_ignores(self):
        with tempfile.TemporaryDirectory() as folder:
            files = {".gitignore": "ignored.txt\n", "ignored.txt": "FIXME\n", "new.txt": "HACK\n"}
            for name, text in files.items():
                (Path(folder) / name).write_text(text, encoding="utf-8")
            subprocess.run(["git", "init", "-q", folder], check=True)
            self.assertEqual(self.run_lint(folder).stdout, "new.txt:1: stray HACK [stray_word]\n")


def load_tests(loader, tests, pattern):
    """The last test asks what the others have seen, so it is put last."""
    del pattern
    last = unittest.FunctionTestCase(every_rule_is_seen_to_fail, description="every rule is seen to fail")
    return unittest.TestSuite([tests, last])


def every_rule_is_seen_to_fail():
    unseen = set(RULES) - seen_to_fail
    if not shutil.which("shellcheck"):
        unseen.discard("shellcheck")
    assert not unseen, f"no test makes these rules fail: {sorted(unseen)}"


if __name__ == "__main__":
    unittest.main()
