#include "procfiles/default_file.hpp"

#include "procfiles/load.hpp"
#include "procfiles/quote.hpp"

#include <array>
#include <string>
#include <system_error>

namespace pandora::procfiles {

namespace {

constexpr std::array names{"procfile.yml", "procfile.yaml", "process-compose.yml", "process-compose.yaml", "Procfile"};

/// A link that leads nowhere is there, too: it is not for us to take another file than the one that was meant.
bool is_there(const std::filesystem::path& file)
{
    std::error_code ignored;
    return std::filesystem::exists(std::filesystem::symlink_status(file, ignored));
}

Problem none_here()
{
    std::string others;
    for (std::size_t i = 1; i < names.size(); ++i)
        others += (i + 1 == names.size() ? " or " : i == 1 ? "" : ", ") + quote(names[i]);
    return {.message = "there is no such file here, nor " + others + "; name your procfile as an argument",
            .file = names.front()};
}

} // namespace

std::optional<std::filesystem::path> find_default_file(const std::filesystem::path& folder)
{
    for (const char* name : names)
        if (is_there(folder / name)) return folder / name;
    return std::nullopt;
}

std::filesystem::path default_file(const std::filesystem::path& folder)
{
    if (auto found = find_default_file(folder)) return *std::move(found);
    throw LoadError{{none_here()}};
}

} // namespace pandora::procfiles
