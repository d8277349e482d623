#include "supervisor/cli/hub_capture.hpp"

#include "hub/client/cpp/body_reader.hpp"
#include "supervisor/cli/hub_fields.hpp"

#include <array>
#include <istream>
#include <ostream>
#include <string>
#include <string_view>

namespace pandora::supervisor::cli {

namespace {

constexpr std::string_view magic = "PANDCAP\n";
constexpr std::uint32_t version = 1;

/// A record has come in one frame of the hub, which shows no more than 64 KiB of a payload: what is longer is damage.
constexpr std::uint32_t record_bytes_max = 16 * 1024 * 1024;

/// Records nest as deep as the hub shows payloads, and a little; nobody else makes any.
constexpr std::size_t nesting_max = 128;

using Number = std::array<char, 4>;

Number big_endian(std::uint32_t value)
{
    return {static_cast<char>(value >> 24), static_cast<char>(value >> 16), static_cast<char>(value >> 8),
            static_cast<char>(value)};
}

std::uint32_t from_big_endian(const Number& bytes)
{
    std::uint32_t value = 0;
    for (const char byte : bytes) value = value << 8 | static_cast<unsigned char>(byte);
    return value;
}

/// How many of the bytes came before the end.
std::size_t read(std::istream& in, char* bytes, std::size_t count)
{
    in.read(bytes, static_cast<std::streamsize>(count));
    return static_cast<std::size_t>(in.gcount());
}

} // namespace

CaptureWriter::CaptureWriter(std::ostream& out, std::uint64_t bytes_max) : out_{out}, bytes_max_{bytes_max}
{
    const auto number = big_endian(version);
    out_.write(magic.data(), magic.size()).write(number.data(), number.size());
    bytes_ = magic.size() + number.size();
}

bool CaptureWriter::write(const Json& record)
{
    const auto text = json_text(record);
    if (bytes_ + sizeof(Number) + text.size() > bytes_max_) return false;
    const auto length = big_endian(static_cast<std::uint32_t>(text.size()));
    out_.write(length.data(), length.size()).write(text.data(), static_cast<std::streamsize>(text.size()));
    bytes_ += length.size() + text.size();
    ++records_;
    return true;
}

CaptureReader::CaptureReader(std::istream& in) : in_{in}
{
    std::array<char, magic.size()> begin{};
    Number number{};
    if (read(in_, begin.data(), begin.size()) != begin.size() || std::string_view{begin.data(), begin.size()} != magic)
        throw BadCapture{"it is no capture of hub traffic"};
    if (read(in_, number.data(), number.size()) != number.size() || from_big_endian(number) != version)
        throw BadCapture{"it is a capture of a version that this pandora does not know"};
}

std::optional<Json> CaptureReader::next()
{
    Number number{};
    const auto got = read(in_, number.data(), number.size());
    torn_ = got != 0 && got != number.size();
    if (got != number.size()) return std::nullopt;
    const auto length = from_big_endian(number);
    if (length > record_bytes_max) throw BadCapture{"it is damaged: a record of " + std::to_string(length) + " bytes"};
    std::string text(length, '\0');
    torn_ = read(in_, text.data(), length) != length;
    if (torn_) return std::nullopt;
    auto record = hub::client::read_body(text, nesting_max);
    if (!record) throw BadCapture{"it is damaged: a record that is no JSON, or nests too deep"};
    return record;
}

} // namespace pandora::supervisor::cli
