#include "hub/wire/native.hpp"

#include "hub/wire/big_endian.hpp"

#include <algorithm>
#include <cassert>

namespace pandora::hub::wire {

namespace {

enum class TlvType : std::uint8_t { selector = 1, name, trace, schema, shared, sticky };

constexpr std::uint8_t must_understand = 0x80;
constexpr std::size_t tlv_header_bytes = 4;
constexpr std::size_t shared_place_bytes = 12;

constexpr std::size_t padded(std::size_t bytes) { return (bytes + 3) & ~std::size_t{3}; }

template <class Number>
Number read(std::string_view from, std::size_t at)
{
    return load_big_endian<Number>(from.data() + at);
}

RoutingBlock read_block(std::string_view body)
{
    return {.verb = read<std::uint8_t>(body, 0),
            .status = read<std::uint8_t>(body, 2),
            .nfds = read<std::uint8_t>(body, 3),
            .dst = read<std::uint32_t>(body, 4),
            .src = read<std::uint32_t>(body, 8),
            .method = read<std::uint32_t>(body, 12),
            .deadline = read<std::uint64_t>(body, 16),
            .credit = read<std::uint32_t>(body, 24),
            .options = read<std::uint8_t>(body, 28),
            .act = read<std::uint8_t>(body, 29),
            .schema = read<std::uint16_t>(body, 30)};
}

void keep_first(std::string_view& kept, std::string_view value)
{
    if (kept.empty()) kept = value;
}

void keep(std::uint8_t type, std::string_view value, Tlvs& into)
{
    switch (static_cast<TlvType>(type & ~must_understand)) {
    case TlvType::selector: return keep_first(into.selector, value);
    case TlvType::name: return keep_first(into.name, value);
    case TlvType::schema: return keep_first(into.schema, value);
    case TlvType::trace:
        if (value.size() != trace_bytes) break;
        return keep_first(into.trace, value);
    case TlvType::sticky:
        if (value.empty() || value.size() > sticky_bytes_max) break;
        return keep_first(into.sticky, value);
    case TlvType::shared:
        if (value.size() != shared_place_bytes) break;
        if (!into.shared)
            into.shared = SharedPlace{read<std::uint32_t>(value, 0), read<std::uint32_t>(value, 4),
                                      read<std::uint32_t>(value, 8)};
        return;
    default: into.misunderstood = into.misunderstood || (type & must_understand) != 0; return;
    }
    into.malformed = true;
}

/// False where a TLV reaches beyond the block.
bool read_tlvs(std::string_view from, Tlvs& into)
{
    while (!from.empty()) {
        const std::size_t length = read<std::uint16_t>(from, 2);
        if (from.size() < tlv_header_bytes + padded(length)) return false;
        keep(read<std::uint8_t>(from, 0), from.substr(tlv_header_bytes, length), into);
        from.remove_prefix(tlv_header_bytes + padded(length));
    }
    return true;
}

void append_tlv(TlvType type, std::string_view value, std::string& out)
{
    if (value.empty()) return;
    std::array<char, tlv_header_bytes> header{static_cast<char>(type)};
    store_big_endian(static_cast<std::uint16_t>(value.size()), header.data() + 2);
    out.append(header.data(), header.size()).append(value).append(padded(value.size()) - value.size(), '\0');
}

int hex_value(char digit)
{
    if (digit >= '0' && digit <= '9') return digit - '0';
    return digit >= 'a' && digit <= 'f' ? digit - 'a' + 10 : -1;
}

} // namespace

std::string_view name_of(Status status)
{
    switch (status) {
    case Status::ok: return "ok";
    case Status::no_route: return "no_route";
    case Status::peer_gone: return "peer_gone";
    case Status::deadline: return "deadline";
    case Status::busy: return "busy";
    case Status::denied: return "denied";
    case Status::too_large: return "too_large";
    case Status::unsupported: return "unsupported";
    case Status::app_error: return "app_error";
    case Status::shutting_down: return "shutting_down";
    case Status::invalid: return "invalid";
    case Status::canceled: return "canceled";
    }
    return "";
}

std::optional<NativeBody> parse_native(std::string_view body)
{
    if (body.size() < block_bytes_min) return std::nullopt;
    const std::size_t length = std::size_t{read<std::uint8_t>(body, 1)} * 4;
    if (length < block_bytes_min || length > body.size()) return std::nullopt;
    NativeBody parsed{.block = read_block(body),
                      .tlvs = {},
                      .after_block = body.substr(block_bytes_min),
                      .payload = body.substr(length)};
    if (!read_tlvs(body.substr(block_bytes_min, length - block_bytes_min), parsed.tlvs)) return std::nullopt;
    return parsed;
}

BlockBytes encode_block(const RoutingBlock& block, std::size_t length)
{
    assert(length >= block_bytes_min && length <= block_bytes_max && length % 4 == 0);
    BlockBytes bytes;
    char* const at = bytes.data();
    store_big_endian(block.verb, at);
    store_big_endian(static_cast<std::uint8_t>(length / 4), at + 1);
    store_big_endian(block.status, at + 2);
    store_big_endian(block.nfds, at + 3);
    store_big_endian(block.dst, at + 4);
    store_big_endian(block.src, at + 8);
    store_big_endian(block.method, at + 12);
    store_big_endian(block.deadline, at + 16);
    store_big_endian(block.credit, at + 24);
    store_big_endian(block.options, at + 28);
    store_big_endian(block.act, at + 29);
    store_big_endian(block.schema, at + 30);
    return bytes;
}

std::optional<std::string> encode_tlvs(const Tlvs& tlvs)
{
    std::size_t length = block_bytes_min + (tlvs.shared ? tlv_header_bytes + shared_place_bytes : 0);
    for (const std::string_view value : {tlvs.selector, tlvs.name, tlvs.trace, tlvs.schema, tlvs.sticky})
        if (!value.empty()) length += tlv_header_bytes + padded(value.size());
    if (length > block_bytes_max) return std::nullopt;

    std::string out;
    out.reserve(length); // with room for the fixed part, which encode_head() puts in front
    append_tlv(TlvType::selector, tlvs.selector, out);
    append_tlv(TlvType::name, tlvs.name, out);
    append_tlv(TlvType::trace, tlvs.trace, out);
    append_tlv(TlvType::schema, tlvs.schema, out);
    append_tlv(TlvType::sticky, tlvs.sticky, out);
    if (tlvs.shared) {
        std::array<char, shared_place_bytes> place;
        store_big_endian(tlvs.shared->pool, place.data());
        store_big_endian(tlvs.shared->offset, place.data() + 4);
        store_big_endian(tlvs.shared->length, place.data() + 8);
        append_tlv(TlvType::shared, {place.data(), place.size()}, out);
    }
    return out;
}

std::optional<std::string> encode_head(const RoutingBlock& block, const Tlvs& tlvs)
{
    auto head = encode_tlvs(tlvs);
    if (!head) return std::nullopt;
    const BlockBytes fixed = encode_block(block, block_bytes_min + head->size());
    head->insert(0, fixed.data(), fixed.size());
    return head;
}

std::string traceparent(std::string_view trace)
{
    assert(trace.size() == trace_bytes);
    constexpr std::string_view digits = "0123456789abcdef";
    std::string out{"00-"};
    for (std::size_t i = 0; i < trace_bytes; ++i) {
        if (i == 16 || i == 24) out += '-';
        const auto byte = static_cast<std::uint8_t>(trace[i]);
        out += digits[byte >> 4];
        out += digits[byte & 0xf];
    }
    return out;
}

std::optional<std::array<char, trace_bytes>> trace_from(std::string_view text)
{
    constexpr std::size_t text_bytes = 55; // 00-<32>-<16>-<2>
    if (text.size() != text_bytes || !text.starts_with("00-") || text[35] != '-' || text[52] != '-')
        return std::nullopt;
    std::array<char, trace_bytes> bytes;
    std::size_t at = 3;
    for (std::size_t i = 0; i < trace_bytes; ++i, at += 2) {
        if (i == 16 || i == 24) ++at;
        const int high = hex_value(text[at]), low = hex_value(text[at + 1]);
        if (high < 0 || low < 0) return std::nullopt;
        bytes[i] = static_cast<char>(high << 4 | low);
    }
    return bytes;
}

} // namespace pandora::hub::wire
