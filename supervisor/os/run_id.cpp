#include "supervisor/os/run_id.hpp"

#include "supervisor/os/unique_fd.hpp"

#include <array>
#include <cerrno>
#include <fcntl.h>
#include <fstream>
#include <string_view>
#include <sys/random.h>
#include <system_error>
#include <unistd.h>

namespace pandora::supervisor::os {

namespace {

namespace fs = std::filesystem;

constexpr std::size_t id_bytes = 16;
constexpr std::string_view digits = "0123456789abcdef";

[[noreturn]] void fail(const fs::path& file) { throw std::system_error{errno, std::generic_category(), file.string()}; }

/// A file that was cut short names no run: its text could be the start of another's.
bool is_run_id(const std::string& text)
{
    return text.size() == 2 * id_bytes && text.find_first_not_of(digits) == std::string::npos;
}

} // namespace

std::string make_run_id()
{
    std::array<unsigned char, id_bytes> bytes{};
    if (::getrandom(bytes.data(), bytes.size(), 0) != static_cast<ssize_t>(bytes.size())) fail("getrandom");
    std::string id;
    for (const auto byte : bytes) {
        id += digits[byte >> 4];
        id += digits[byte & 15];
    }
    return id;
}

fs::path run_id_file(const fs::path& run_directory) { return run_directory / "run_id"; }

std::string previous_run_id(const fs::path& run_directory)
{
    std::ifstream file{run_id_file(run_directory)};
    std::string id;
    file >> id;
    return is_run_id(id) ? id : std::string{};
}

/// By a rename: whoever dies in between leaves the id of the previous run.
void keep_run_id(const fs::path& run_directory, const std::string& id)
{
    const auto file = run_id_file(run_directory);
    const auto fresh = file.native() + ".new";
    const UniqueFd fd{::open(fresh.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600)};
    const auto text = id + "\n";
    if (!fd || ::write(fd.get(), text.data(), text.size()) != static_cast<ssize_t>(text.size())) fail(fresh);
    if (::rename(fresh.c_str(), file.c_str()) != 0) fail(file);
}

} // namespace pandora::supervisor::os
