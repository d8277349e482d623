// What a client of the simulation asks and answers.
#include "tests/simulation/router_client.hpp"
#include "tests/unit/hub/core/router_harness.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace pandora::hub::core::simulation {

namespace {

using testing::RouterHarness;
using wire::ControlVerb;
using wire::Status;
using wire::Verb;

Millis some_time(Dice& dice) { return Millis{1 + dice.pick(dice.one_in(3) ? 20'000 : 500)}; }

} // namespace

void Client::ask()
{
    const std::string object = some_object(stage_.dice);
    return native_ ? ask_native(object) : ask_legacy(object);
}

Delivery Client::delivery_of(bool wants_answer, bool to_all, bool idempotent) const
{
    if (to_all) return Delivery::once_each;
    return wants_answer && idempotent ? Delivery::repeatable : Delivery::once;
}

std::uint32_t Client::count_question(Secret secret, bool wants_answer, Question asked)
{
    ++(wants_answer ? stage_.ledger.tally.calls : stage_.ledger.tally.one_way);
    if (!wants_answer) return ++packet_;
    asked.secret = secret;
    return question(std::move(asked));
}

void Client::ask_legacy(const std::string& object)
{
    Dice& dice = stage_.dice;
    const bool wants = !dice.one_in(5), to_all = dice.one_in(3), idempotent = dice.one_in(4);
    const bool everybody = to_all && dice.one_in(6);
    const Secret secret = stage_.ledger.ask(number_, delivery_of(wants, to_all, idempotent));
    const Millis timeout = some_time(dice);
    const std::array actions{"OBJECT_ACTION_INVOKE", "OBJECT_ACTION_INVOKE", "OBJECT_ACTION_SUBSCRIBE",
                             "OBJECT_ACTION_UNSUBSCRIBE", "something of its own"};
    std::string data = R"({"remote":)";
    data += everybody ? "null" : dice.one_in(8) ? "{}" : selector_of(object);
    data += R"(,"action":")" + std::string{actions[dice.pick(actions.size())]} + R"(","propertyName":"m)" +
            std::to_string(dice.pick(3)) + R"(","register":"e0","data":[")" + text_of(secret) + filling('x') +
            R"("],"broadcast":)" + (to_all ? "true" : "false") + R"(,"timeout":)" + std::to_string(timeout.count());
    if (wants) data += R"(,"needReply":true,"host":{"pid":"7"})";
    if (idempotent) data += R"(,"idempotent":true)";
    if (dice.one_in(4)) data += R"(,"wait":true)";
    if (dice.one_in(4)) data += R"(,"sticky":"k)" + std::to_string(dice.pick(3)) + "\"";
    // Answered at once, and the answers to it go nowhere, where it is for everybody.
    const auto id = count_question(secret, wants, {.due = stage_.now + timeout, .gathers = to_all});
    send_json(id, R"({"action":"PANDORA_HUB_ACTION_MSG_UP","data":)" + data + "}}");
}

/// By numbers where it has any, mostly.
void Client::name_target(const std::string& object, const std::string& method, wire::RoutingBlock& block,
                         wire::Tlvs& tlvs)
{
    const auto number_of = [&](wire::NameKind kind, std::string_view text) -> std::uint32_t {
        if (stage_.dice.one_in(4)) return 0;
        const auto found = std::ranges::find_if(
            numbers_, [&](const auto& known) { return known.second.first == kind && known.second.second == text; });
        return found == numbers_.end() ? 0 : found->first;
    };
    block.dst = number_of(wire::NameKind::selector, object);
    if (block.dst == 0) tlvs.selector = object;
    block.method = number_of(wire::NameKind::name, method);
    if (block.method == 0) tlvs.name = method;
}

std::vector<Fd> Client::some_fds()
{
    std::vector<Fd> fds;
    if (stage_.dice.one_in(12))
        for (std::uint64_t n = 1 + stage_.dice.pick(wire::fds_max); n > 0; --n) fds.push_back(stage_.ledger.make_fd());
    return fds;
}

/// A place of its own shared memory for a payload, whose length says what would stand there.
std::optional<wire::SharedPlace> Client::place_for(Secret secret)
{
    if (own_pools_.empty() || !stage_.dice.one_in(4)) return std::nullopt;
    lent_.insert(++last_place_);
    return wire::SharedPlace{*own_pools_.begin(), last_place_, static_cast<std::uint32_t>(secret)};
}

void Client::ask_native(const std::string& object)
{
    Dice& dice = stage_.dice;
    const bool wants = !dice.one_in(5), idempotent = dice.one_in(4);
    const std::uint64_t whom = dice.pick(20);
    const Verb verb = whom < 5 ? Verb::multi : whom < 6 ? Verb::shout : Verb::invoke;
    const Secret secret = stage_.ledger.ask(number_, delivery_of(wants, verb != Verb::invoke, idempotent));
    const std::string selector = dice.one_in(8) ? "{}" : selector_of(object);
    const std::string method = "m" + std::to_string(dice.pick(3)), key = "k" + std::to_string(dice.pick(3));
    wire::RoutingBlock block{.verb = static_cast<std::uint8_t>(verb)};
    wire::Tlvs tlvs;
    name_target(selector, method, block, tlvs);
    const TimePoint due = stage_.now + (dice.one_in(4) ? stage_.call_timeout : some_time(dice));
    if (due != stage_.now + stage_.call_timeout) block.deadline = nanoseconds(due);
    const std::uint32_t parts = dice.one_in(4) ? dice.pick32(4) : 0;
    block.credit = wire::credit_of(0, static_cast<std::uint16_t>(parts));
    block.act = static_cast<std::uint8_t>(dice.one_in(4) ? dice.pick(5) : 0);
    if (idempotent) block.options |= wire::option::idempotent;
    if (dice.one_in(4)) block.options |= wire::option::wait;
    if (dice.one_in(4)) tlvs.sticky = key;
    if (dice.one_in(8)) block.options |= wire::option::spread;
    tlvs.shared = place_for(secret);
    const std::vector<Fd> fds = tlvs.shared ? std::vector<Fd>{} : some_fds();
    const std::string payload = tlvs.shared ? "" : "[\"" + text_of(secret) + filling('x') + "\"]";
    const std::uint8_t binary = dice.one_in(10) ? wire::flag::binary : 0;
    const auto id = count_question(secret, wants, {.due = due, .gathers = verb == Verb::multi, .parts = parts});
    put((wants ? wire::flag::request : wire::flag::oneway) | binary, id, block, tlvs, payload, fds);
}

