#include "tests/simulation/router_client.hpp"

#include "hub/core/translation.hpp"
#include "hub/wire/json_text.hpp"

#include <algorithm>
#include <array>
#include <cstring>

namespace pandora::hub::core::simulation {

namespace {

using wire::ControlVerb;
using wire::Verb;

constexpr std::string_view subscriber_suffix = "@subscriber";
constexpr std::size_t decoder_bytes_max = 1 << 20;

std::string object_in(std::string_view selector)
{
    Selector read;
    parse_selector(selector, read);
    return std::string{object_named(read)};
}

std::string without_suffix(const std::string& object)
{
    return object.ends_with(subscriber_suffix) ? object.substr(0, object.size() - subscriber_suffix.size()) : "";
}

Secret first_secret(std::string_view text)
{
    std::size_t at = 0;
    return next_secret(text, at);
}

} // namespace

std::string some_object(Dice& dice) { return std::string(1, static_cast<char>('a' + dice.pick(4))); }

std::string selector_of(const std::string& object) { return R"({"objectName":")" + object + "\"}"; }

Client::Client(Stage& stage, PeerId peer, ClientNumber number, bool wants_native)
    : moved{stage.now}, stage_{stage}, peer_{peer}, number_{number},
      wants_native_{wants_native}, mute_{stage.dice.one_in(8)}, decoder_{decoder_bytes_max}
{}

bool Client::has_overdue(TimePoint now) const
{
    return std::ranges::any_of(questions_, [&](const auto& asked) {
        return asked.second.due != TimePoint::max() && !asked.second.canceled && asked.second.due + Millis{1} <= now;
    });
}

std::size_t Client::open_calls() const
{
    return static_cast<std::size_t>(std::ranges::count_if(
        questions_, [](const auto& asked) { return asked.second.secret != Secret{} && !asked.second.canceled; }));
}

void Client::read(std::size_t bytes)
{
    Router& router = stage_.router;
    if (!router.outbox(peer_).empty()) moved = stage_.now;
    while (bytes > 0 && !router.outbox(peer_).empty()) {
        std::array<std::string_view, 2> blocks;
        require(router.outbox(peer_).gather(blocks) > 0, "something waits, and nothing of it can be written");
        const auto space = decoder_.space();
        const std::size_t part = std::min({space.size(), blocks[0].size(), bytes});
        for (const Fd& fd : router.outbox(peer_).front_fds()) fds_.push_back(fd);
        std::memcpy(space.data(), blocks[0].data(), part);
        decoder_.commit(part);
        router.sent(peer_, part, stage_.now);
        bytes -= part;
        for (wire::Decoded decoded = decoder_.next(); !std::holds_alternative<wire::NeedMore>(decoded);
             decoded = decoder_.next()) {
            require(std::holds_alternative<wire::Frame>(decoded), "a frame of an impossible length");
            understand(std::get<wire::Frame>(decoded));
        }
    }
}

void Client::understand(const wire::Frame& frame)
{
    if (!(frame.header.flags & wire::flag::native)) return understand_legacy(frame);
    require(native_, "a native frame before that was agreed", frame.body);
    understand_native(frame);
}

// --- the legacy dialect ------------------------------------------------------------------------------------------

void Client::understand_legacy(const wire::Frame& frame)
{
    require(frame.header.flags == 0, "a JSON frame has flags", frame.body);
    const auto parsed = wire::parse_legacy(frame.body);
    require(std::holds_alternative<wire::LegacyBody>(parsed), "a body that is no JSON", frame.body);
    const auto& body = std::get<wire::LegacyBody>(parsed);
    if (body.action == wire::LegacyAction::reply)
        return ended({.id = body.answers, .ok = wire::truthy(body.success), .text = frame.body});
    require(frame.body.starts_with(R"({"action":"PANDORA_HUB_ACTION_MSG_DOWN")"), "neither answer nor message",
            frame.body);
    require(!native_, "a message in the legacy dialect came to a native client", frame.body);
    asked_legacy(frame.header.id, body);
}

