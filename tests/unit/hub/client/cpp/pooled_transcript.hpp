// Plays the hub against one Protocol that has pools, in memory of this process.
#pragma once

#include "tests/unit/hub/client/cpp/heap_source.hpp"
#include "tests/unit/hub/client/cpp/transcript.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace pandora::hub::client {

inline const std::string granting_pools =
    R"({"success":true,"native":{"v":1,"handle":7,"max":16777216,"features":["pool"],)"
    R"("credit":{"messages":4096},"clock":"1"}})";
inline const std::string clock_selector = R"({"objectName":"clock"})";

inline constexpr std::size_t huge_bytes = 17 * 1024 * 1024; // more than a frame has

/// Whose text is just long enough.
inline Json large() { return Json::array({std::string(pooled_bytes_min - 4, 'x')}); }

inline Native control(wire::ControlVerb verb, wire::RoutingBlock block)
{
    block.verb = verb_of(verb);
    return {.flags = wire::flag::control | wire::flag::oneway, .block = block};
}

class Pooled : public Transcript {
protected:
    explicit Pooled(Limits limits = {}) : Pooled{std::make_shared<HeapSource>(), limits} {}

    void SetUp() override
    {
        protocol.publish("clock", {{"now"}}, now);
        go_online_native(granting_pools);
    }

    RequestId call(Payload params, bool takes_bytes = false)
    {
        return protocol.invoke(
            {.to = "math", .name = "abs", .params = std::move(params), .options = {.bytes = takes_bytes}},
            std::chrono::seconds{1}, now);
    }

    /// The one frame that is neither INTERN nor POOL.
    Native written_one()
    {
        auto frames = native_written();
        std::erase_if(frames, [](const Native& frame) { return (frame.flags & wire::flag::control) != 0; });
        EXPECT_EQ(frames.size(), 1U);
        return frames.empty() ? Native{} : frames.front();
    }

    std::vector<Native> written_controls(wire::ControlVerb verb)
    {
        auto frames = native_written();
        std::erase_if(frames, [&](const Native& frame) {
            return !(frame.flags & wire::flag::control) || frame.block.verb != verb_of(verb);
        });
        return frames;
    }

    Native answer(std::uint32_t id, wire::Status status, const std::string& payload)
    {
        return {.id = id,
                .block = {.verb = verb_of(wire::Verb::reply), .status = static_cast<std::uint8_t>(status)},
                .payload = payload};
    }

    /// Client 9 has told of a pool of `memory`.
    void hub_tells_of(const std::string& memory)
    {
        *source->others = memory;
        Native told = control(wire::ControlVerb::pool, {.nfds = 1, .dst = 4, .src = 9, .deadline = memory.size()});
        told.flags |= wire::flag::fds;
        hub_sends(told);
    }

    /// One of this client's.
    void hub_refuses_pool(std::uint32_t number)
    {
        hub_sends(control(wire::ControlVerb::pool, {.dst = number, .src = 7}));
    }

    void hub_sends_call(std::uint8_t more_flags, wire::SharedPlace place, std::uint8_t options = 0)
    {
        hub_sends(Native{.flags = static_cast<std::uint8_t>(wire::flag::request | more_flags),
                         .id = 42,
                         .block = {.src = 9, .options = options},
                         .selector = clock_selector,
                         .name = "now",
                         .shared = place});
    }

    void hub_sends_call_of_now(const wire::RoutingBlock& block)
    {
        hub_sends(Native{.flags = wire::flag::request,
                         .id = 42,
                         .block = block,
                         .selector = clock_selector,
                         .name = "now",
                         .payload = "[]"});
    }

    std::shared_ptr<HeapSource> source;

private:
    Pooled(std::shared_ptr<HeapSource> from, Limits limits)
        : Transcript{limits, 0, {.pools = from}}, source{std::move(from)}
    {}
};

} // namespace pandora::hub::client
