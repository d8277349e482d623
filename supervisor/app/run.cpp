#include "supervisor/app/run.hpp"

#include "procfiles/load.hpp"
#include "supervisor/app/master.hpp"
#include "supervisor/os/inheritance.hpp"

namespace pandora::supervisor::app {

int run(const std::filesystem::path& procfile)
{
    os::mend_inheritance();
    return Master{procfiles::load(procfile)}.run();
}

} // namespace pandora::supervisor::app
