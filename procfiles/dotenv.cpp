#include "procfiles/dotenv.hpp"

#include "procfiles/names.hpp"

#include <algorithm>
#include <optional>

namespace pandora::procfiles {

namespace {

constexpr std::string_view blanks = " \t\r";

std::string_view without_leading_blanks(std::string_view text)
{
    return text.substr(std::min(text.find_first_not_of(blanks), text.size()));
}

std::string_view trimmed(std::string_view text)
{
    const std::size_t first = text.find_first_not_of(blanks);
    if (first == std::string_view::npos) return {};
    return text.substr(first, text.find_last_not_of(blanks) - first + 1);
}

/// A `#` starts a comment at the start of a value and behind a blank; in `a#b` it is part of the value.
std::string_view without_comment(std::string_view text)
{
    for (std::size_t at = text.find('#'); at != std::string_view::npos; at = text.find('#', at + 1))
        if (at == 0 || blanks.find(text[at - 1]) != std::string_view::npos) return text.substr(0, at);
    return text;
}

class DotenvParser {
public:
    explicit DotenvParser(std::string_view text) : rest_{text}
    {
        constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";
        if (rest_.starts_with(byte_order_mark)) rest_.remove_prefix(byte_order_mark.size());
    }

    Dotenv run()
    {
        while (!rest_.empty()) {
            ++line_;
            assignment(take_line());
        }
        return std::move(result_);
    }

private:
    std::string_view take_line()
    {
        const std::size_t end = std::min(rest_.find('\n'), rest_.size());
        const std::string_view line = rest_.substr(0, end);
        rest_.remove_prefix(std::min(end + 1, rest_.size()));
        return line;
    }

    void problem(std::size_t line, std::string_view message)
    {
        result_.problems.push_back({line, std::string{message}});
    }

    void assignment(std::string_view line)
    {
        line = without_leading_blanks(line);
        if (line.empty() || line.front() == '#') return;
        if (line.starts_with("export ") || line.starts_with("export\t")) line.remove_prefix(7);
        const std::size_t equals = line.find('=');
        if (equals == std::string_view::npos) return problem(line_, "expected NAME=VALUE");
        const std::string_view name = trimmed(line.substr(0, equals));
        if (!is_variable_name(name)) return problem(line_, "expected a variable's name before `=`");

        const std::size_t started = line_;
        const std::string_view raw = without_leading_blanks(line.substr(equals + 1));
        const bool quoted = !raw.empty() && (raw.front() == '"' || raw.front() == '\'');
        const auto value = quoted ? quoted_value(raw) : std::string{trimmed(without_comment(raw))};
        if (!value) return;
        if (value->find('\0') != std::string::npos) return problem(started, "a value must not hold a NUL character");
        result_.variables.push_back({std::string{name}, *value});
    }

    /// Reads from the opening quote in `line` to the closing one, which may stand on a later line.
    std::optional<std::string> quoted_value(std::string_view line)
    {
        const std::size_t started = line_;
        const char quote = line.front();
        std::string value;
        line.remove_prefix(1);
        for (;;) {
            if (line.ends_with('\r')) line.remove_suffix(1);
            for (std::size_t at = 0; at < line.size(); ++at) {
                if (line[at] == quote) return end_of_quote(line.substr(at + 1), std::move(value));
                if (quote == '"' && line[at] == '\\' && at + 1 < line.size())
                    value += unescaped(line[++at]);
                else
                    value += line[at];
            }
            if (rest_.empty()) break;
            ++line_;
            line = take_line();
            value += '\n';
        }
        problem(started, "the quote is never closed");
        return std::nullopt;
    }

    std::optional<std::string> end_of_quote(std::string_view behind, std::string value)
    {
        const std::string_view rest = trimmed(behind);
        if (rest.empty() || rest.front() == '#') return value;
        problem(line_, "expected the end of the line behind the closing quote");
        return std::nullopt;
    }

    static std::string unescaped(char escaped)
    {
        switch (escaped) {
        case 'n': return "\n";
        case 'r': return "\r";
        case 't': return "\t";
        case '\\':
        case '"':
        case '$': return std::string{escaped};
        default: return std::string{'\\', escaped};
        }
    }

    std::string_view rest_;
    std::size_t line_ = 0;
    Dotenv result_;
};

} // namespace

Dotenv parse_dotenv(std::string_view text) { return DotenvParser{text}.run(); }

} // namespace pandora::procfiles
