#include "procfiles/expand.hpp"

#include "procfiles/names.hpp"

#include <cstddef>
#include <unordered_map>
#include <utility>
#include <vector>

namespace pandora::procfiles {

namespace {

/// Where each `${` is closed: position of the `$` to position of its `}`. Found beforehand, so that an
/// unclosed one is known as such when it is met and nothing is scanned twice.
std::unordered_map<std::size_t, std::size_t> match_braces(std::string_view text)
{
    std::unordered_map<std::size_t, std::size_t> closers;
    std::vector<std::size_t> open;
    for (std::size_t at = 0; at < text.size(); ++at) {
        if (text.substr(at, 2) == "$$") {
            ++at;
        } else if (text.substr(at, 2) == "${") {
            open.push_back(at++);
        } else if (text[at] == '}' && !open.empty()) {
            closers.emplace(open.back(), at);
            open.pop_back();
        }
    }
    return closers;
}

class Expansion {
public:
    Expansion(std::string_view text, const Lookup& variable)
        : text_{text}, variable_{variable}, closers_{match_braces(text)}
    {}

    void run()
    {
        while (at_ < text_.size()) {
            if (text_.substr(at_, 2) == "$$")
                copy(1), ++at_;
            else if (!default_ends_.empty() && at_ == default_ends_.back())
                default_ends_.pop_back(), ++at_;
            else if (text_.substr(at_, 2) != "${" || !reference())
                copy(1);
        }
    }

    std::string take_result() { return std::move(result_); }

    std::string take_first_unset() { return std::move(first_unset_); }

private:
    void copy(std::size_t bytes)
    {
        result_ += text_.substr(at_, bytes);
        at_ += bytes;
    }

    /// Handles the `${` at the current position; false, with nothing done, where it is none of ours.
    bool reference()
    {
        const auto closer = closers_.find(at_);
        if (closer == closers_.end()) return false;
        const std::string_view inside = text_.substr(at_ + 2, closer->second - at_ - 2);
        const std::string_view name = inside.substr(0, leading_name_bytes(inside));
        const std::string_view rest = inside.substr(name.size());
        const bool has_default = rest.substr(0, 2) == ":-";
        if (name.empty() || (!rest.empty() && !has_default)) return false;

        const std::string value = variable_(name).value_or("");
        if (has_default && value.empty()) {
            // The default is expanded as the text around it is: walk on into it and drop its closing brace.
            default_ends_.push_back(closer->second);
            at_ += 2 + name.size() + 2;
        } else {
            if (value.empty() && first_unset_.empty()) first_unset_ = name;
            result_ += value;
            at_ = closer->second + 1;
        }
        return true;
    }

    std::string_view text_;
    const Lookup& variable_;
    std::unordered_map<std::size_t, std::size_t> closers_;
    std::vector<std::size_t> default_ends_; // innermost last
    std::size_t at_ = 0;
    std::string result_;
    std::string first_unset_;
};

} // namespace

std::string expand(std::string_view text, const Lookup& variable)
{
    if (text.find('$') == std::string_view::npos) return std::string{text};
    Expansion expansion{text, variable};
    expansion.run();
    return expansion.take_result();
}

std::string first_unset(std::string_view text, const Lookup& variable)
{
    Expansion expansion{text, variable};
    expansion.run();
    return expansion.take_first_unset();
}

} // namespace pandora::procfiles
