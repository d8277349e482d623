#include "metrics/exporter.hpp"

#include <gmock/gmock.h>

#include <map>
#include <set>
#include <sstream>
#include <string>
#include <vector>

namespace pandora::metrics {
namespace {

using testing::AllOf;
using testing::Contains;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

InstanceSample running_web()
{
    return {.process = "web",
            .instance = 1,
            .state = "ready",
            .up = true,
            .restarts = 3,
            .pid = 42,
            .start_time_seconds = 1763854000.125,
            .usage = ProcessUsage{.cpu_seconds = 1.5, .resident_bytes = 2097152, .open_fds = 12, .threads = 4}};
}

HubSample busy_hub()
{
    return {.connections = 2,
            .connections_total = 9,
            .objects = 5,
            .frames_received_total = 100,
            .frames_sent_total = 101,
            .bytes_received_total = 9007199254740993 - 1,
            .bytes_sent_total = 2048,
            .queued_bytes = 77,
            .calls_in_flight = 1,
            .parked_calls = 3,
            .draining_instances = 2,
            .unresponsive_connections = 8,
            .subscriptions = 11,
            .channels = 4,
            .channel_calls_total = 77,
            .calls_total = {{"ok", 40}, {"no_route", 2}},
            .dropped_frames_total = {{"queue_full", 6}},
            .disconnects_total = {{"peer_closed", 7}},
            .processes = {{.process = "web",
                           .connections = 2,
                           .queued_bytes = 512,
                           .calls_outstanding = 6,
                           .calls_total = {{"ok", 40}, {"peer_gone", 1}},
                           .dropped_frames_total = {{"busy", 5}}}},
            .call_duration = {.bounds_seconds = {0.001, 0.1}, .counts = {30, 39}, .count = 42, .sum_seconds = 3.25}};
}

std::vector<std::string> lines_of(const std::string& text)
{
    std::vector<std::string> lines;
    std::istringstream stream{text};
    for (std::string line; std::getline(stream, line);) lines.push_back(line);
    return lines;
}

std::vector<std::string> exported(const Snapshot& snapshot) { return lines_of(exposition(snapshot)); }

TEST(Exposition, SaysWhatIsKnownOfAnInstance)
{
    const auto lines = exported({.app = "shop", .supervisor = Supervisor::up, .instances = {running_web()}, .hub = {}});
    const std::string labels = R"({app="shop",process="web",replica="1"} )";
    for (const auto& [name, value] : std::map<std::string, std::string>{
             {"pandora_process_up", "1"},
             {"pandora_process_restarts_total", "3"},
             {"pandora_process_start_time_seconds", "1763854000.125"},
             {"pandora_process_cpu_seconds_total", "1.5"},
             {"pandora_process_resident_memory_bytes", "2097152"},
             {"pandora_process_open_fds", "12"},
             {"pandora_process_threads", "4"},
         })
        EXPECT_THAT(lines, Contains(name + labels + value));
    EXPECT_THAT(lines, Contains(R"(pandora_process_state{app="shop",process="web",replica="1",state="ready"} 1)"));
    EXPECT_THAT(lines, Contains(R"(pandora_supervisor_up{app="shop"} 1)"));
    EXPECT_THAT(lines, Contains(R"(pandora_build_info{app="shop",version=")" PANDORA_VERSION R"("} 1)"));
}

TEST(Exposition, LeavesOutWhatIsNotKnownInsteadOfSayingZero)
{
    const InstanceSample down{.process = "job", .state = "failed", .up = false, .restarts = 5};
    const auto text = exposition({.app = "shop", .instances = {down}});
    EXPECT_THAT(text, HasSubstr(R"(pandora_process_up{app="shop",process="job",replica="0"} 0)"));
    EXPECT_THAT(text, HasSubstr(R"(pandora_process_restarts_total{app="shop",process="job",replica="0"} 5)"));
    for (const char* absent : {"start_time", "cpu_seconds", "resident", "open_fds", "threads"})
        EXPECT_THAT(text, Not(HasSubstr(absent)));
}

TEST(Exposition, LeavesOutOnlyTheDescriptorsWhenOnlyTheyAreUnknown)
{
    auto web = running_web();
    web.usage->open_fds.reset();
    const auto text = exposition({.app = "shop", .instances = {web}});
    EXPECT_THAT(text, AllOf(HasSubstr("pandora_process_threads{"), Not(HasSubstr("open_fds"))));
}

TEST(Exposition, HasNoProcessFamiliesForAHubThatRunsAlone)
{
    EXPECT_THAT(exposition({.app = "shop", .hub = busy_hub()}), Not(HasSubstr("pandora_process_")));
}

TEST(Exposition, SaysWhatTheHubCounts)
{
    const auto lines = exported({.app = "shop", .hub = busy_hub()});
    for (const auto& [series, value] : std::map<std::string, std::string>{
             {R"(pandora_hub_connections{app="shop"})", "2"},
             {R"(pandora_hub_accepted_connections_total{app="shop"})", "9"},
             {R"(pandora_hub_objects{app="shop"})", "5"},
             {R"(pandora_hub_received_frames_total{app="shop"})", "100"},
             {R"(pandora_hub_sent_frames_total{app="shop"})", "101"},
             {R"(pandora_hub_received_bytes_total{app="shop"})", "9007199254740992"},
             {R"(pandora_hub_sent_bytes_total{app="shop"})", "2048"},
             {R"(pandora_hub_queued_bytes{app="shop"})", "77"},
             {R"(pandora_hub_calls_in_flight{app="shop"})", "1"},
             {R"(pandora_hub_parked_calls{app="shop"})", "3"},
             {R"(pandora_hub_draining_instances{app="shop"})", "2"},
             {R"(pandora_hub_unresponsive_connections{app="shop"})", "8"},
             {R"(pandora_hub_subscriptions{app="shop"})", "11"},
             {R"(pandora_hub_channels{app="shop"})", "4"},
             {R"(pandora_hub_channel_calls_total{app="shop"})", "77"},
             {R"(pandora_hub_process_connections{app="shop",process="web"})", "2"},
             {R"(pandora_hub_process_queued_bytes{app="shop",process="web"})", "512"},
             {R"(pandora_hub_process_calls_outstanding{app="shop",process="web"})", "6"},
             {R"(pandora_hub_process_calls_total{app="shop",process="web",outcome="ok"})", "40"},
             {R"(pandora_hub_process_calls_total{app="shop",process="web",outcome="peer_gone"})", "1"},
             {R"(pandora_hub_process_dropped_frames_total{app="shop",process="web",reason="busy"})", "5"},
             {R"(pandora_hub_calls_total{app="shop",outcome="ok"})", "40"},
             {R"(pandora_hub_calls_total{app="shop",outcome="no_route"})", "2"},
             {R"(pandora_hub_dropped_frames_total{app="shop",reason="queue_full"})", "6"},
             {R"(pandora_hub_disconnects_total{app="shop",reason="peer_closed"})", "7"},
         })
        EXPECT_THAT(lines, Contains(series + " " + value));
}

TEST(Exposition, WritesCallDurationsAsACumulativeHistogram)
{
    const auto lines = exported({.app = "shop", .hub = busy_hub()});
    for (const char* line : {R"(pandora_hub_call_duration_seconds_bucket{app="shop",le="0.001"} 30)",
                             R"(pandora_hub_call_duration_seconds_bucket{app="shop",le="0.1"} 39)",
                             R"(pandora_hub_call_duration_seconds_bucket{app="shop",le="+Inf"} 42)",
                             R"(pandora_hub_call_duration_seconds_sum{app="shop"} 3.25)",
                             R"(pandora_hub_call_duration_seconds_count{app="shop"} 42)"})
        EXPECT_THAT(lines, Contains(line));
}

TEST(Exposition, SurvivesAnyNameAUserMayChoose)
{
    auto web = running_web();
    web.process = "we\"ird\\na\nme";
    const auto text = exposition({.app = "caf\xE9", .instances = {web}});
    EXPECT_THAT(text, HasSubstr("pandora_process_up{app=\"caf\xEF\xBF\xBD\",process=\"we\\\"ird\\\\na\\nme\""));
}

// The rules of the format that hold for every line, whatever the metric: see prometheus.io, "Metric and label
// naming".
TEST(Exposition, DeclaresEachFamilyOnceAndCountersByTheirName)
{
    std::set<std::string> helps;
    std::map<std::string, std::string> types;
    for (const auto& line : exported({.app = "shop", .instances = {running_web()}, .hub = busy_hub()})) {
        std::istringstream words{line};
        std::string mark, keyword, name, type;
        words >> mark >> keyword >> name >> type;
        if (mark != "#") continue;
        if (keyword == "HELP") {
            EXPECT_TRUE(helps.insert(name).second) << name;
        }
        if (keyword == "TYPE") {
            EXPECT_TRUE(types.emplace(name, type).second) << name;
        }
    }
    EXPECT_EQ(types.size(), helps.size());
    EXPECT_EQ(types.size(), 34U);
    for (const auto& [name, type] : types) {
        EXPECT_EQ(name.ends_with("_total"), type == "counter") << name;
        EXPECT_EQ(name.find_first_not_of("abcdefghijklmnopqrstuvwxyz_"), std::string::npos) << name;
    }
}

TEST(Exposition, SaysNothingTwice)
{
    auto other = running_web();
    other.instance = 2;
    std::set<std::string> seen;
    std::vector<std::string> twice;
    for (const auto& line : exported({.app = "shop", .instances = {running_web(), other}, .hub = busy_hub()}))
        if (const auto series = line.substr(0, line.rfind(' ')); line[0] != '#' && !seen.insert(series).second)
            twice.push_back(series);
    EXPECT_THAT(twice, IsEmpty());
    EXPECT_THAT(seen, Contains(R"(pandora_process_up{app="shop",process="web",replica="2"})"));
}

} // namespace
} // namespace pandora::metrics
