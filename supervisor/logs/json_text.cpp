#include "supervisor/logs/json_text.hpp"

#include "supervisor/logs/utf8.hpp"

namespace pandora::supervisor::logs {

namespace {

constexpr std::string_view replacement = "\xEF\xBF\xBD"; // U+FFFD
constexpr std::string_view hex = "0123456789abcdef";

/// ASCII that stands for itself: nearly everything in a log.
bool is_plain(char c) { return c >= 0x20 && c != '"' && c != '\\' && c != 0x7F; }

void append_escaped(std::string& out, char c)
{
    switch (c) {
    case '"': out += "\\\""; return;
    case '\\': out += "\\\\"; return;
    case '\n': out += "\\n"; return;
    case '\r': out += "\\r"; return;
    case '\t': out += "\\t"; return;
    default: break;
    }
    const auto byte = static_cast<unsigned char>(c);
    out.append("\\u00").append({hex[byte >> 4U], hex[byte & 0xFU]});
}

} // namespace

void append_json(std::string& out, std::string_view text)
{
    out.push_back('"');
    while (!text.empty()) {
        std::size_t plain = 0;
        while (plain < text.size() && is_plain(text[plain])) ++plain;
        out.append(text.substr(0, plain));
        text.remove_prefix(plain);
        if (text.empty()) break;
        const auto length = sequence_length(text);
        if (length > 1)
            out.append(text.substr(0, length));
        else if (length == 1)
            append_escaped(out, text.front());
        else
            out.append(replacement);
        text.remove_prefix(length > 1 ? length : 1);
    }
    out.push_back('"');
}

} // namespace pandora::supervisor::logs
