// A router, its clients, the supervisor and the edge, at random: one seed, one run. What must hold is checked by the
// clients (router_client.hpp) and after every step here.
#pragma once

#include "hub/core/router.hpp"
#include "tests/simulation/router_client.hpp"
#include "tests/simulation/router_ledger.hpp"

#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <vector>

namespace pandora::hub::core::simulation {

class World {
public:
    /// `seed`: of the router's own choices.
    World(Dice dice, std::uint64_t seed);

    /// So many steps, or to the script's end. Throws Broken.
    void run(std::uint64_t steps);

    const Tally& tally() const { return ledger_.tally; }

    std::uint64_t step_number() const { return ledger_.tally.steps; }

private:
    void step();
    void connect();
    Client& some_client();
    void read(Client& client);
    void disconnect(PeerId peer);
    void pass(Millis time);
    void speak_as_supervisor();
    void tell_news();
    void change_policy();
    void answer_channels();

    void settle();
    void close_asked();
    void take_notices();
    void check();
    void end();
    void expect_nothing_left();

    wire::Limits limits_;
    Dice dice_;
    Ledger ledger_;
    Router router_;
    Stage stage_;
    std::map<PeerId, std::unique_ptr<Client>> clients_;
    std::uint32_t last_client_ = 0;
    std::int64_t objects_ = 0;
    std::size_t parked_ = 0;
    std::vector<ChannelWanted> wanted_;
    std::map<WaitId, TimePoint> waits_;
    std::map<DrainId, TimePoint> drains_;
    std::set<InstanceName> draining_;
};

} // namespace pandora::hub::core::simulation
