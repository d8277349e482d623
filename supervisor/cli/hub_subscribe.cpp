#include "supervisor/cli/hub_subscribe.hpp"

#include "supervisor/cli/hub_fields.hpp"
#include "supervisor/cli/hub_outcome.hpp"

#include <optional>
#include <string>

namespace pandora::supervisor::cli {

namespace client = hub::client;

int hub_subscribe(const SubscribeWords& words)
{
    HubSession session{hub_path(words.hub)};
    std::uint64_t seen = 0;
    const auto show = [&](const std::string& event, const Json& params) {
        if (words.count != 0 && seen == words.count) return; // more of them came together
        session.print(json_text({{"event", event}, {"params", params}}));
        if (++seen == words.count) session.finish(exit_code::ok);
    };
    client::SubscribeOptions options;
    options.overflow = words.overflow;
    options.on_overflow = [](std::uint64_t lost) {
        complain(std::to_string(lost) + " events were lost: they came faster than they were read");
    };
    session.client().subscribe(words.object, words.event, show, options);
    bool published = false; // at some time since
    if (words.timeout) {
        session.client().wait_for(words.object, *words.timeout,
                                  [&](const std::optional<client::CallError>& error) { published = !error; });
        session.after(*words.timeout, [&] {
            if (words.count == 0) return session.finish(exit_code::ok);
            complain("deadline: " + std::to_string(seen) + " of " + std::to_string(words.count) + " events came" +
                     (published || seen > 0 || !session.is_online() ? "" : "; nobody publishes " + words.object));
            session.finish(exit_code::deadline);
        });
    }
    return session.run();
}

} // namespace pandora::supervisor::cli