void Client::asked_legacy(std::uint32_t id, const wire::LegacyBody& body)
{
    const Secret secret = first_secret(body.data);
    if (secret != Secret{}) stage_.ledger.delivered(secret, number_);
    if (wire::truthy(body.need_reply)) return owes({.id = id, .secret = secret});
    const auto mark = mark_in(body.data);
    if (!mark || body.property != R"("callback")") return;
    const auto event = read_legacy_event(body.payload);
    require(event.has_value(), "an event of no known form", body.data);
    ++stage_.ledger.tally.heard_legacy;
    hearing_.heard_legacy(without_suffix(object_in(body.remote)),
                          std::string{event->event.substr(1, event->event.size() - 2)}, *mark);
}

void Client::owes(const Owed& owed)
{
    require(std::ranges::find(owed_, owed.id, &Owed::id) == owed_.end(), "two requests have one id");
    owed_.push_back(owed);
}

/// An answer, or one of several.
void Client::ended(const Ended& answer)
{
    require(!over_.contains(answer.id), "a request was answered twice", answer.text);
    const auto found = questions_.find(answer.id);
    if (found == questions_.end()) {
        require(first_secret(answer.text) == Secret{}, "an answer to a request of somebody else", answer.text);
        over_.insert(answer.id);
        return;
    }
    Question& question = found->second;
    std::size_t at = 0;
    for (Secret secret = next_secret(answer.text, at); secret != Secret{}; secret = next_secret(answer.text, at))
        require(secret == question.secret, "an answer to another question", answer.text);
    if (answer.more) {
        require(question.gathers || question.parts > 0, "an answer with more to come that was not granted");
        if (!question.gathers) --question.parts;
        ++stage_.ledger.tally.parts;
        return;
    }
    over_.insert(answer.id);
    if (question.secret != Secret{}) ++stage_.ledger.tally.answers;
    const auto then = std::move(question.then);
    questions_.erase(found);
    if (then) then(answer.ok, answer.block);
}

// --- the native dialect ------------------------------------------------------------------------------------------

std::string Client::selector_in(const wire::NativeBody& body) const
{
    return body.block.dst != 0 ? numbers_.at(body.block.dst).second : std::string{body.tlvs.selector};
}

std::string Client::name_in(const wire::NativeBody& body) const
{
    return body.block.method != 0 ? numbers_.at(body.block.method).second : std::string{body.tlvs.name};
}

void Client::understand_native(const wire::Frame& frame)
{
    const auto read = wire::parse_native(frame.body);
    require(read.has_value(), "a native frame that cannot be read");
    const wire::NativeBody& body = *read;
    const std::uint8_t flags = frame.header.flags;
    require(!(flags & wire::flag::reserved), "a flag that means nothing yet");
    const std::size_t count = wire::frame_fds(flags, frame.body);
    require(fds_.size() >= count, "descriptors are missing");
    const std::vector<Fd> fds{fds_.begin(), fds_.begin() + static_cast<std::ptrdiff_t>(count)};
    fds_.erase(fds_.begin(), fds_.begin() + static_cast<std::ptrdiff_t>(count));
    const bool knows_source = !stamped_ || body.block.src == 0 || sources_.contains(body.block.src);
    const bool introduces = (flags & wire::flag::control) && body.block.verb == std::uint8_t(ControlVerb::identity);
    require(knows_source || introduces, "a source that was not introduced");
    if (flags & wire::flag::control) return understand_control(frame, body, fds);

    switch (static_cast<Verb>(body.block.verb)) {
    case Verb::reply:
        expect_place(body);
        return ended({.id = frame.header.id,
                      .more = (flags & wire::flag::more) != 0,
                      .ok = body.block.status == 0,
                      .block = body.block,
                      .text = body.payload});
    case Verb::event: return told(body);
    case Verb::invoke:
    case Verb::multi:
    case Verb::shout: return asked_native(frame, body);
    }
    require(false, "an unknown verb");
}

/// That it knows the numbers of a message, and has had room for it.
void Client::expect_introduced(const wire::NativeBody& body) const
{
    const auto knows = [&](std::uint32_t number, wire::NameKind kind) {
        const auto known = numbers_.find(number);
        return number == 0 || (known != numbers_.end() && known->second.first == kind);
    };
    require(knows(body.block.dst, wire::NameKind::selector), "a selector's number that was not introduced");
    require(knows(body.block.method, wire::NameKind::name), "a name's number that was not introduced");
}

