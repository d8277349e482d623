// The name of one life of a master, by which the processes it started are known when it is no more.
#pragma once

#include <filesystem>
#include <string>

namespace pandora::supervisor::os {

/// 128 random bits, in hexadecimal. Throws std::system_error.
std::string make_run_id();

/// Where the id of the app's latest run is kept.
std::filesystem::path run_id_file(const std::filesystem::path& run_directory);

/// Empty where there was no run yet. To be read under the run directory's lock.
std::string previous_run_id(const std::filesystem::path& run_directory);

/// After nothing is left of the previous run, and before anything of this one is started: at no time may processes run
/// whose id is not in the file. Throws std::system_error.
void keep_run_id(const std::filesystem::path& run_directory, const std::string& id);

} // namespace pandora::supervisor::os
