// The values of a procfile as it spells them: the other way round than `scalars`. Pure.
#pragma once

#include "procfiles/spec.hpp"

#include <cstdint>
#include <string>

namespace pandora::procfiles {

/// `1500ms`, `2s`, `5m`, `1h`: the largest unit that needs no fraction.
std::string duration_text(Millis duration);

/// `4096`, `64KiB`, `16MiB`, `1GiB`: the largest unit that needs no fraction.
std::string size_text(std::uint64_t bytes);

/// The shortest decimal that is read as the same number, without an exponent.
std::string number_text(double number);

/// `SIGTERM`; the number of one that has no name.
std::string signal_text(int signal);

/// `HOST:PORT`, with an IPv6 address in brackets.
std::string endpoint_text(const std::string& host, std::uint16_t port);

/// `0022`.
std::string octal_text(unsigned bits);

/// Each word as the schema spells it.
std::string word_of(Restart restart);
std::string word_of(OnGiveUp action);
std::string word_of(Condition condition);
std::string word_of(Strategy strategy);
std::string word_of(IoPriority::Class kind);
std::string word_of(LogFormat format);
std::string word_of(Compression compression);
std::string word_of(PolicyVerb verb);

} // namespace pandora::procfiles