void Client::answer()
{
    if (owed_.empty()) return;
    const std::size_t at = stage_.dice.pick(owed_.size());
    bool last = true;
    if (owed_[at].native)
        last = answer_native(owed_[at]);
    else
        answer_legacy(owed_[at]);
    if (stage_.dice.one_in(10)) forge(owed_[at]);
    if (last && !stage_.dice.one_in(10)) owed_.erase(owed_.begin() + static_cast<std::ptrdiff_t>(at)); // else twice
}

void Client::answer_legacy(const Owed& owed)
{
    const std::string text = "\"" + text_of(owed.secret) + (stage_.dice.one_in(3) ? filling('y') : "") + "\"";
    const std::string data = stage_.dice.one_in(6) ? R"({"success":false,"error":{"message":)" + text + "}}"
                                                   : R"({"success":true,"data":)" + text + "}";
    send_json(++packet_, RouterHarness::reply(owed.id, data));
}

/// Whether it was the last answer to that.
bool Client::answer_native(Owed& owed)
{
    Dice& dice = stage_.dice;
    const std::array statuses{Status::ok,          Status::ok,      Status::ok,       Status::app_error,
                              Status::unsupported, Status::invalid, Status::canceled, Status::busy};
    wire::RoutingBlock block{.verb = static_cast<std::uint8_t>(Verb::reply),
                             .status = static_cast<std::uint8_t>(statuses[dice.pick(statuses.size())]),
                             .credit = messages_left_ && dice.one_in(2) ? returned_credit() : 0};
    wire::Tlvs tlvs;
    const bool more = owed.parts > 0 ? !dice.one_in(3) : dice.one_in(40); // the latter is more than it may
    if (more && owed.parts > 0) --owed.parts;
    if (!more) tlvs.shared = place_for(owed.secret);
    std::string payload = "\"" + text_of(owed.secret) + (dice.one_in(3) ? filling('y') : "") + "\"";
    if (dice.one_in(20)) payload.pop_back(); // and is no JSON
    std::uint8_t flags = more ? wire::flag::more : std::uint8_t{0};
    if (dice.one_in(10)) flags |= wire::flag::binary;
    const std::vector<Fd> fds = some_fds();
    put(flags, owed.id, block, tlvs, tlvs.shared ? "" : payload, fds);
    return !more;
}

/// An answer to what it was never asked.
void Client::forge(const Owed& owed)
{
    const std::uint32_t id = owed.id + 1'000'000;
    const std::string text = "\"" + text_of(owed.secret) + "\"";
    if (native_)
        put(0, id, {.verb = static_cast<std::uint8_t>(Verb::reply)}, {}, text);
    else
        send_json(++packet_, RouterHarness::reply(id, R"({"success":true,"data":)" + text + "}"));
}

void Client::cancel_something()
{
    if (questions_.empty()) return;
    auto asked = std::next(questions_.begin(), static_cast<std::ptrdiff_t>(stage_.dice.pick(questions_.size())));
    const bool waits = asked->second.due != TimePoint::max();
    if (asked->second.secret == Secret{} && !waits) return;
    if (asked->second.parts > 0 && stage_.dice.one_in(2)) { // go on, rather
        asked->second.parts += 2;
        return control(ControlVerb::credit, asked->first, {.credit = wire::credit_of(0, 2)}, {});
    }
    asked->second.canceled = true;
    control(ControlVerb::cancel, asked->first, {}, {});
}

void Client::wait_for()
{
    const std::string selector = selector_of(some_object(stage_.dice));
    const TimePoint due = stage_.now + some_time(stage_.dice);
    ++stage_.ledger.tally.waits;
    control(ControlVerb::wait_for, question({.due = due}), {.deadline = nanoseconds(due)}, {.selector = selector});
}

void Client::intern()
{
    const bool selects = stage_.dice.one_in(2);
    const std::string text = selects
                                 ? selector_of(some_object(stage_.dice) + (stage_.dice.one_in(3) ? "@subscriber" : ""))
                                 : (stage_.dice.one_in(2) ? "m" : "e") + std::to_string(stage_.dice.pick(3));
    const auto kind = selects ? wire::NameKind::selector : wire::NameKind::name;
    const auto then = [this, kind, text](bool ok, const wire::RoutingBlock& block) {
        if (ok) numbers_[block.dst] = {kind, text};
    };
    control(ControlVerb::intern, question({.then = then}), {.act = static_cast<std::uint8_t>(kind)}, {}, text);
}

} // namespace pandora::hub::core::simulation
