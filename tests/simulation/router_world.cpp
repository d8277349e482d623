#include "tests/simulation/router_world.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace pandora::hub::core::simulation {

namespace {

using namespace std::chrono_literals;

constexpr TimePoint beginning{1000s};

/// Small enough that every limit is met in a run.
wire::Limits tight_limits()
{
    wire::Limits limits;
    limits.frame_bytes_max = 15'000;
    limits.queue_bytes_soft = 10'000;
    limits.queue_bytes_requests = 30'000;
    limits.queue_bytes_events = 3'000;
    limits.queue_bytes_hard = 45'000;
    limits.queue_patience = 500ms;
    limits.total_bytes_max = 130'000;
    limits.request_share = 4;
    limits.calls_in_flight_max = 20;
    limits.selectors_max = 8;
    limits.malformed_per_minute_max = 3;
    limits.frame_completion_max = 2s;
    limits.parked_calls_max = 6;
    limits.parked_bytes_max = 8'000;
    limits.subscriptions_max = 5;
    limits.backlog_events = 6;
    limits.backlog_bytes_max = 6'000;
    limits.names_max = 40;
    limits.names_of_client_max = 6;
    limits.fds_queued_max = 8;
    limits.fds_max = 24;
    limits.targets_bytes_max = 20'000;
    limits.waiters_max = 4;
    limits.ping_period = 1s;
    limits.ping_patience = 2s;
    limits.call_timeout = 300ms;
    return limits;
}

InstanceName some_instance(Dice& dice) { return {"p" + std::to_string(dice.pick(3)), dice.pick32(2)}; }

} // namespace

World::World(Dice dice, std::uint64_t seed)
    : limits_{tight_limits()}, dice_{std::move(dice)}, router_{limits_, seed, beginning}, stage_{router_, ledger_,
                                                                                                 dice_, beginning,
                                                                                                 limits_.call_timeout}
{}

void World::run(std::uint64_t steps)
{
    router_.promise("p0", {"a", "b"});
    router_.promise("p1", {"c"});
    for (; ledger_.tally.steps < steps && !dice_.at_end(); ++ledger_.tally.steps) {
        step();
        settle();
    }
    end();
}

