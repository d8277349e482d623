#include "supervisor/probes/hub_attempt.hpp"

#include <utility>

namespace pandora::supervisor::probes {

namespace {

class HubAttempt final : public Running {
public:
    HubAttempt(RunningOptions options, std::function<void(Answered)> ask)
        : Running{std::move(options)}, ask_{std::move(ask)}
    {}

private:
    void work() override
    {
        const auto ask = std::exchange(ask_, nullptr);
        if (!ask) return fail("there is no hub to ask");
        // Not owned by whoever answers: a hub that never does would keep every attempt for ever.
        ask([self = std::weak_ptr{shared_from_this()}](Answer heard) {
            if (const auto attempt = std::static_pointer_cast<HubAttempt>(self.lock()))
                attempt->answer(std::move(heard));
        });
    }

    void release() override {}

    std::function<void(Answered)> ask_;
};

} // namespace

std::shared_ptr<Running> hub_attempt(RunningOptions options, std::function<void(Answered)> ask)
{
    return std::make_shared<HubAttempt>(std::move(options), std::move(ask));
}

} // namespace pandora::supervisor::probes
