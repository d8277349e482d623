// The router under random connects, publishes, calls, answers, deaths, slow readers, nonsense and the passing
// of time.
//
// Every run prints its seed; PANDORA_SEED=<n> runs that one again. What must hold whatever happens:
//   - a call that wants an answer gets exactly one, at its deadline plus a tick at the latest, unless its
//   caller is gone;
//   - no answer reaches anybody else: each carries the secret of the call it belongs to;
//   - no queue is above its hard limit, none above the soft limit stands still for longer than patience lasts,
//   and what is charged is given back when everybody is gone.
#include "hub/wire/json_reader.hpp"
#include "tests/unit/hub/core/router_harness.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <iostream>
#include <map>
#include <random>
#include <set>
#include <string>

namespace pandora::hub::core {
namespace {

using namespace std::chrono_literals;
using testing::Received;
using testing::RouterHarness;

/// Small enough that every limit is met in a run.
wire::Limits tight_limits()
{
    wire::Limits limits;
    limits.frame_bytes_max = 40'000;
    limits.queue_bytes_soft = 10'000;
    limits.queue_bytes_requests = 30'000;
    limits.queue_bytes_hard = 45'000;
    limits.queue_patience = 500ms;
    limits.total_bytes_max = 120'000;
    limits.request_share = 4;
    limits.calls_in_flight_max = 20;
    limits.selectors_max = 8;
    limits.malformed_per_minute_max = 3;
    limits.frame_completion_max = 2s;
    return limits;
}

class RouterSimulation {
public:
    explicit RouterSimulation(std::uint64_t seed) : random_{seed}, hub_{limits_, seed} {}

    void run(int steps)
    {
        for (int i = 0; i < steps && !::testing::Test::HasFatalFailure(); ++i) {
            step();
            close_asked();
            check();
        }
        end();
    }

    std::uint64_t answers = 0;      // that callers received
    std::map<Disconnect, int> ends; // of connections that the router gave up

private:
    struct OpenCall {
        std::string secret;
        TimePoint deadline;
        bool gathers = false;
    };

    struct Owed {
        std::uint32_t packet = 0;
        std::string secret;
    };

    struct Client {
        bool slow = false;
        std::uint32_t packet = 0;
        std::map<std::uint32_t, OpenCall> calls; // by its own id of each
        std::set<std::uint32_t> answered;        // calls that are over
        std::vector<Owed> owed;
        TimePoint moved{}; // when its queue was last read, or seen at or below the soft limit
    };

    std::uint64_t pick(std::uint64_t n) { return random_() % n; }

    PeerId some_client()
    {
        return std::next(clients_.begin(), static_cast<std::ptrdiff_t>(pick(clients_.size())))->first;
    }

    std::string some_object() { return std::string(1, static_cast<char>('a' + pick(4))); }

    void step()
    {
        const std::uint64_t what = pick(100);
        if (clients_.size() < 3 || (what < 3 && clients_.size() < 12)) return connect();
        const PeerId peer = some_client();
        if (what < 10) return registration(peer);
        if (what < 45) return call(peer);
        if (what < 70) return answer(peer);
        if (what < 90) return read(peer);
        if (what < 92) return disconnect(peer);
        if (what < 94) return nonsense(peer);
        if (what < 95) clients_[peer].slow = !clients_[peer].slow;
        pass(Millis{pick(200)});
    }

    void connect()
    {
        const PeerId peer = hub_.join("p", pick(10) == 0 ? Reach::builtin : Reach::ordinary);
        clients_[peer].slow = pick(4) == 0;
        clients_[peer].moved = hub_.now;
    }

    void registration(PeerId peer)
    {
        const std::string selector =
            R"({"objectName":")" + some_object() + R"(","pid":)" + std::to_string(pick(9)) + "}";
        const std::string online =
            R"({"action":"PANDORA_HUB_ACTION_ONLINE_UP","data":{"stamp":true,"host":)" + selector + "}}";
        const std::array bodies{RouterHarness::publish(selector), RouterHarness::publish(selector), online,
                                RouterHarness::unpublish(selector),
                                std::string{R"({"action":"PANDORA_HUB_ACTION_OFFLINE_UP"})"}};
        hub_.send(peer, ++clients_[peer].packet, bodies[pick(bodies.size())]);
    }