void World::step()
{
    const std::uint64_t what = dice_.pick(1000);
    if (clients_.size() < 3 || (what < 30 && clients_.size() < 14)) return connect();
    Client& client = some_client();
    if (what < 400) return client.act();
    if (what < 650) {
        if (!client.slow) client.read_all();
        for (std::uint64_t n = 1 + dice_.pick(4); n > 0; --n) client.answer();
        return;
    }
    if (what < 920) return read(client);
    if (what < 930) return disconnect(client.peer());
    if (what < 945) return client.talk_nonsense();
    if (what < 950) return static_cast<void>(client.slow = !client.slow);
    if (what < 965) return speak_as_supervisor();
    if (what < 970) return answer_channels();
    if (what < 998) return pass(Millis{dice_.pick(200)});
    pass(Millis{dice_.pick(30'000)}); // the hub was away
}

void World::connect()
{
    const bool supervised = !dice_.one_in(4);
    const InstanceName name = some_instance(dice_);
    const Identity who{"shop", supervised ? name.process : "", name.instance, {4711, 1000, 1000}};
    const auto reach = dice_.one_in(12) ? dice_.one_in(2) ? Reach::builtin : Reach::fallback : Reach::ordinary;
    const PeerId peer = router_.connect(who, reach, stage_.now);
    auto client = std::make_unique<Client>(stage_, peer, ClientNumber{++last_client_}, !dice_.one_in(3));
    client->slow = dice_.one_in(6);
    clients_[peer] = std::move(client);
    ++ledger_.tally.clients;
}

Client& World::some_client()
{
    return *std::next(clients_.begin(), static_cast<std::ptrdiff_t>(dice_.pick(clients_.size())))->second;
}

void World::read(Client& client)
{
    if (client.slow && !dice_.one_in(30)) {
        if (!router_.outbox(client.peer()).empty()) router_.blocked(client.peer(), stage_.now);
        return;
    }
    dice_.one_in(3) ? client.read(dice_.pick(5'000)) : client.read_all();
}

void World::disconnect(PeerId peer)
{
    router_.disconnect(peer, Disconnect::peer_closed, stage_.now);
    clients_.erase(peer);
}

void World::pass(Millis time)
{
    for (auto& [peer, client] : clients_) // what lifts a queue above the limit now does so at the new time
        if (router_.outbox(peer).bytes() <= limits_.queue_bytes_soft) client->moved = stage_.now + time;
    stage_.now += time;
    router_.advance(stage_.now);
    close_asked();
    for (const auto& [peer, client] : clients_)
        require(router_.outbox(peer).bytes() <= limits_.queue_bytes_soft ||
                    stage_.now < client->moved + limits_.queue_patience + 1ms,
                "a queue that nobody reads is kept");
    // Whatever is over its deadline must be in its caller's queue by now, so reading finds it.
    for (auto& [peer, client] : clients_) {
        if (!client->has_overdue(stage_.now)) continue;
        client->read_all();
        require(!client->has_overdue(stage_.now), "a call was not ended at its deadline");
    }
    const auto is_over = [&](const auto& waiting) { return waiting.second + 1ms <= stage_.now; };
    take_notices();
    require(std::ranges::none_of(waits_, is_over) && std::ranges::none_of(drains_, is_over),
            "the hub's owner was not told at the deadline");
}

// --- the supervisor ------------------------------------------------------------------------------------------------

void World::speak_as_supervisor()
{
    const InstanceName name = some_instance(dice_);
    switch (dice_.pick(20)) {
    case 0:
    case 1: return change_policy();
    case 2: return router_.promise(name.process, {some_object(dice_)});
    case 3:
    case 4:
    case 5: {
        const TimePoint deadline = stage_.now + Millis{dice_.pick(3'000)};
        drains_[router_.drain(name, deadline, stage_.now)] = deadline;
        draining_.insert(name);
        ++ledger_.tally.drains;
        return;
    }
    case 6:
    case 7:
    case 8: draining_.erase(name); return router_.undrain(name, stage_.now);
    case 9: {
        const TimePoint deadline = stage_.now + Millis{dice_.pick(3'000)};
        const std::uint32_t asker = clients_.empty() ? 0 : some_client().known_source();
        const WaitId id = router_.wait_for(asker, selector_of(some_object(dice_)), deadline, stage_.now);
        waits_[id] = deadline;
        if (!dice_.one_in(4)) return;
        take_notices(); // its end may be among them
        router_.stop_waiting(asker, id);
        waits_.erase(id);
        return;
    }
    case 10: return router_.tap(static_cast<Tap>(dice_.pick(3)));
    default: return tell_news();
    }
}

void World::tell_news()
{
    const std::array prospects{Prospect::serving,   Prospect::serving, Prospect::returning,
                               Prospect::returning, Prospect::leaving, Prospect::gone};
    const Prospect prospect = prospects[dice_.pick(prospects.size())];
    router_.heard({some_instance(dice_), prospect, !dice_.one_in(4), dice_.one_in(2) ? "crashed: SIGSEGV" : ""},
                  stage_.now);
}

void World::change_policy()
{
    std::vector<Rule> rules;
    if (dice_.one_in(2))
        rules.push_back({.allow = false, .verb = PolicyVerb::call, .objects = {some_object(dice_)}, .names = {"m1"}});
    if (dice_.one_in(4))
        rules.push_back({.allow = false, .verb = PolicyVerb::publish, .objects = {"d"}, .processes = {"p2"}});
    if (dice_.one_in(4)) rules.push_back({.allow = false, .verb = PolicyVerb::subscribe, .names = {"e2"}});
    router_.set_policy(Policy{std::move(rules)}, dice_.one_in(8));
}

void World::answer_channels()
{
    for (const ChannelWanted& wanted : wanted_) {
        if (dice_.one_in(6)) {
            router_.cannot_open(wanted, stage_.now);
            continue;
        }
        ++ledger_.tally.channels;
        router_.opened(wanted, ledger_.make_fd(), ledger_.make_fd(), stage_.now);
    }
    wanted_.clear();
}

// --- the edge ----------------------------------------------------------------------------------------------------

void World::settle()
{
    close_asked();
    take_notices();
    check();
}

void World::close_asked()
{
    std::vector<Closure> closures;
    for (router_.take_closures(closures); !closures.empty(); router_.take_closures(closures))
        for (const Closure& closure : closures) {
            ++ledger_.tally.ends[closure.reason];
            disconnect(closure.peer);
        }
}

void World::take_notices()
{
    std::vector<PeerId> dirty;
    router_.take_dirty(dirty);
    std::vector<ObjectEvent> events;
    router_.take_events(events);
    for (const ObjectEvent& event : events) {
        objects_ += event.kind == ObjectEvent::Kind::published ? 1 : -1;
        require(objects_ >= 0, "an object was withdrawn that was not published");
    }
    std::vector<Waited> waited;
    router_.take_waited(waited);
    for (const Waited& one : waited) require(waits_.erase(one.id) == 1, "a wait has ended twice");
    std::vector<Drained> drained;
    router_.take_drained(drained);
    for (const Drained& one : drained) require(drains_.erase(one.id) == 1, "a drain has ended twice");
    std::vector<LivenessEvent> liveness;
    router_.take_liveness(liveness);
    for (const LivenessEvent& event : liveness) ledger_.tally.unresponsive += event.unresponsive ? 1 : 0;
    std::vector<ChannelWanted> wanted;
    router_.take_channels(wanted);
    wanted_.insert(wanted_.end(), wanted.begin(), wanted.end());
    std::vector<TapRecord> taps;
    router_.take_taps(taps);
}

void World::check()
{
    std::size_t queued = 0, fds = 0;
    for (const auto& [peer, client] : clients_) {
        require(router_.outbox(peer).bytes() <= limits_.queue_bytes_hard, "a queue is above its limit");
        require(router_.outbox(peer).fds() <= limits_.fds_queued_max, "too many descriptors wait in a queue");
        queued += router_.outbox(peer).bytes();
        fds += router_.outbox(peer).fds();
    }
    require(router_.queued_bytes() == queued, "the queues are not what is said of them");
    require(router_.charged_bytes() >= queued, "less is charged than waits");
    require(router_.charged_bytes() <= limits_.total_bytes_max, "more is held than all may hold");
    require(router_.descriptors() >= fds, "fewer descriptors are counted than wait");
    require(router_.descriptors() <= limits_.fds_max, "more descriptors are kept than may be");
    require(router_.connections() == clients_.size(), "a connection is forgotten");
    require(router_.objects() == static_cast<std::size_t>(objects_), "an object was not told of");
    if (router_.parked() > parked_) ledger_.tally.parked += router_.parked() - parked_;
    parked_ = router_.parked();
}

// --- the end -----------------------------------------------------------------------------------------------------

void World::end()
{
    if (dice_.one_in(2)) {
        router_.shut_down(stage_.now);
        close_asked();
        for (auto& [peer, client] : clients_) {
            const std::size_t open = client->open_calls();
            client->read_all();
            ledger_.tally.shut_down += open;
            require(client->open_calls() == 0, "a call was not ended by the hub's end");
        }
    }
    while (!clients_.empty()) disconnect(clients_.begin()->first);
    for (const InstanceName& name : draining_) router_.undrain(name, stage_.now);
    router_.tap(Tap::nothing);
    pass(1min);
    expect_nothing_left();
    router_.counters().calls.each([&](CallEnd end, std::uint64_t count) { ledger_.tally.calls_ended[end] += count; });
}

void World::expect_nothing_left()
{
    require(router_.charged_bytes() == 0, "something is charged to nobody");
    require(router_.queued_bytes() == 0, "something waits for nobody");
    require(router_.descriptors() == 0, "descriptors are counted for nobody");
    require(router_.calls_in_flight() == 0 && router_.parked() == 0, "calls of nobody");
    require(router_.objects() == 0 && router_.routes().empty(), "objects of nobody");
    require(router_.subscriptions() == 0 && router_.channels() == 0, "subscriptions or channels of nobody");
    require(router_.draining() == 0 && router_.unresponsive() == 0, "instances that nobody drains or watches");
    require(waits_.empty() && drains_.empty(), "the hub's owner still waits");
    require(router_.next_deadline() == std::nullopt, "something is still due");
    wanted_.clear();
    require(ledger_.every_fd_is_closed(), "a descriptor is held for nobody");
}

} // namespace pandora::hub::core::simulation
