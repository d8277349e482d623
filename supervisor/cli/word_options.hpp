// Options and positionals whose words mean something to us: parsed while the command line is, so that a word that makes
// no sense ends it with exit code 2.
#pragma once

#include "supervisor/cli/hub_words.hpp"

#include <CLI/CLI.hpp>

#include <string>

namespace pandora::supervisor::cli {

/// A word that is parsed by `parse`, which throws BadWords. `value` has to live as long as `command`.
template <class Value, class Parse>
CLI::Option* add_word(CLI::App* command, const char* name, Value& value, Parse parse, const std::string& help)
{
    return command->add_option_function<std::string>(
        name,
        [&value, parse, name](const std::string& text) {
            try {
                value = parse(text);
            } catch (const BadWords& bad) {
                throw CLI::ValidationError{name, bad.what()};
            }
        },
        help);
}

/// A script's unset variable is an empty word. It must not stand for anybody: `call "$UNSET" delete`.
inline CLI::Validator names_something()
{
    return {[](const std::string& word) { return flaw_of_name(word); }, ""};
}

/// An option or a positional that names something if it is there.
inline CLI::Option* add_name(CLI::App* command, const char* name, std::string& value, const std::string& help)
{
    return command->add_option(name, value, help)->check(names_something());
}

} // namespace pandora::supervisor::cli
