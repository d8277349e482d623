#include "procfiles/dotenv.hpp"
#include "procfiles/keys.hpp"
#include "procfiles/names.hpp"
#include "procfiles/quote.hpp"
#include "procfiles/values.hpp"

#include <algorithm>
#include <utility>

namespace pandora::procfiles {

namespace {

// Values are never shown: they may be secrets.
void read_assignment(Reader& reader, const Node& item, Environment& into)
{
    const auto text = reader.text(item, "NAME=VALUE");
    if (!text) return;
    const std::size_t equals = text->find('=');
    if (equals == std::string::npos) return reader.problem(item.place, "expected NAME=VALUE, found no `=`");
    std::string name = text->substr(0, equals);
    if (!is_variable_name(name)) return reader.problem(item.place, "expected a variable's name before `=`");
    into.push_back({std::move(name), text->substr(equals + 1)});
}

void read_variable(Reader& reader, const Entry& entry, Environment& into)
{
    if (!is_variable_name(entry.key))
        return reader.problem(entry.place, "expected a variable's name, found " + quote(entry.key));
    if (reader.is_absent(*entry.value)) return into.push_back({std::string{entry.key}, ""});
    if (auto text = reader.text(*entry.value)) into.push_back({std::string{entry.key}, *std::move(text)});
}

void read_env_file(Reader& reader, const Node& node, Environment& into)
{
    const auto name = reader.text(node, "the path of a file");
    if (!name) return;
    if (name->empty()) return reader.expected(node, "the path of a file");
    const LoadContext& context = reader.context();
    const FileText read = context.read_file((context.folder / *name).lexically_normal());
    if (const auto* unreadable = std::get_if<Unreadable>(&read))
        return reader.problem(node.place, "env file " + quote(*name) + " cannot be read: " + unreadable->reason);

    Dotenv dotenv = parse_dotenv(std::get<std::string>(read));
    for (const DotenvProblem& problem : dotenv.problems)
        reader.problem(node.place,
                       "env file " + quote(*name) + ", line " + std::to_string(problem.line) + ": " + problem.message);
    for (Variable& variable : dotenv.variables) into.push_back(std::move(variable));
}

/// A command that fails leaves its variable unset, which process-compose does without a word.
void run_env_command(Reader& reader, const Entry& entry, AppDraft& into)
{
    if (!is_variable_name(entry.key))
        return reader.problem(entry.place, "expected a variable's name, found " + quote(entry.key));
    ShellCommand command{.shell = into.shell};
    read_nonempty_text(reader, *entry.value, command.text);
    if (command.text.empty() || !reader.context().run_command) return;
    const CommandOutput output = reader.context().run_command(command);
    if (const auto* failed = std::get_if<CommandFailed>(&output))
        return reader.lapse(entry.place, "the command of " + quote(entry.key) + " gave no value: " + failed->reason);
    std::string_view value = std::get<std::string>(output);
    constexpr std::string_view blanks = " \t\r\n";
    value.remove_prefix(std::min(value.find_first_not_of(blanks), value.size()));
    value = value.substr(0, value.find_last_not_of(blanks) + 1);
    if (value.find('\0') != std::string_view::npos)
        return reader.problem(entry.place, "the command of " + quote(entry.key) + " wrote a NUL character");
    into.environment.push_back({std::string{entry.key}, std::string{value}});
}

} // namespace

void read_env_commands(Reader& reader, const Node& node, AppDraft& into)
{
    const Map* map = reader.map(node, "a map of commands by variable");
    if (map == nullptr) return;
    if (map->entries.size() > env_commands_max)
        return reader.problem(node.place, "more than " + std::to_string(env_commands_max) + " commands");
    for (const Entry& entry : map->entries) run_env_command(reader, entry, into);
}

void read_vars(Reader& reader, const Node& node, Vars& into)
{
    const Map* map = reader.map(node, "a map of variables");
    if (map == nullptr) return;
    for (const Entry& entry : map->entries) {
        if (entry.key.empty() || leading_name_bytes(entry.key) != entry.key.size()) {
            reader.problem(entry.place, "expected a variable's name as templates can have, found " + quote(entry.key));
            continue;
        }
        std::string value;
        if (!reader.is_absent(*entry.value)) read_text(reader, *entry.value, value);
        into.insert_or_assign(std::string{entry.key}, std::move(value));
    }
}

void read_environment(Reader& reader, const Node& node, Environment& into)
{
    if (const auto* map = std::get_if<Map>(&node.content)) {
        for (const Entry& entry : map->entries) read_variable(reader, entry, into);
    } else if (const List* list = reader.list(node, "a list of NAME=VALUE or a map")) {
        for (const Node* item : list->items) read_assignment(reader, *item, into);
    }
}

void read_env_files(Reader& reader, const Node& node, Environment& into)
{
    if (const auto* list = std::get_if<List>(&node.content)) {
        for (const Node* item : list->items) read_env_file(reader, *item, into);
    } else {
        read_env_file(reader, node, into);
    }
}

} // namespace pandora::procfiles
