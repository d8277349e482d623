// What a simulation of the router remembers beside its clients: who has asked what and how often that came to somebody,
// which descriptors are on their way, and how much of everything there was.
#pragma once

#include "hub/core/counters.hpp"
#include "hub/core/fd.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <random>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace pandora::hub::core::simulation {

/// A promise that the router has not kept.
struct Broken : std::runtime_error {
    using std::runtime_error::runtime_error;
};

/// Throws Broken. `evidence`: what was seen.
void require(bool holds, std::string_view promise, std::string_view evidence = {});

/// All chance of one run: what a seed makes of it, or a script, whose bytes are the choices.
class Dice {
public:
    explicit Dice(std::uint64_t seed) : random_{seed} {}

    /// `script` outlives this object.
    explicit Dice(std::span<const unsigned char> script) : script_{script} {}

    /// 0 to n - 1. Behind the end of a script always 0.
    std::uint64_t pick(std::uint64_t n) { return script_ ? read(n) % n : random_() % n; }

    std::uint32_t pick32(std::uint32_t n) { return static_cast<std::uint32_t>(pick(n)); }

    /// False behind the end of a script.
    bool one_in(std::uint64_t n) { return !at_end() && pick(n) == 0; }

    /// A script has been read; a seed has no end.
    bool at_end() const { return script_ && script_->empty(); }

private:
    std::uint64_t read(std::uint64_t n);

    std::mt19937_64 random_;
    std::optional<std::span<const unsigned char>> script_;
};

/// Counts from 1 in the order of coming; unlike a PeerId, never used again.
enum class ClientNumber : std::uint32_t {};

/// Stands in the payload of a call and of every answer to it; 0: none. In text "s:17:".
enum class Secret : std::uint64_t {};

std::string text_of(Secret secret);

/// The first one at or behind `at`, which is moved behind it.
Secret next_secret(std::string_view text, std::size_t& at);

/// How much of what has happened.
struct Tally {
    std::uint64_t steps = 0, clients = 0, natives = 0;
    std::uint64_t calls = 0, one_way = 0, delivered = 0, repeated = 0, answers = 0, parts = 0, cancels = 0;
    std::uint64_t parked = 0, drains = 0, waits = 0, shut_down = 0;
    std::uint64_t events = 0, heard_native = 0, heard_legacy = 0, retained = 0, overflows = 0, lost = 0;
    std::uint64_t channels = 0, pools = 0, places = 0, released = 0, descriptors = 0;
    std::uint64_t pings = 0, unresponsive = 0;
    std::map<CallEnd, std::uint64_t> calls_ended;
    std::map<Disconnect, std::uint64_t> ends;

    void add(const Tally& other);
    std::string text() const;
};

/// How a call may come to its callees.
enum class Delivery : std::uint8_t {
    once,       // to one at most
    once_each,  // to nobody twice
    repeatable, // idempotent
};

class Ledger {
public:
    Secret ask(ClientNumber caller, Delivery delivery);

    /// Checks that it may come there. A caller that has gone may still have one-way messages on their way.
    void delivered(Secret secret, ClientNumber callee);

    Fd make_fd();

    /// Of all that were ever made, held by nobody but the ledger.
    bool every_fd_is_closed() const;

    Tally tally;

private:
    struct Asked {
        ClientNumber caller{};
        Delivery delivery{};
        std::vector<ClientNumber> callees;
    };

    std::vector<Asked> asked_; // by Secret, from 1
    std::vector<Fd> fds_;
};

} // namespace pandora::hub::core::simulation
