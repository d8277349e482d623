// One client of a simulation, of either dialect: it asks, answers, publishes, subscribes and reads at random, and
// checks everything that it is sent against what it has said. What it does is in router_client_calls.cpp and
// router_client_acts.cpp, what it checks in router_client.cpp.
#pragma once

#include "hub/core/router.hpp"
#include "hub/wire/decoder.hpp"
#include "hub/wire/native.hpp"
#include "tests/simulation/router_hearing.hpp"
#include "tests/simulation/router_ledger.hpp"

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

namespace pandora::hub::core::simulation {

/// The stage that all clients of a run are on. Outlives them.
struct Stage {
    Router& router;
    Ledger& ledger;
    Dice& dice;
    TimePoint now;
    Millis call_timeout; // of a call that names none
};

/// One of four, so that they have a lot to do with each other.
std::string some_object(Dice& dice);
std::string selector_of(const std::string& object);

class Client {
public:
    Client(Stage& stage, PeerId peer, ClientNumber number, bool wants_native);

    /// Does one thing at random.
    void act();

    /// Gives one of the answers that it owes.
    void answer();

    /// Reads up to `bytes` of what waits for it, as its socket would hand them out.
    void read(std::size_t bytes);

    void read_all() { read(SIZE_MAX); }

    /// Frames that make no sense.
    void talk_nonsense();

    /// After reading all: whether every call that is due by `now` has ended.
    bool has_overdue(TimePoint now) const;

    /// Calls that the hub ends by itself, sooner or later.
    std::size_t open_calls() const;

    PeerId peer() const { return peer_; }

    /// The handle of one that it was told of, who may have gone since; 0: of nobody.
    std::uint32_t known_source() const { return sources_.empty() ? 0 : *sources_.rbegin(); }

    bool slow = false;
    TimePoint moved{}; // when its queue was last read, or seen at or below the soft limit

private:
    /// What it has asked, as long as that is not answered.
    struct Question {
        Secret secret{};
        TimePoint due = TimePoint::max();
        bool gathers = false;
        bool canceled = false;                                                // an answer may still be on its way
        std::uint32_t parts = 0;                                              // answers with more to come that it takes
        std::function<void(bool ok, const wire::RoutingBlock& block)> then{}; // of requests to the hub
    };

    /// What it was asked.
    struct Owed {
        std::uint32_t id = 0;
        Secret secret{};
        bool native = false;
        std::uint32_t parts = 0;
    };

    struct Place {
        std::uint32_t owner = 0, pool = 0, offset = 0;
    };

    /// One answer in either dialect.
    struct Ended {
        std::uint32_t id = 0;
        bool more = false, ok = false;
        wire::RoutingBlock block{};
        std::string_view text;
    };

    // router_client_acts.cpp, router_client_calls.cpp
    std::uint32_t question(Question question);
    void send_json(std::uint32_t id, const std::string& body);
    void put(std::uint8_t flags, std::uint32_t id, const wire::RoutingBlock& block, const wire::Tlvs& tlvs,
             std::string_view payload, std::span<const Fd> fds = {});
    void control(wire::ControlVerb verb, std::uint32_t id, wire::RoutingBlock block, const wire::Tlvs& tlvs,
                 std::string_view payload = {}, std::span<const Fd> fds = {});
    void go_online();
    void register_something();
    void publish(const std::string& object);
    void listen(const std::string& object);
    void withdraw();
    void go_offline();
    void ask();
    Delivery delivery_of(bool wants_answer, bool to_all, bool idempotent) const;
    std::uint32_t count_question(Secret secret, bool wants_answer, Question question);
    void ask_legacy(const std::string& object);
    void ask_native(const std::string& object);
    std::optional<wire::SharedPlace> place_for(Secret secret);
    std::vector<Fd> some_fds();
    void name_target(const std::string& object, const std::string& method, wire::RoutingBlock& block, wire::Tlvs& tlvs);
    void answer_legacy(const Owed& owed);
    bool answer_native(Owed& owed);
    void forge(const Owed& owed);
    void tell_event();
    void tell_event_as(const std::string& object, const std::string& event, const Mark& mark);
    void send_event(const std::string& object, const std::string& event, std::string_view params);
    void change_subscription();
    void subscribe(const TopicFilter& filter);
    void unsubscribe(const TopicFilter& filter);
    void cancel_something();
    void wait_for();
    void open_channel();
    void use_pools();
    void release_something();
    std::uint32_t returned_credit();
    void intern();
    std::string filling(char of);
    void nonsense_legacy();
    void nonsense_native();

    // router_client.cpp
    void understand(const wire::Frame& frame);
    void understand_legacy(const wire::Frame& frame);
    void asked_legacy(std::uint32_t id, const wire::LegacyBody& body);
    void understand_native(const wire::Frame& frame);
    void understand_control(const wire::Frame& frame, const wire::NativeBody& body, std::span<const Fd> fds);
    void asked_native(const wire::Frame& frame, const wire::NativeBody& body);
    void expect_introduced(const wire::NativeBody& body) const;
    void expect_credit(const wire::NativeBody& body);
    void expect_place(const wire::NativeBody& body);
    void told(const wire::NativeBody& body);
    void ended(const Ended& answer);
    void owes(const Owed& owed);
    std::string selector_in(const wire::NativeBody& body) const;
    std::string name_in(const wire::NativeBody& body) const;

    Stage& stage_;
    PeerId peer_;
    ClientNumber number_;
    bool wants_native_;
    bool native_ = false, online_ = false, stamped_ = false, pools_ = false, mute_ = false;

    std::uint32_t packet_ = 0;
    std::map<std::uint32_t, Question> questions_; // by its own id of each
    std::unordered_set<std::uint32_t> over_;      // ids that were answered for the last time
    std::vector<Owed> owed_;
    std::set<std::string> publishes_; // objects, as the hub has confirmed
    std::set<std::string> attempted_; // objects that it may be publishing without knowing yet
    std::uint32_t withdrawals_ = 0;   // an older publication that is confirmed after one says nothing
    std::map<std::pair<std::string, std::string>, std::uint64_t> told_; // events by object and name
    Hearing hearing_;

    wire::FrameDecoder decoder_;
    std::deque<Fd> fds_; // that came, for frames to come

    std::map<std::uint32_t, std::pair<wire::NameKind, std::string>> numbers_; // that it was told
    std::set<std::uint32_t> sources_;                                         // handles that it was told of
    std::optional<std::int64_t> messages_left_, bytes_left_;                  // its window
    std::uint32_t messages_done_ = 0, bytes_done_ = 0;                        // to be returned
    std::set<std::uint32_t> own_pools_;
    std::set<std::pair<std::uint32_t, std::uint32_t>> known_pools_; // owner and number
    std::set<std::uint32_t> lent_;                                  // offsets of its own that others may hold
    std::uint32_t last_place_ = 0;
    std::vector<Place> borrowed_;
    std::vector<Fd> channel_ends_;
};

} // namespace pandora::hub::core::simulation
