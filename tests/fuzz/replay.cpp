// Runs a fuzz function over a kept corpus, so that every build checks what the fuzzers have found.
#include <cstdio>
#include <exception>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size);

int main(int count, char** arguments)
{
    int files = 0;
    for (int i = 1; i < count; ++i)
        for (const auto& entry : std::filesystem::directory_iterator{arguments[i]}) {
            std::ifstream file{entry.path(), std::ios::binary};
            const std::string input{std::istreambuf_iterator<char>{file}, {}};
            std::printf("%s\n", entry.path().c_str());
            std::fflush(stdout); // the input that ends the program must be the last line
            LLVMFuzzerTestOneInput(reinterpret_cast<const unsigned char*>(input.data()), input.size());
            ++files;
        }
    return files > 0 ? 0 : 1;
}
