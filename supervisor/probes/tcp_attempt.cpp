#include "supervisor/probes/tcp_attempt.hpp"

#include "supervisor/probes/dialer.hpp"

#include <utility>

namespace pandora::supervisor::probes {

namespace {

class TcpAttempt final : public Running {
public:
    TcpAttempt(RunningOptions options, procfiles::TcpProbe probe, Lookups& lookups)
        : Running{std::move(options)}, probe_{std::move(probe)}, dialer_{io(), lookups}
    {}

private:
    void work() override
    {
        dialer_.dial(probe_.host, probe_.port, [this, self = shared_from_this()](const std::string& trouble) {
            trouble.empty() ? pass("connected") : fail(trouble);
        });
    }

    void release() override { dialer_.close(); }

    procfiles::TcpProbe probe_;
    Dialer dialer_;
};

} // namespace

std::shared_ptr<Running> tcp_attempt(RunningOptions options, const procfiles::TcpProbe& probe, Lookups& lookups)
{
    return std::make_shared<TcpAttempt>(std::move(options), probe, lookups);
}

} // namespace pandora::supervisor::probes
