#include "supervisor/app/narration.hpp"

#include <gtest/gtest.h>

#include <csignal>

namespace pandora::supervisor::app {
namespace {

using core::Announce;
using core::State;
using namespace std::chrono_literals;

TEST(Narration, TellsWhatHappenedAndWhatFollows)
{
    struct Row {
        Announce change;
        std::optional<std::string> want;
    };

    const Row rows[] = {
        {{.to = State::starting}, std::nullopt},
        {{.to = State::ready}, "ready"},
        {{.to = State::stopping}, "stopping"},
        {{.to = State::stopping, .cause = "ending the rest of its process group"},
         "ending the rest of its process group"},
        {{.to = State::backoff, .end = core::End{core::Killed{SIGSEGV, true}, {}}, .delay = 400ms},
         "ended: SIGSEGV (core dumped); restarting in 400 ms"},
        {{.to = State::backoff,
          .end = core::End{core::NotStarted{"cannot execute ./x: No such file or directory"}, {}},
          .delay = 1s},
         "cannot execute ./x: No such file or directory; restarting in 1000 ms"},
        {{.to = State::completed, .end = core::End{core::Exited{0}, {}}}, "ended: exit 0"},
        {{.to = State::pending}, std::nullopt},
        {{.to = State::pending, .end = core::End{core::Killed{SIGTERM}, {}}, .cause = "restart asked for"},
         "ended: SIGTERM; restart asked for"},
        {{.to = State::backoff, .end = core::End{core::Killed{SIGTERM}, "liveness failed 3x: exit 1"}, .delay = 1s},
         "ended: liveness failed 3x: exit 1, SIGTERM; restarting in 1000 ms"},
        {{.to = State::scheduled, .end = core::End{core::Exited{0}, {}}}, "ended: exit 0; waits for its next time"},
        {{.to = State::listening, .end = core::End{core::Exited{0}, {}}}, "ended: exit 0; waits for a connection"},
        {{.to = State::completed, .end = core::End{core::Killed{SIGTERM}, {}}, .cause = "stopped"}, "stopped"},
        {{.to = State::completed, .cause = "stopped before it started"}, "stopped before it started"},
        {{.to = State::failed, .end = core::End{core::Exited{3}, {}}}, "ended: exit 3; stays down"},
        {{.to = State::failed, .end = core::End{core::Exited{3}, {}}, .cause = "gave up after 5 restarts in 60 s"},
         "ended: exit 3; gave up after 5 restarts in 60 s"},
    };
    for (const auto& row : rows) EXPECT_EQ(narrate(row.change), row.want);
}

} // namespace
} // namespace pandora::supervisor::app
