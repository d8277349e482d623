#include "supervisor/probes/prober.hpp"

#include "supervisor/probes/exec_attempt.hpp"
#include "supervisor/probes/http_attempt.hpp"
#include "supervisor/probes/hub_attempt.hpp"
#include "supervisor/probes/lookups.hpp"
#include "supervisor/probes/tcp_attempt.hpp"
#include "supervisor/probes/unix_attempt.hpp"

#include <system_error>
#include <utility>
#include <variant>

namespace pandora::supervisor::probes {

namespace {

/// One that cannot even be begun.
class Unstarted final : public Running {
public:
    Unstarted(RunningOptions options, std::string why) : Running{std::move(options)}, why_{std::move(why)} {}

private:
    void work() override { fail(why_); }

    void release() override {}

    std::string why_;
};

struct Means {
    const Surroundings& surroundings;
    Lookups& lookups;
    HttpTls& tls;
};

std::shared_ptr<Running> make(RunningOptions options, const procfiles::ExecProbe& probe, const Means& means)
{
    try {
        auto request = means.surroundings.command(probe.command, probe.working_dir);
        return exec_attempt(std::move(options), std::move(request));
    } catch (const std::system_error& error) {
        return std::make_shared<Unstarted>(std::move(options), error.what());
    }
}

std::shared_ptr<Running> make(RunningOptions options, const procfiles::HttpProbe& probe, const Means& means)
{
    return http_attempt(std::move(options), probe, means.lookups, means.tls);
}

std::shared_ptr<Running> make(RunningOptions options, const procfiles::TcpProbe& probe, const Means& means)
{
    return tcp_attempt(std::move(options), probe, means.lookups);
}

std::shared_ptr<Running> make(RunningOptions options, const procfiles::UnixProbe& probe, const Means&)
{
    return unix_attempt(std::move(options), probe);
}

std::shared_ptr<Running> make(RunningOptions options, const procfiles::HubProbe&, const Means& means)
{
    return hub_attempt(std::move(options), means.surroundings.hub);
}

} // namespace

struct Prober::Shared {
    explicit Shared(boost::asio::io_context& io) : lookups{io} {}

    Lookups lookups;
    HttpTls tls;
};

Prober::Prober(boost::asio::io_context& io) : io_{io}, shared_{std::make_unique<Shared>(io)} {}

Prober::~Prober() = default;

Attempt Prober::start(const procfiles::Probe& probe, const Surroundings& surroundings, Answered answered)
{
    const Means means{surroundings, shared_->lookups, shared_->tls};
    RunningOptions options{io_, probe.timeout, std::move(answered)};
    auto running =
        std::visit([&](const auto& action) { return make(std::move(options), action, means); }, probe.action);
    running->begin();
    return Attempt{std::move(running)};
}

} // namespace pandora::supervisor::probes
