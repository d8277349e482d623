#include "procfiles/template.hpp"

#include "procfiles/names.hpp"
#include "procfiles/quote.hpp"
#include "procfiles/replica.hpp"

#include <algorithm>
#include <utility>
#include <vector>

namespace pandora::procfiles {

namespace {

constexpr std::string_view blanks = " \t\r\n";
constexpr std::size_t parentheses_max = 16; // a person loses track far earlier

struct Fault {
    std::string clause;
};

struct Value {
    std::string text;
    bool is_replica = false; // not known before there is an instance
};

bool is_true(const Value& value) { return !value.text.empty() && value.text != "false" && value.text != "0"; }

Value switch_value(bool on) { return {on ? "true" : "false"}; }

void trim_front(std::string_view& text) { text.remove_prefix(std::min(text.find_first_not_of(blanks), text.size())); }

/// The value of what stands between `{{` and `}}`.
class Expression {
public:
    Expression(std::string_view text, const TemplateLookup& variable) : rest_{text}, variable_{variable} {}

    Value whole()
    {
        Value value = pipeline(0);
        trim_front(rest_);
        if (!rest_.empty()) throw Fault{"found " + quote(rest_) + " where it should end"};
        return value;
    }

private:
    std::string_view word()
    {
        const auto taken = rest_.substr(0, leading_name_bytes(rest_));
        rest_.remove_prefix(taken.size());
        return taken;
    }

    /// One term, or a function and the terms it is given.
    Value pipeline(std::size_t depth)
    {
        trim_front(rest_);
        const std::string_view before = rest_;
        const std::string_view function = word();
        if (function.empty() || function == "true" || function == "false") {
            rest_ = before;
            return term(depth);
        }
        std::vector<Value> arguments;
        for (trim_front(rest_); !rest_.empty() && rest_.front() != ')'; trim_front(rest_)) {
            arguments.push_back(term(depth));
            if (arguments.back().is_replica) throw Fault{"`.PC_REPLICA_NUM` can only stand alone"};
        }
        return call(function, arguments);
    }

    static Value call(std::string_view function, const std::vector<Value>& arguments)
    {
        const std::size_t count = arguments.size();
        if ((function == "or" || function == "and") && count > 0) {
            const auto decides = [&](const Value& value) { return is_true(value) == (function == "or"); };
            const auto found = std::find_if(arguments.begin(), arguments.end(), decides);
            return found == arguments.end() ? arguments.back() : *found;
        }
        if (function == "not" && count == 1) return switch_value(!is_true(arguments[0]));
        if (function == "eq" && count == 2) return switch_value(arguments[0].text == arguments[1].text);
        if (function == "ne" && count == 2) return switch_value(arguments[0].text != arguments[1].text);
        throw Fault{quote(function) + " is none of the functions that can be used here: or, and, not, eq, ne"};
    }

    Value term(std::size_t depth)
    {
        trim_front(rest_);
        if (rest_.empty()) throw Fault{"a value is missing"};
        switch (rest_.front()) {
        case '.': return field();
        case '"': return quoted();
        case '`': return raw();
        case '(': return parenthesis(depth);
        default: return literal();
        }
    }

    Value field()
    {
        rest_.remove_prefix(1);
        const std::string_view name = word();
        if (name.empty()) throw Fault{"`.` needs a name behind it"};
        if (rest_.starts_with('.')) throw Fault{"variables have no fields of their own"};
        if (name == replica_variable) return {std::string{replica_marker}, true};
        auto value = variable_(name);
        if (!value) throw Fault{"there is no variable " + quote(name) + " in `vars`"};
        return {*std::move(value)};
    }

    Value quoted()
    {
        std::string value;
        for (std::size_t at = 1; at < rest_.size(); ++at) {
            if (rest_[at] == '"') {
                rest_.remove_prefix(at + 1);
                return {std::move(value)};
            }
            if (rest_[at] == '\\' && at + 1 < rest_.size()) ++at;
            value += rest_[at];
        }
        throw Fault{"a quote is never closed"};
    }

    Value raw()
    {
        const std::size_t end = rest_.find('`', 1);
        if (end == std::string_view::npos) throw Fault{"a quote is never closed"};
        Value value{std::string{rest_.substr(1, end - 1)}};
        rest_.remove_prefix(end + 1);
        return value;
    }

    Value parenthesis(std::size_t depth)
    {
        if (depth == parentheses_max) throw Fault{"too many parentheses inside each other"};
        rest_.remove_prefix(1);
        Value value = pipeline(depth + 1);
        trim_front(rest_);
        if (!rest_.starts_with(')')) throw Fault{"a parenthesis is never closed"};
        rest_.remove_prefix(1);
        return value;
    }

