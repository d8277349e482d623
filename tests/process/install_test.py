"""`cmake --install` makes a prefix that works: the program runs, and another project builds against the client."""

import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

BUILD = os.environ["PANDORA_BUILD"]
SANITIZE = os.environ.get("PANDORA_SANITIZE")

PROJECT = """
cmake_minimum_required(VERSION 3.25)
project(consumer LANGUAGES CXX)
set(CMAKE_CXX_STANDARD 20)
find_package(pandora REQUIRED)
add_executable(consumer main.cpp)
target_link_libraries(consumer PRIVATE pandora::hub_client)
"""

PROGRAM = """
#include <hub/client/cpp/client.hpp>
int main()
{
    boost::asio::io_context io;
    pandora::hub::client::Client hub{io, {.socket_path = "/nonexistent/hub.sock"}};
    hub.on_lost([&](const std::string&) { io.stop(); });
    hub.start();
    io.run();
}
"""


class Install(unittest.TestCase):
    def run_in(self, folder, *command):
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=280)
        self.assertEqual(done.returncode, 0, f"{command}\n{done.stdout}{done.stderr}")
        return done.stdout

    def test_the_prefix_works(self):
        with tempfile.TemporaryDirectory() as folder:
            prefix = pathlib.Path(folder) / "prefix"
            self.run_in(folder, "cmake", "--install", BUILD, "--prefix", str(prefix))
            self.assertTrue((prefix / "share/pandora/procfile.schema.json").is_file())
            self.assertIn("pandora 0.", self.run_in(folder, str(prefix / "bin" / "pandora"), "--version"))
            (pathlib.Path(folder) / "CMakeLists.txt").write_text(PROJECT)
            (pathlib.Path(folder) / "main.cpp").write_text(PROGRAM)
            self.run_in(folder, "cmake", "-S", ".", "-B", "build", "-G", "Ninja", f"-DCMAKE_PREFIX_PATH={prefix}",
                        f"-DCMAKE_CXX_FLAGS={'-fsanitize=' + SANITIZE if SANITIZE else ''}")
            self.run_in(folder, "cmake", "--build", "build")
            self.run_in(folder, "build/consumer")


if __name__ == "__main__":
    sys.exit(unittest.main())