void Client::expect_credit(const wire::NativeBody& body)
{
    ++messages_done_;
    bytes_done_ += static_cast<std::uint32_t>(body.payload.size());
    if (!messages_left_) return;
    require(*messages_left_ > 0 && *bytes_left_ > 0, "a message beyond the client's credit");
    --*messages_left_;
    *bytes_left_ -= static_cast<std::int64_t>(body.payload.size());
}

void Client::expect_place(const wire::NativeBody& body)
{
    if (!body.tlvs.shared) return;
    ++stage_.ledger.tally.places;
    require(known_pools_.contains({body.block.src, body.tlvs.shared->pool}), "a pool that was not introduced");
    borrowed_.push_back({body.block.src, body.tlvs.shared->pool, body.tlvs.shared->offset});
}

void Client::asked_native(const wire::Frame& frame, const wire::NativeBody& body)
{
    expect_introduced(body);
    expect_credit(body);
    expect_place(body);
    require(body.block.src != 0, "a message of nobody");
    const Secret secret = body.tlvs.shared ? Secret{body.tlvs.shared->length} : first_secret(body.payload);
    if (secret != Secret{}) stage_.ledger.delivered(secret, number_);
    if (!(frame.header.flags & wire::flag::request)) return;
    owes({frame.header.id, secret, true, wire::messages_of(body.block.credit)});
}

void Client::told(const wire::NativeBody& body)
{
    expect_introduced(body);
    expect_credit(body);
    require(!body.payload.empty(), "a removal was told");
    const auto mark = mark_in(body.payload);
    require(mark.has_value(), "an event that nobody has told", body.payload);
    ++stage_.ledger.tally.heard_native;
    hearing_.heard_native(object_in(selector_in(body)), name_in(body), *mark);
}

void Client::understand_control(const wire::Frame& frame, const wire::NativeBody& body, std::span<const Fd> fds)
{
    const wire::RoutingBlock& block = body.block;
    const auto verb = static_cast<ControlVerb>(block.verb);
    if (!(frame.header.flags & wire::flag::oneway)) { // an answer to a request of its own
        if (verb == ControlVerb::open_channel && !fds.empty()) channel_ends_.push_back(fds.front());
        return ended({.id = frame.header.id, .ok = block.status == 0, .block = block, .text = body.payload});
    }
    if (verb == ControlVerb::named) {
        numbers_[block.dst] = {static_cast<wire::NameKind>(block.act), std::string{body.payload}};
    } else if (verb == ControlVerb::identity) {
        require(wire::is_json(body.payload), "an identity that is no JSON", body.payload);
        sources_.insert(block.src);
    } else if (verb == ControlVerb::ping) {
        ++stage_.ledger.tally.pings;
        if (!mute_) control(ControlVerb::pong, frame.header.id, {}, {});
    } else if (verb == ControlVerb::cancel) {
        ++stage_.ledger.tally.cancels;
        if (!stage_.dice.one_in(4)) std::erase_if(owed_, [&](const Owed& owed) { return owed.id == frame.header.id; });
    } else if (verb == ControlVerb::credit) {
        const auto owed = std::ranges::find(owed_, frame.header.id, &Owed::id);
        if (owed != owed_.end()) owed->parts += wire::messages_of(block.credit);
    } else if (verb == ControlVerb::overflow) {
        expect_introduced(body);
        ++stage_.ledger.tally.overflows;
        stage_.ledger.tally.lost += block.deadline;
        hearing_.overflowed(object_in(selector_in(body)), block.deadline);
    } else if (verb == ControlVerb::channel) {
        require((block.status == 0) == (fds.size() == 1), "a channel without its end");
        if (!fds.empty()) channel_ends_.push_back(fds.front());
    } else if (verb == ControlVerb::pool) {
        if (block.deadline == 0) return;
        require(fds.size() == 1, "a pool without its memory");
        known_pools_.insert({block.src, block.dst});
    } else if (verb == ControlVerb::release) {
        ++stage_.ledger.tally.released;
        require(lent_.erase(block.method) == 1, "a place was released that nobody held");
    } else {
        require(verb == ControlVerb::goaway, "a control frame that only clients send");
    }
}

} // namespace pandora::hub::core::simulation