    void call(PeerId peer)
    {
        Client& client = clients_[peer];
        const std::uint32_t packet = ++client.packet;
        const std::string secret = std::to_string(++secrets_);
        const auto timeout = Millis{1 + pick(pick(3) == 0 ? 20'000 : 500)};
        const std::string filling = pick(10) == 0 ? std::string(pick(20'000), 'x') : "";
        const std::string more = R"(,"secret":")" + secret + R"(","timeout":)" + std::to_string(timeout.count()) +
                                 R"(,"data":")" + filling + "\"";
        const bool gathers = pick(3) == 0;
        const std::string remote = pick(8) == 0 ? "{}" : R"({"objectName":")" + some_object() + "\"}";
        if (pick(6) == 0)
            return hub_.send(peer, packet,
                             RouterHarness::message(pick(3) == 0 ? "null" : remote, R"(,"broadcast":true)" + more));
        client.calls[packet] = {secret, hub_.now + timeout, gathers};
        const std::string wants =
            std::string{R"(,"broadcast":)"} + (gathers ? "true" : "false") + R"(,"needReply":true)";
        hub_.send(peer, packet, RouterHarness::message(remote, more + wants));
    }

    void answer(PeerId peer)
    {
        Client& client = clients_[peer];
        if (client.owed.empty()) return;
        const std::size_t at = pick(client.owed.size());
        const Owed owed = client.owed[at];
        const std::string text = R"({"success":true,"secret":")" + owed.secret + R"(","data":")" +
                                 std::string(pick(3) == 0 ? pick(20'000) : 0, 'y') + "\"}";
        hub_.send(peer, ++client.packet, RouterHarness::reply(owed.packet, text));
        if (pick(10) != 0) client.owed.erase(client.owed.begin() + static_cast<std::ptrdiff_t>(at)); // else twice
        if (pick(10) == 0) hub_.send(some_client(), 1, RouterHarness::reply(owed.packet + 1'000'000, text)); // forged
    }

    void read(PeerId peer)
    {
        Client& client = clients_[peer];
        if (client.slow && pick(60) != 0) return;
        take_all(peer, client);
    }

    void take_all(PeerId peer, Client& client)
    {
        client.moved = hub_.now;
        for (const Received& frame : hub_.received(peer)) understand(client, frame);
    }

    static std::string member(const std::string& text, const std::string& name)
    {
        const std::size_t at = text.find("\"" + name + "\":\"");
        if (at == std::string::npos) return "";
        const std::size_t begin = at + name.size() + 4;
        return text.substr(begin, text.find('"', begin) - begin);
    }

    void understand(Client& client, const Received& frame)
    {
        wire::JsonReader reader{frame.body};
        reader.skip_value();
        ASSERT_FALSE(reader.failed() || !reader.at_end()) << frame.body;
        const auto parsed = wire::parse_legacy(frame.body);
        const auto& body = std::get<wire::LegacyBody>(parsed);
        if (body.action != wire::LegacyAction::reply) {
            if (wire::truthy(body.need_reply)) client.owed.push_back({frame.id, member(frame.body, "secret")});
            return;
        }
        ASSERT_FALSE(client.answered.contains(body.answers)) << "a second answer: " << frame.body;
        const auto open = client.calls.find(body.answers);
        if (open == client.calls.end()) {
            ASSERT_EQ(frame.body.find("secret"), std::string::npos)
                << "an answer that nobody here asked for: " << frame.body;
            return; // to a registration
        }
        ++answers;
        for (std::size_t at = frame.body.find("\"secret\""); at != std::string::npos;
             at = frame.body.find("\"secret\"", at + 1))
            ASSERT_EQ(member(frame.body.substr(at), "secret"), open->second.secret);
        client.answered.insert(body.answers);
        client.calls.erase(open);
    }

    void nonsense(PeerId peer)
    {
        static const std::array<std::string, 7> bodies{"{",
                                                       "",
                                                       "null",
                                                       R"({"action":"PANDORA_HUB_ACTION_MSG_UP","data":7})",
                                                       R"({"action":"PANDORA_HUB_ACTION_PUBLISH_UP"})",
                                                       "\xFF",
                                                       R"({"action":"x"})"};
        // An id of its own, so that the answer to nonsense is not taken for that of a call.
        hub_.send(peer, ++clients_[peer].packet, bodies[pick(bodies.size())]);
        hub_.router.note_input(peer, pick(2) == 0, pick(2) * pick(5'000), hub_.now);
    }

    void disconnect(PeerId peer)
    {
        hub_.router.disconnect(peer, Disconnect::peer_closed, hub_.now);
        clients_.erase(peer);
    }

    void close_asked()
    {
        std::vector<Closure> closures;
        for (hub_.router.take_closures(closures); !closures.empty(); hub_.router.take_closures(closures))
            for (const Closure& closure : closures) {
                ++ends[closure.reason];
                disconnect(closure.peer);
            }
    }

    void pass(Millis time)
    {
        for (auto& [peer, client] : clients_) // what lifts a queue above the limit now does so at the new time
            if (hub_.router.outbox(peer).bytes() <= limits_.queue_bytes_soft) client.moved = hub_.now + time;
        hub_.pass(time);
        close_asked();
        for (const auto& [peer, client] : clients_) {
            if (hub_.router.outbox(peer).bytes() <= limits_.queue_bytes_soft) continue;
            ASSERT_LT(hub_.now, client.moved + limits_.queue_patience + 1ms) << "nobody reads this queue";
        }
        // Whatever is over its deadline must be in its caller's queue by now, so reading finds it.
        for (auto& [peer, client] : clients_) {
            const bool over = std::ranges::any_of(
                client.calls, [&](const auto& call) { return call.second.deadline + 1ms <= hub_.now; });
            if (!over) continue;
            take_all(peer, client);
            for (const auto& [packet, call] : client.calls)
                ASSERT_GT(call.deadline + 1ms, hub_.now) << "call " << packet << " was never answered";
        }
    }

    void check()
    {
        std::size_t queued = 0;
        for (const auto& [peer, client] : clients_) {
            ASSERT_LE(hub_.router.outbox(peer).bytes(), limits_.queue_bytes_hard);
            queued += hub_.router.outbox(peer).bytes();
        }
        ASSERT_EQ(hub_.router.queued_bytes(), queued);
        ASSERT_LE(hub_.router.charged_bytes(), limits_.total_bytes_max);
        ASSERT_EQ(hub_.router.connections(), clients_.size());
        std::vector<PeerId> dirty;
        hub_.router.take_dirty(dirty);
        std::vector<ObjectEvent> events;
        hub_.router.take_events(events);
        for (const ObjectEvent& event : events) {
            objects_ += event.kind == ObjectEvent::Kind::published ? 1 : -1;
            ASSERT_GE(objects_, 0);
        }
        ASSERT_EQ(hub_.router.objects(), static_cast<std::size_t>(objects_));
    }

    void end()
    {
        while (!clients_.empty()) disconnect(clients_.begin()->first);
        ASSERT_EQ(hub_.router.charged_bytes(), 0U);
        ASSERT_EQ(hub_.router.calls_in_flight(), 0U);
        ASSERT_EQ(hub_.router.objects(), 0U);
        ASSERT_EQ(hub_.router.next_deadline(), std::nullopt);
        EXPECT_TRUE(hub_.router.routes().empty());
    }

    std::mt19937_64 random_;
    wire::Limits limits_ = tight_limits();
    RouterHarness hub_;
    std::map<PeerId, Client> clients_;
    std::uint64_t secrets_ = 0;
    std::int64_t objects_ = 0;
};

struct Outcome {
    std::uint64_t answers = 0;
    std::map<Disconnect, int> ends;
};

Outcome simulate(std::uint64_t first_seed, std::uint64_t runs)
{
    Outcome outcome;
    for (std::uint64_t seed = first_seed; seed < first_seed + runs; ++seed) {
        SCOPED_TRACE("PANDORA_SEED=" + std::to_string(seed));
        RouterSimulation simulation{seed};
        simulation.run(5'000);
        outcome.answers += simulation.answers;
        for (const auto& [reason, count] : simulation.ends) outcome.ends[reason] += count;
        if (::testing::Test::HasFatalFailure()) break;
    }
    return outcome;
}

TEST(RouterSimulation, KeepsItsPromisesWithTheSeedsOfEveryRun)
{
    Outcome outcome = simulate(1, 20);
    EXPECT_GT(outcome.answers, 4'000U) << "the simulation has stopped simulating";
    for (const Disconnect reason :
         {Disconnect::slow_reader, Disconnect::memory_budget, Disconnect::malformed, Disconnect::frame_timeout})
        EXPECT_GT(outcome.ends[reason], 2) << name_of(reason) << " no longer happens here";
}

TEST(RouterSimulation, KeepsItsPromisesWithSeedsNeverTriedBefore)
{
    std::uint64_t first = std::random_device{}();
    std::uint64_t runs = 20;
    if (const char* given = std::getenv("PANDORA_SEED")) {
        first = std::strtoull(given, nullptr, 10);
        runs = 1;
    }
    std::cout << "seeds " << first << " to " << first + runs - 1 << '\n';
    simulate(first, runs);
}

} // namespace
} // namespace pandora::hub::core
