#include "tests/bench/hub_load/broker_cpu.hpp"
#include "tests/bench/hub_load/child.hpp"
#include "tests/bench/hub_load/load.hpp"

#include <algorithm>
#include <stdexcept>

namespace pandora::bench::hub_load {
namespace {

[[noreturn]] void serve(Transport& transport, const std::function<void()>& ready)
{
    const auto endpoint = transport.connect(Role::callee);
    ready();
    for (;;) {
        endpoint->receive([&](const Message& request) { endpoint->answer(request); });
        endpoint->flush();
    }
}

/// Keeps the window full: as many requests as answers came go out together.
class Caller {
public:
    Caller(Endpoint& endpoint, const Load& load)
        : endpoint_{endpoint}, payload_(load.payload_bytes, 'x'), sent_at_(load.in_flight)
    {
        round_trips_.reserve(1U << 22); // of a second, at the very most
        for (unsigned each = 0; each < load.in_flight; ++each) ask(Clock::now());
        endpoint_.flush();
    }

    /// Takes what comes next, asks as much anew, and returns when that was.
    Clock::time_point turn()
    {
        Clock::time_point now;
        const std::uint64_t answered_before = answered_;
        endpoint_.receive([&](const Message& answer) {
            if (answered_ == answered_before) now = Clock::now();
            check(answer);
            round_trips_.push_back(now - sent_at_[answered_ % sent_at_.size()]);
            ++answered_;
        });
        if (answered_ == answered_before) return Clock::now();
        for (std::uint64_t each = answered_before; each < answered_; ++each) ask(now);
        endpoint_.flush();
        return now;
    }

    /// Waits for the answers that are missing: a hub that loses a callee with calls in its hands has work to do then,
    /// which is not the next one's.
    void finish()
    {
        while (answered_ < asked_) endpoint_.receive([&](const Message&) { ++answered_; });
    }

    void forget() { round_trips_.clear(); }

    const std::vector<std::chrono::nanoseconds>& round_trips() const { return round_trips_; }

private:
    void ask(Clock::time_point now)
    {
        sent_at_[asked_ % sent_at_.size()] = now;
        write_id(payload_, ++asked_);
        endpoint_.request(asked_, payload_);
    }

    /// With one callee, answers come in order.
    void check(const Message& answer) const
    {
        if (answer.id != answered_ + 1 || answer.payload.size() != payload_.size() ||
            id_in(answer.payload) != answer.id)
            throw std::runtime_error{"a wrong answer: id " + std::to_string(answer.id) + " instead of " +
                                     std::to_string(answered_ + 1) + ", " + std::to_string(answer.payload.size()) +
                                     " bytes"};
    }

    Endpoint& endpoint_;
    std::string payload_;
    std::vector<Clock::time_point> sent_at_; // of the last requests, by their numbers
    std::uint64_t asked_ = 0, answered_ = 0;
    std::vector<std::chrono::nanoseconds> round_trips_;
};

double percentile(const std::vector<std::chrono::nanoseconds>& sorted, double share)
{
    const auto at = static_cast<std::size_t>(share * static_cast<double>(sorted.size() - 1));
    return std::chrono::duration<double, std::micro>{sorted[at]}.count();
}

} // namespace

CallFigures measure_calls(Transport& transport, const Load& load)
{
    const Child callee{[&](const std::function<void()>& ready) { serve(transport, ready); }};
    const auto endpoint = transport.connect(Role::caller);
    Caller caller{*endpoint, load};
    const auto warm_at = Clock::now() + std::chrono::duration_cast<Clock::duration>(load.lasts / 10);
    while (caller.turn() < warm_at) {
    }
    caller.forget();
    const auto cpu_before = cpu_time_of(load.broker);
    const auto begin = Clock::now();
    Clock::time_point end = begin;
    while (end - begin < load.lasts) end = caller.turn();
    const auto cpu = cpu_time_of(load.broker) - cpu_before;
    auto round_trips = caller.round_trips();
    caller.finish();

    std::sort(round_trips.begin(), round_trips.end());
    const auto calls = static_cast<double>(round_trips.size());
    return {.calls_per_second = calls / std::chrono::duration<double>{end - begin}.count(),
            .p50_us = percentile(round_trips, 0.5),
            .p99_us = percentile(round_trips, 0.99),
            .broker_us_per_call = std::chrono::duration<double, std::micro>{cpu}.count() / calls};
}

} // namespace pandora::bench::hub_load
