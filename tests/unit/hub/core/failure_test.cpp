#include "hub/core/failure.hpp"
#include "hub/wire/legacy_json.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

namespace pandora::hub::core {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using wire::Status;

template <class Act>
void each_end(Act act)
{
    for (std::size_t i = 0; i < call_end_count; ++i) act(static_cast<CallEnd>(i));
}

TEST(Failure, EveryStatusOfTheProtocolIsTheEndOfSomeCall)
{
    std::set<Status> seen;
    each_end([&](CallEnd end) { seen.insert(status_of(end)); });
    EXPECT_EQ(seen.size(), wire::status_count);
}

TEST(Failure, WhatOnlyTheHubMaySayIsTheCalleesOwnFailureWhereACalleeSaysIt)
{
    struct Row {
        Status said;
        CallEnd end;
    };

    for (const auto& [said, end] :
         {Row{Status::ok, CallEnd::ok}, Row{Status::app_error, CallEnd::app_error},
          Row{Status::denied, CallEnd::denied}, Row{Status::unsupported, CallEnd::unsupported},
          Row{Status::invalid, CallEnd::invalid}, Row{Status::canceled, CallEnd::canceled},
          Row{Status::no_route, CallEnd::app_error}, Row{Status::peer_gone, CallEnd::app_error},
          Row{Status::deadline, CallEnd::app_error}, Row{Status::busy, CallEnd::app_error},
          Row{Status::too_large, CallEnd::app_error}, Row{Status::shutting_down, CallEnd::app_error}})
        EXPECT_EQ(end_of(said), end) << wire::name_of(said);
}

TEST(Failure, IsJsonWhateverItSays)
{
    for (const std::string text : {"plain", "a \"quote\"\n", "half a pair \xED\xA0\x80", "no UTF-8 \xFF\xC3"}) {
        each_end([&](CallEnd end) {
            const Failure failure{end, text, InstanceName{text, 3}, text};
            EXPECT_TRUE(wire::is_json(error_json(failure))) << text;
            EXPECT_TRUE(wire::is_json(failure_reply(failure))) << text;
            EXPECT_TRUE(wire::is_json(failure_reply(failure, R"({"pid":1})"))) << text;
        });
    }
}

TEST(Failure, NamesWhoseFaultItIsOnlyWhereThatIsKnown)
{
    const std::string bare = error_json({CallEnd::busy, "too much"});
    EXPECT_THAT(bare, HasSubstr(R"("message":"too much","name":"PandoraBusyError"})"));
    const std::string full = error_json({CallEnd::peer_gone, "gone", InstanceName{"web", 2}, "crashed: SIGSEGV"});
    EXPECT_THAT(full, HasSubstr(R"(,"process":"web","instance":2,"reason":"crashed: SIGSEGV"})"));
    EXPECT_THAT(bare, Not(HasSubstr("process")));
}

TEST(Failure, AReplyRepeatsTheRemoteWhereThereIsOne)
{
    EXPECT_THAT(failure_reply({CallEnd::deadline, "late"}, R"({"pid":1})"),
                HasSubstr(R"({"remote":{"pid":1},"success":false,"error":{)"));
    EXPECT_EQ(failure_reply({CallEnd::deadline, "late"}).find("remote"), std::string::npos);
}

TEST(Failure, WhereNobodyWaitsItIsCountedAsADropOfItsKind)
{
    struct Row {
        CallEnd end;
        Drop drop;
    };

    for (const auto& [end, drop] :
         {Row{CallEnd::no_route, Drop::no_route}, Row{CallEnd::peer_gone, Drop::receiver_gone},
          Row{CallEnd::deadline, Drop::expired}, Row{CallEnd::busy, Drop::busy}, Row{CallEnd::denied, Drop::denied},
          Row{CallEnd::too_large, Drop::too_large}, Row{CallEnd::unsupported, Drop::unsupported},
          Row{CallEnd::shutting_down, Drop::shutting_down}, Row{CallEnd::invalid, Drop::wrong_shape}})
        EXPECT_EQ(drop_of(end), drop) << name_of(end);
}

} // namespace
} // namespace pandora::hub::core
