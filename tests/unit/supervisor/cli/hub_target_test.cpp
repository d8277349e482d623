#include "supervisor/cli/hub_target.hpp"

#include <gtest/gtest.h>

#include <string>
#include <tuple>

namespace pandora::supervisor::cli {
namespace {

using hub::client::Json;

const Json routes = Json::parse(R"([
    {"process":"web","instance":0,"selectors":[{"objectName":"page","clientId":"a"},{"objectName":"cache","pid":"7"}]},
    {"process":"web","instance":1,"selectors":[{"initialization":true},{"objectName":"page","clientId":"b","pid":"8"}]},
    {"process":"old","instance":0,"selectors":[{"objectName":"page"}]},
    null, 7])");

TEST(ConnectionOf, IsTheOneOfTheInstanceThatPublishesTheObject)
{
    struct Row {
        const char* process;
        const char* instance;
        const char* object;
        const char* client_id;
        const char* pid;
    };

    for (const auto& [process, instance, object, client_id, pid] :
         {Row{"web", "0", "page", "a", ""}, Row{"web", "1", "page", "b", ""}, Row{"web", "0", "cache", "", "7"}}) {
        const auto found = connection_of(routes, {process, instance}, object);
        ASSERT_TRUE(found) << process << instance << object;
        EXPECT_EQ(found->object, object);
        EXPECT_EQ(found->client_id, client_id);
        EXPECT_EQ(found->pid, pid);
    }
}

TEST(ConnectionOf, IsNobodyRatherThanSomebodyElse)
{
    for (const auto& [process, instance, object] : {std::tuple{"web", "2", "page"},
                                                    {"web", "1", "cache"},
                                                    {"api", "0", "page"},
                                                    {"old", "0", "page"}}) // by what? it names itself by nothing
        EXPECT_FALSE(connection_of(routes, {process, instance}, object)) << process << instance << object;
    EXPECT_FALSE(connection_of(Json::object(), {"web", "0"}, "page"));
}

TEST(IsExpected, OfAnInstanceThatIsOnItsWayBackAndOfOneThatHasJustCome)
{
    for (const char* state : {"pending", "starting", "backoff", "stopping", "ready", "completed", "failed", "disabled",
                              "scheduled", "listening", "of another time"}) {
        const std::string word = state;
        const auto list = Json::array({Json{{"process", "web"}, {"instance", 0}, {"state", "backoff"}},
                                       Json{{"process", "web"}, {"instance", 1}, {"state", state}}});
        const bool on_its_way = word == "pending" || word == "starting" || word == "backoff" || word == "stopping";
        EXPECT_EQ(is_expected(list, {"web", "1"}, false), on_its_way) << state;
        EXPECT_EQ(is_expected(list, {"web", "1"}, true), on_its_way || word == "ready") << state;
        EXPECT_FALSE(is_expected(list, {"web", "2"}, true)) << state;
    }
    for (const char* none : {"null", "7", "{}", "[null,7]"})
        EXPECT_FALSE(is_expected(Json::parse(none), {"web", "1"}, true)) << none;
}

} // namespace
} // namespace pandora::supervisor::cli
