#include "tests/simulation/router_ledger.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <memory>
#include <sstream>

namespace pandora::hub::core::simulation {

namespace {

constexpr std::array counts{
    std::pair{"steps", &Tally::steps},
    std::pair{"clients", &Tally::clients},
    std::pair{"native", &Tally::natives},
    std::pair{"calls", &Tally::calls},
    std::pair{"one-way", &Tally::one_way},
    std::pair{"delivered", &Tally::delivered},
    std::pair{"given again", &Tally::repeated},
    std::pair{"answers", &Tally::answers},
    std::pair{"parts", &Tally::parts},
    std::pair{"cancels", &Tally::cancels},
    std::pair{"parked", &Tally::parked},
    std::pair{"drains", &Tally::drains},
    std::pair{"waits", &Tally::waits},
    std::pair{"ended by shutdown", &Tally::shut_down},
    std::pair{"events", &Tally::events},
    std::pair{"heard (native)", &Tally::heard_native},
    std::pair{"heard (legacy)", &Tally::heard_legacy},
    std::pair{"retained", &Tally::retained},
    std::pair{"overflows", &Tally::overflows},
    std::pair{"lost and told", &Tally::lost},
    std::pair{"channels", &Tally::channels},
    std::pair{"pools", &Tally::pools},
    std::pair{"places", &Tally::places},
    std::pair{"released", &Tally::released},
    std::pair{"descriptors", &Tally::descriptors},
    std::pair{"pings", &Tally::pings},
    std::pair{"unresponsive", &Tally::unresponsive},
};

} // namespace

void require(bool holds, std::string_view promise, std::string_view evidence)
{
    if (holds) return;
    throw Broken{std::string{promise} + (evidence.empty() ? "" : ": ") + std::string{evidence.substr(0, 2000)}};
}

/// As few bytes as hold a number below `n`.
std::uint64_t Dice::read(std::uint64_t n)
{
    std::uint64_t number = 0;
    for (std::uint64_t range = 1; range < n && !script_->empty(); range <<= 8) {
        number = number << 8 | script_->front();
        script_ = script_->subspan(1);
    }
    return number;
}

std::string text_of(Secret secret) { return "s:" + std::to_string(static_cast<std::uint64_t>(secret)) + ":"; }

Secret next_secret(std::string_view text, std::size_t& at)
{
    for (at = text.find("s:", at); at != std::string_view::npos; at = text.find("s:", at)) {
        at += 2;
        std::uint64_t number = 0;
        const auto [end, error] = std::from_chars(text.data() + at, text.data() + text.size(), number);
        if (error == std::errc{} && end != text.data() + text.size() && *end == ':') return Secret{number};
    }
    return {};
}

void Tally::add(const Tally& other)
{
    for (const auto& [name, count] : counts) this->*count += other.*count;
    for (const auto& [end, count] : other.calls_ended) calls_ended[end] += count;
    for (const auto& [reason, count] : other.ends) ends[reason] += count;
}

std::string Tally::text() const
{
    std::ostringstream out;
    for (const auto& [name, count] : counts) out << name << ' ' << this->*count << ", ";
    out << "\ncalls ended:";
    for (const auto& [end, count] : calls_ended) out << ' ' << name_of(end) << ' ' << count;
    out << "\nconnections ended:";
    for (const auto& [reason, count] : ends) out << ' ' << name_of(reason) << ' ' << count;
    return out.str();
}

Secret Ledger::ask(ClientNumber caller, Delivery delivery)
{
    asked_.push_back({caller, delivery, {}});
    return Secret{asked_.size()};
}

void Ledger::delivered(Secret secret, ClientNumber callee)
{
    require(secret != Secret{} && static_cast<std::uint64_t>(secret) <= asked_.size(), "a message nobody has sent");
    Asked& asked = asked_[static_cast<std::size_t>(secret) - 1];
    ++tally.delivered;
    if (!asked.callees.empty() && asked.delivery == Delivery::repeatable) ++tally.repeated;
    require(asked.callees.empty() || asked.delivery != Delivery::once, "a call came twice", text_of(secret));
    const bool again = std::ranges::find(asked.callees, callee) != asked.callees.end();
    require(!again || asked.delivery == Delivery::repeatable, "a call came to one callee twice", text_of(secret));
    asked.callees.push_back(callee);
}

Fd Ledger::make_fd()
{
    ++tally.descriptors;
    return fds_.emplace_back(std::make_shared<const int>(static_cast<int>(fds_.size())));
}

bool Ledger::every_fd_is_closed() const
{
    return std::ranges::all_of(fds_, [](const Fd& fd) { return fd.use_count() == 1; });
}

} // namespace pandora::hub::core::simulation
