#include "supervisor/logs/file_text.hpp"

#include "supervisor/logs/json_text.hpp"

#include <array>
#include <ctime>

namespace pandora::supervisor::logs {

namespace {

constexpr std::size_t stamp_bytes_max = 256; // of a strftime format's result; a longer one is left out

std::string formatted(const std::tm& time, const std::string& format)
{
    std::array<char, stamp_bytes_max> text{};
    return {text.data(), std::strftime(text.data(), text.size(), format.c_str(), &time)};
}

std::time_t seconds(WallTime time) { return std::chrono::system_clock::to_time_t(time); }

/// Nothing stands in front of its lines.
bool is_verbatim(const Output& output)
{
    return output.format == procfiles::LogFormat::text && !output.timestamps && !output.name_in_front;
}

void append_six_digits(std::string& out, std::int64_t number)
{
    const auto digits = std::to_string(number);
    out.append(6 - digits.size(), '0').append(digits);
}

} // namespace

std::string_view Stamp::local(WallTime time, const std::string& format)
{
    const auto second = seconds(time);
    if (second == second_ && format == format_) return text_;
    std::tm parts{};
    ::localtime_r(&second, &parts);
    second_ = second;
    format_ = format;
    text_ = formatted(parts, format);
    return text_;
}

std::string_view Stamp::utc(WallTime time)
{
    static constexpr std::size_t date_bytes = 20; // "2026-11-23T02:42:26."
    const auto second = std::chrono::floor<std::chrono::seconds>(time);
    const auto number = second.time_since_epoch().count();
    if (number != second_ || !format_.empty()) {
        const auto whole = seconds(second);
        std::tm parts{};
        ::gmtime_r(&whole, &parts);
        second_ = number;
        format_.clear();
        text_ = formatted(parts, "%Y-%m-%dT%H:%M:%S.");
    }
    text_.resize(date_bytes);
    append_six_digits(text_, std::chrono::duration_cast<std::chrono::microseconds>(time - second).count());
    text_.push_back('Z');
    return text_;
}

FileText::Rendered FileText::render(const Source& source, std::uint64_t stream, Block block, WallTime time,
                                    std::string& scratch)
{
    const bool ends_line = line_is_open_ && opened_by_ != stream;
    if (ends_line) line_is_open_ = false;
    if (is_verbatim(*source.output)) {
        line_is_open_ = !block.text.ends_with('\n');
        opened_by_ = stream;
        return {ends_line, block.text};
    }
    scratch.clear();
    if (source.output->format == procfiles::LogFormat::json) {
        append_json_lines(source, block, time, scratch);
        line_is_open_ = false;
    } else {
        append_text(source, block.text, time, scratch);
        line_is_open_ = !block.text.ends_with('\n');
        opened_by_ = stream;
    }
    return {ends_line, scratch};
}

void FileText::append_text(const Source& source, std::string_view text, WallTime time, std::string& out)
{
    while (!text.empty()) {
        if (!line_is_open_) {
            if (source.output->timestamps) out.append(stamp_.local(time, *source.output->timestamps)).push_back(' ');
            if (source.output->name_in_front) out.append(source.label).append(" | ");
        }
        const auto newline = text.find('\n');
        line_is_open_ = newline == std::string_view::npos;
        const auto line = text.substr(0, line_is_open_ ? text.size() : newline + 1);
        out.append(line);
        text.remove_prefix(line.size());
    }
}

/// A piece of a line is a record of its own, marked: no record is ever left open.
void FileText::append_json_lines(const Source& source, Block block, WallTime time, std::string& out)
{
    const auto stamp = stamp_.utc(time);
    std::string head{R"({"time":")"};
    head.append(stamp).push_back('"');
    if (source.output->metadata) {
        append_json(head.append(R"(,"process":)"), source.instance.process);
        head.append(R"(,"instance":)").append(std::to_string(source.instance.instance));
    }
    head.append(source.stream == Stream::out ? R"(,"stream":"stdout","message":)" : R"(,"stream":"stderr","message":)");
    for_each_line(block, [&](std::string_view line, bool whole) {
        append_json(out.append(head), line);
        out.append(whole ? "}\n" : ",\"partial\":true}\n");
    });
}

} // namespace pandora::supervisor::logs