    /// A number, `true` or `false`.
    Value literal()
    {
        const std::size_t end = std::min(rest_.find_first_of(" \t\r\n()\"`|"), rest_.size());
        const std::string_view text = rest_.substr(0, end);
        const bool is_number = text.find_first_not_of("0123456789.-") == std::string_view::npos;
        if (text.empty() || (!is_number && text != "true" && text != "false"))
            throw Fault{quote(text.empty() ? rest_ : text) + " is not understood here"};
        rest_.remove_prefix(end);
        return {std::string{text}};
    }

    std::string_view rest_;
    const TemplateLookup& variable_;
};

class Renderer {
public:
    Renderer(std::string_view text, const TemplateLookup& variable) : rest_{text}, variable_{variable} {}

    Rendering run()
    {
        for (;;) {
            const std::size_t begin = rest_.find("{{");
            write(rest_.substr(0, std::min(begin, rest_.size())));
            if (begin == std::string_view::npos) break;
            rest_.remove_prefix(begin + 2);
            action(take_action());
        }
        if (!branches_.empty()) throw Fault{"`if` without `end`"};
        return std::move(result_);
    }

private:
    /// An `if` whose `end` has not come.
    struct Branch {
        bool reached;       // the text around it is written
        bool taken = false; // one of its arms was
        bool writing = false;
        bool has_else = false;
    };

    bool writing() const { return branches_.empty() || branches_.back().writing; }

    void write(std::string_view text)
    {
        if (trim_next_) trim_front(text);
        trim_next_ = trim_next_ && text.empty();
        if (writing()) result_.text += text;
    }

    /// Takes the text up to `}}`, which may stand inside quotes before.
    std::string_view take_action()
    {
        char quote = 0;
        for (std::size_t at = 0; at < rest_.size(); ++at) {
            const char c = rest_[at];
            if (quote == '"' && c == '\\') {
                ++at;
            } else if (quote != 0) {
                if (c == quote) quote = 0;
            } else if (c == '"' || c == '`') {
                quote = c;
            } else if (rest_.substr(at, 2) == "}}") {
                const std::string_view taken = rest_.substr(0, at);
                rest_.remove_prefix(at + 2);
                return taken;
            }
        }
        throw Fault{"`{{` is never closed"};
    }

    void action(std::string_view text)
    {
        if (text.starts_with('-')) {
            text.remove_prefix(1);
            if (writing()) result_.text.erase(result_.text.find_last_not_of(blanks) + 1);
        }
        trim_next_ = text.ends_with('-');
        if (trim_next_) text.remove_suffix(1);
        trim_front(text);
        text = text.substr(0, text.find_last_not_of(blanks) + 1);
        if (text.starts_with("/*") && text.ends_with("*/")) return;
        const std::string_view word = text.substr(0, leading_name_bytes(text));
        const std::string_view rest = text.substr(word.size());
        if (word == "if") return open(rest);
        if (word == "else") return turn(rest);
        if (word == "end" && rest.empty()) return close();
        const Value value = evaluate(text);
        if (!writing()) return;
        result_.text += value.text;
        result_.per_replica = result_.per_replica || value.is_replica;
    }

    Value evaluate(std::string_view text) const { return Expression{text, variable_}.whole(); }

    bool condition(std::string_view text) const
    {
        const Value value = evaluate(text);
        if (value.is_replica) throw Fault{"`.PC_REPLICA_NUM` can only stand alone"};
        return is_true(value);
    }

    void open(std::string_view text)
    {
        const bool holds = condition(text);
        const bool reached = writing();
        branches_.push_back({.reached = reached, .taken = holds, .writing = reached && holds});
    }

    /// `else` or `else if CONDITION`.
    void turn(std::string_view text)
    {
        trim_front(text);
        if (branches_.empty() || branches_.back().has_else) throw Fault{"`else` without `if`"};
        Branch& branch = branches_.back();
        branch.has_else = text.empty();
        bool holds = true;
        if (!text.empty()) {
            if (text.substr(0, leading_name_bytes(text)) != "if") throw Fault{quote(text) + " behind `else`"};
            holds = condition(text.substr(2));
        }
        branch.writing = branch.reached && !branch.taken && holds;
        branch.taken = branch.taken || holds;
    }

    void close()
    {
        if (branches_.empty()) throw Fault{"`end` without `if`"};
        branches_.pop_back();
    }

    std::string_view rest_;
    const TemplateLookup& variable_;
    std::vector<Branch> branches_;
    bool trim_next_ = false;
    Rendering result_;
};

} // namespace

Rendering render(std::string_view text, const TemplateLookup& variable)
{
    if (text.find("{{") == std::string_view::npos) return {.text = std::string{text}};
    try {
        return Renderer{text, variable}.run();
    } catch (Fault& fault) {
        return {.text = std::string{text}, .fault = std::move(fault.clause)};
    }
}

} // namespace pandora::procfiles
