#include "supervisor/app/run.hpp"

#include "procfiles/load.hpp"
#include "supervisor/app/master.hpp"
#include "supervisor/os/inheritance.hpp"

#include <iostream>
#include <malloc.h>
#include <utility>

namespace pandora::supervisor::app {

int run(const std::vector<std::filesystem::path>& files, const procfiles::LoadOptions& options)
{
    os::mend_inheritance();
    os::ignore_stray_signals();
    procfiles::Loaded loaded = procfiles::load(files, options);
    for (const procfiles::Problem& warning : loaded.warnings) std::cerr << describe(warning) << '\n';
    ::malloc_trim(0); // reading a large procfile takes several times what it says; that need not stay with us
    return Master{std::move(loaded.app)}.run();
}

} // namespace pandora::supervisor::app
