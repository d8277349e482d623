#include "supervisor/app/outlook.hpp"

#include <gtest/gtest.h>

#include <csignal>
#include <vector>

namespace pandora::supervisor::app {
namespace {

using control::Prospect;
using core::Announce;
using core::End;
using core::Exited;
using core::Killed;
using core::State;
using namespace std::chrono_literals;

constexpr core::TimePoint start{};

struct Change {
    Announce announce;
    Circumstances circumstances = {};
};

/// One after the other, each from the state of the one before.
Outlook after(State state, const std::vector<Change>& changes)
{
    Outlook outlook{state};
    for (const auto& change : changes) {
        auto announce = change.announce;
        announce.from = state;
        announce.at = start;
        outlook.changed(announce, change.circumstances);
        state = announce.to;
    }
    return outlook;
}

End killed(int signal) { return {Killed{signal}, {}}; }

struct Row {
    const char* what;
    std::vector<Change> changes; // of one that was ready
    Prospect prospect;
    const char* cause;
};

void expect(const std::vector<Row>& rows)
{
    for (const auto& row : rows) {
        const auto outlook = after(State::ready, row.changes);
        EXPECT_EQ(outlook.prospect(), row.prospect) << row.what;
        EXPECT_EQ(outlook.cause(start), row.cause) << row.what;
    }
}

const Change crash{{.to = State::backoff, .end = killed(SIGSEGV), .delay = 400ms}};

TEST(Outlook, OfOneThatEndedByItselfSaysHowAndWhatFollows)
{
    const Change up{{.to = State::ready}};
    expect({
        {"nothing", {}, Prospect::serving, ""},
        {"a crash", {crash}, Prospect::returning, "crashed: SIGSEGV; restarting in 400 ms"},
        {"a crash, and it starts",
         {crash, {{.to = State::starting}}},
         Prospect::returning,
         "crashed: SIGSEGV; starting again"},
        {"a crash, and it is back", {crash, {{.to = State::starting}}, up}, Prospect::serving, ""},
        {"kill -9",
         {{{.to = State::backoff, .end = killed(SIGKILL), .delay = 1s}}},
         Prospect::returning,
         "killed: SIGKILL; restarting in 1000 ms"},
        {"out of memory",
         {{{.to = State::backoff, .end = End{Killed{SIGKILL}, "killed for memory"}, .delay = 1s}}},
         Prospect::returning,
         "killed for memory; restarting in 1000 ms"},
        {"given up",
         {{{.to = State::failed, .end = End{Exited{3}, {}}, .cause = "gave up after 5 restarts in 60 s"}}},
         Prospect::gone,
         "exit 3; gave up after 5 restarts in 60 s"},
        {"no restart asked for", {{{.to = State::failed, .end = End{Exited{3}, {}}}}}, Prospect::gone, "exit 3"},
        {"done", {{{.to = State::completed, .end = End{Exited{0}, {}}}}}, Prospect::gone, "exit 0"},
    });
}

TEST(Outlook, OfOneThatPeopleWantDownSaysWhoWantsIt)
{
    expect({
        {"being stopped", {{{.to = State::stopping}, {.is_held = true}}}, Prospect::leaving, "stopped by an operator"},
        {"stopped",
         {{{.to = State::stopping}, {.is_held = true}},
          {{.to = State::completed, .end = killed(SIGTERM), .cause = "stopped"}, {.is_held = true}}},
         Prospect::gone,
         "stopped by an operator"},
        {"stopped in its backoff",
         {crash, {{.to = State::completed, .end = killed(SIGSEGV), .cause = "stopped before it started"}}},
         Prospect::gone,
         "stopped by an operator"},
        {"the app ends",
         {{{.to = State::stopping}, {.is_held = true, .app_ends = true}}},
         Prospect::leaving,
         "the app is stopping"},
        {"the app ends while it may be restarted",
         {{{.to = State::stopping}, {.may_return = true, .app_ends = true}}},
         Prospect::leaving,
         "the app is stopping"},
        {"restart",
         {{{.to = State::stopping, .cause = "restart asked for"}, {.may_return = true}}},
         Prospect::returning,
         "being restarted: restart asked for"},
        {"restart, later",
         {{{.to = State::stopping, .cause = "restart asked for"}, {.may_return = true}},
          {{.to = State::pending, .end = killed(SIGTERM), .cause = "restart asked for"}},
          {{.to = State::starting}}},
         Prospect::returning,
         "being restarted: restart asked for"},
        {"rolling replace",
         {{{.to = State::stopping, .cause = "rolling replace"}, {.may_return = true, .is_rolling = true}}},
         Prospect::returning,
         "being replaced"},
        {"scaled away",
         {{{.to = State::stopping}, {.is_held = true, .is_retired = true}}},
         Prospect::leaving,
         "scaled away"},
    });
}

TEST(Outlook, OfOneThatTheSupervisorEndsSaysWhy)
{
    expect({
        {"its group has given up", {{{.to = State::stopping}}}, Prospect::leaving, "stopped with its group"},
        {"liveness",
         {{{.to = State::stopping, .cause = "liveness failed 3x: HTTP 503"}, {.may_return = true}}},
         Prospect::returning,
         "being restarted: liveness failed 3x: HTTP 503"},
        {"liveness without restart",
         {{{.to = State::stopping, .cause = "liveness failed 3x: HTTP 503"}}},
         Prospect::leaving,
         "liveness failed 3x: HTTP 503"},
        {"its leader has ended",
         {{{.to = State::stopping, .end = killed(SIGABRT), .cause = "ending the rest of its process group"},
           {.may_return = true}}},
         Prospect::returning,
         "crashed: SIGABRT"},
        {"a job that is due soon",
         {{{.to = State::scheduled}, {.due_in = 30s}}},
         Prospect::returning,
         "waits for its next time"},
        {"a job that is due next year",
         {{{.to = State::scheduled}, {.due_in = 8760h}}},
         Prospect::gone,
         "waits for its next time"},
        {"on demand",
         {{{.to = State::listening, .end = End{Exited{0}, {}}}}},
         Prospect::gone,
         "waits for a connection to its socket"},
    });
}

TEST(Outlook, KnowsThoseThatHaveNeverChangedByTheirState)
{
    struct Unchanged {
        State state;
        Prospect prospect;
        const char* cause;
    };

    for (const auto& row :
         {Unchanged{State::pending, Prospect::returning, "not started yet"},
          Unchanged{State::starting, Prospect::returning, "starting"}, Unchanged{State::disabled, Prospect::gone, ""},
          Unchanged{State::scheduled, Prospect::gone, ""}}) {
        const Outlook outlook{row.state};
        EXPECT_EQ(outlook.prospect(), row.prospect) << core::name(row.state);
        EXPECT_EQ(outlook.cause(start), row.cause) << core::name(row.state);
        EXPECT_FALSE(outlook.ready()) << core::name(row.state);
    }
}

TEST(Outlook, TellsHowLongABackoffStillTakes)
{
    const auto outlook = after(State::ready, {{{.to = State::backoff, .end = killed(SIGKILL), .delay = 400ms}}});
    EXPECT_EQ(outlook.cause(start + 150ms), "killed: SIGKILL; restarting in 250 ms");
    EXPECT_EQ(outlook.cause(start + 900ms), "killed: SIGKILL; restarting in 0 ms");
}

TEST(Outlook, IsReadyWhileItServesAndWhileWhatServedDrains)
{
    EXPECT_FALSE(after(State::pending, {{{.to = State::starting}}}).ready());
    EXPECT_TRUE(after(State::pending, {{{.to = State::starting}}, {{.to = State::ready}}}).ready());
    EXPECT_TRUE(after(State::starting, {{{.to = State::ready}}, {{.to = State::stopping}}}).ready());
    EXPECT_FALSE(after(State::pending, {{{.to = State::starting}}, {{.to = State::stopping}}}).ready());
    EXPECT_FALSE(after(State::ready, {{{.to = State::stopping}}, {{.to = State::completed}}}).ready());
}

} // namespace
} // namespace pandora::supervisor::app
