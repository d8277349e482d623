#include "supervisor/cli/hub_outcome.hpp"

#include <gtest/gtest.h>

namespace pandora::supervisor::cli {
namespace {

using hub::client::CallError;

TEST(HubOutcome, HasOneNameAndOneExitCodeInBothDialects)
{
    struct Row {
        const char* error;
        const char* outcome;
        int code;
    };

    for (const auto& [error, outcome, code] : {Row{"RangeError", "app_error", 1},
                                               {"Error", "app_error", 1},
                                               {"", "app_error", 1},
                                               {"no_route", "no_route", 3},
                                               {"PandoraNoRouteError", "no_route", 3},
                                               {"MessengerRequestTimeoutError", "deadline", 4},
                                               {"denied", "denied", 5},
                                               {"busy", "busy", 6},
                                               {"PandoraBusyError", "busy", 6},
                                               {"PandoraPeerGoneError", "peer_gone", 7},
                                               {"PandoraConnectionLostError", "peer_gone", 7},
                                               {"PandoraShuttingDownError", "shutting_down", 7},
                                               {"PandoraTooLargeError", "too_large", 1},
                                               {"PandoraUnsupportedError", "unsupported", 1},
                                               {"PandoraMalformedFrameError", "invalid", 1}}) {
        EXPECT_EQ(outcome_name({error, ""}), outcome) << error;
        EXPECT_EQ(exit_code_of({error, ""}), code) << error;
    }
}

TEST(HubOutcome, TheTextOfAFailureSaysWhatWhoseAndWhy)
{
    EXPECT_EQ(failure_text({"Error", "it broke"}), "app_error: it broke");
    EXPECT_EQ(failure_text({"RangeError", "it broke"}), "app_error: it broke (RangeError)");
    EXPECT_EQ(failure_text({"PandoraBusyError", "too much"}), "busy: too much");
    EXPECT_EQ(failure_text({"PandoraPeerGoneError", "it left", "web", 0, "web crashed: SIGSEGV"}),
              "peer_gone: it left; by web/0; web crashed: SIGSEGV");
    EXPECT_EQ(failure_text({"PandoraPeerGoneError", "it left", "web"}), "peer_gone: it left; by web");
}

TEST(HubOutcome, WhatTheMessageSaysAlreadyIsNotSaidAgain)
{
    const std::string reason = "crashed: SIGSEGV; restarting in 400 ms";
    EXPECT_EQ(failure_text({"peer_gone", "c12 (web#1) left before it answered: " + reason, "web", 1, reason}),
              "peer_gone: c12 (web#1) left before it answered: " + reason);
    EXPECT_EQ(failure_text({"peer_gone", "c12 (web#1) left", "web", 1, reason}),
              "peer_gone: c12 (web#1) left; " + reason);
    EXPECT_EQ(failure_text({"busy", "c12 (web#11) is full", "web", 1}), "busy: c12 (web#11) is full; by web/1");
}

TEST(HubOutcome, NobodyIsToBlameWhereNobodyWasReached)
{
    EXPECT_EQ(failure_text({"no_route", "nobody", "web", 0}), "no_route: nobody");
    EXPECT_EQ(failure_text({"PandoraNoRouteError", "nobody", "web", 0, "exit 3; gave up"}),
              "no_route: nobody; web: exit 3; gave up");
    EXPECT_EQ(failure_text({"no_route", "nobody", "", std::nullopt, "why"}), "no_route: nobody; why");
}

TEST(HubOutcome, TheJsonOfAFailureHasOnlyWhatIsKnown)
{
    EXPECT_EQ(failure_json({"busy", "m"}).dump(), R"({"outcome":"busy","name":"busy","message":"m"})");
    EXPECT_EQ(failure_json({"E", "m", "web", 2, "why"}).dump(),
              R"({"outcome":"app_error","name":"E","message":"m","process":"web","instance":2,"reason":"why"})");
}

} // namespace
} // namespace pandora::supervisor::cli
