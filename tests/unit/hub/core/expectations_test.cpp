#include "hub/core/expectations.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>
#include <string>

namespace pandora::hub::core {
namespace {

using enum Prospect;
using MaybeName = std::optional<std::string_view>;

class ExpectationsTest : public ::testing::Test {
protected:
    void hear(std::string process, std::uint32_t instance, Prospect prospect, std::string cause = {}, bool ready = true)
    {
        expected.heard({{std::move(process), instance}, prospect, ready, std::move(cause)});
    }

    MaybeName returning_for(std::string_view asked) const
    {
        Selector selector;
        parse_selector(asked, selector);
        return expected.returning_for(selector);
    }

    Expectations expected;
};

TEST_F(ExpectationsTest, OnlyAnInstanceThatWillBeBackIsWaitedFor)
{
    struct Row {
        std::vector<Prospect> instances;
        MaybeName want;
    };

    for (const auto& [instances, want] : {
             Row{{}, std::nullopt},
             Row{{serving}, std::nullopt},
             Row{{returning}, "web"},
             Row{{leaving}, std::nullopt},
             Row{{gone}, std::nullopt},
             Row{{leaving, returning}, "web"},
             Row{{gone, gone, returning}, "web"},
             Row{{serving, returning}, "web"},
             Row{{leaving, gone}, std::nullopt},
         }) {
        expected = {};
        expected.promise("web", {"shop"});
        for (std::uint32_t i = 0; i < instances.size(); ++i) hear("web", i, instances[i]);
        EXPECT_EQ(returning_for(R"({"objectName":"shop"})"), want) << instances.size();
        EXPECT_EQ(expected.is_returning("web"), want.has_value());
    }
}

TEST_F(ExpectationsTest, TheProcessIsFoundByThePromisedObjectOrByItsName)
{
    struct Row {
        std::string_view asked;
        MaybeName want;
    };

    expected.promise("web", {"shop", "cart"});
    expected.promise("db", {"rows"});
    hear("web", 0, returning);
    hear("db", 0, serving);
    hear("job", 0, returning);
    for (const auto& [asked, want] : {
             Row{R"({"objectName":"cart"})", "web"},
             Row{R"({"objectName":"cart","objectTag":"blue","appName":"any"})", "web"},
             Row{R"({"processName":"web"})", "web"},
             Row{R"({"processName":"job","objectName":"not-promised"})", "job"},
             Row{R"({"processName":"db","objectName":"cart"})", std::nullopt}, // the name says who it is to be
             Row{R"({"objectName":"rows"})", std::nullopt},
             Row{R"({"objectName":"nobody's"})", std::nullopt},
             Row{R"({"processName":"nobody"})", std::nullopt},
             Row{"{}", std::nullopt},
             Row{R"({"appName":"shop"})", std::nullopt},
             Row{R"({"objectName":"cart","pid":"7"})", std::nullopt}, // that pid never comes again
             Row{R"({"processName":"web","clientId":"c"})", std::nullopt},
             Row{R"({"objectName":["cart"]})", std::nullopt},
             Row{R"({"processName":7,"objectName":"cart"})", std::nullopt},
         })
        EXPECT_EQ(returning_for(asked), want) << asked;
}

TEST_F(ExpectationsTest, OfSeveralThatPromiseTheSameOneThatReturnsIsFound)
{
    expected.promise("blue", {"shop"});
    expected.promise("green", {"shop"});
    hear("blue", 0, gone);
    hear("green", 0, returning);
    EXPECT_EQ(returning_for(R"({"objectName":"shop"})"), "green");
    hear("blue", 0, returning);
    EXPECT_EQ(returning_for(R"({"objectName":"shop"})"), "blue");
}

TEST_F(ExpectationsTest, TheLatestNewsCounts)
{
    hear("web", 0, returning);
    hear("web", 0, returning); // the next attempt
    hear("web", 0, serving);
    EXPECT_FALSE(expected.is_returning("web"));
}

TEST_F(ExpectationsTest, PromisesAreReplacedAndMayBeOfSeveral)
{
    expected.promise("web", {"shop", "cart", "cart"});
    expected.promise("api", {"cart"});
    EXPECT_TRUE(expected.promises("web", "cart"));
    EXPECT_TRUE(expected.promises("api", "cart"));
    EXPECT_FALSE(expected.promises("api", "shop"));
    EXPECT_FALSE(expected.promises("api", "unknown"));
    EXPECT_EQ(expected.promised_by("cart"), "web");
    EXPECT_EQ(expected.promised_by("unknown"), "");

    expected.promise("web", {"shop"});
    EXPECT_EQ(expected.promised_by("shop"), "web");
    EXPECT_EQ(expected.promised_by("cart"), "api");
    expected.promise("web", {});
    EXPECT_EQ(expected.promised_by("shop"), "");
}

TEST_F(ExpectationsTest, NewsOutlivesThePromises)
{
    expected.promise("web", {"shop"});
    hear("web", 0, returning);
    expected.promise("web", {});
    EXPECT_TRUE(expected.is_returning("web"));
}

TEST_F(ExpectationsTest, OnlyWhoIsSaidNotToBeReadyIsNot)
{
    EXPECT_TRUE(expected.ready({"web", 0})) << "unknown";
    hear("web", 0, serving, "", false);
    hear("web", 1, serving);
    EXPECT_FALSE(expected.ready({"web", 0}));
    EXPECT_TRUE(expected.ready({"web", 1}));
    EXPECT_TRUE(expected.ready({"web", 2}));
    EXPECT_TRUE(expected.ready({"db", 0}));
    hear("web", 0, serving, "", false);
    hear("web", 0, serving);
    EXPECT_TRUE(expected.ready({"web", 0}));
}

TEST_F(ExpectationsTest, TheCauseIsThatOfTheLatestNews)
{
    EXPECT_EQ(expected.cause_of(InstanceName{"web", 0}), "");
    hear("web", 0, returning, "crashed: SIGSEGV");
    EXPECT_EQ(expected.cause_of(InstanceName{"web", 0}), "crashed: SIGSEGV");
    EXPECT_EQ(expected.cause_of(InstanceName{"web", 1}), "");
    hear("web", 0, serving, "started");
    EXPECT_EQ(expected.cause_of(InstanceName{"web", 0}), "started");
}

TEST_F(ExpectationsTest, AProcessIsAwayForTheLatestCauseOfThoseThatDoNotServe)
{
    EXPECT_EQ(expected.cause_of("web"), "");
    hear("web", 1, returning, "exit 1");
    hear("web", 0, returning, "crashed: SIGSEGV");
    hear("web", 2, serving, "started");
    hear("web", 3, returning);
    EXPECT_EQ(expected.cause_of("web"), "crashed: SIGSEGV");
    hear("web", 1, gone, "gave up after 5 restarts");
    EXPECT_EQ(expected.cause_of("web"), "gave up after 5 restarts");
    hear("web", 1, serving);
    EXPECT_EQ(expected.cause_of("web"), "crashed: SIGSEGV");
}

} // namespace
} // namespace pandora::hub::core
