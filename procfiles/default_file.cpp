#include "procfiles/default_file.hpp"

#include <array>
#include <system_error>

namespace pandora::procfiles {

std::filesystem::path default_file(const std::filesystem::path& folder)
{
    constexpr std::array names{"procfile.yml", "procfile.yaml", "process-compose.yml", "process-compose.yaml",
                               "Procfile"};
    for (const char* name : names) {
        std::error_code ignored;
        if (std::filesystem::exists(folder / name, ignored)) return folder / name;
    }
    return folder / names.front();
}

} // namespace pandora::procfiles
