#include "procfiles/scope.hpp"

#include "procfiles/expand.hpp"
#include "procfiles/replica.hpp"

namespace pandora::procfiles {

namespace {

std::optional<std::string> find(const Vars& vars, std::string_view name)
{
    const auto found = vars.find(name);
    if (found == vars.end()) return std::nullopt;
    return found->second;
}

} // namespace

void Scope::add_dotenv(const Environment& variables)
{
    for (const Variable& variable : variables) dotenv_.insert_or_assign(variable.name, variable.value);
}

void Scope::enter_process(std::string_view name, const Vars& vars, bool templates)
{
    process_ = name;
    vars_ = &vars;
    templates_ = templates;
    per_replica_ = false;
}

void Scope::leave_process()
{
    vars_ = nullptr;
    templates_ = false;
}

/// The variables that pandora itself gives to a process are known before it runs, so they can be used in any text.
std::optional<std::string> Scope::variable(std::string_view name) const
{
    if (vars_ != nullptr) {
        if (name == "PC_PROC_NAME" || name == "PANDORA_PROCESS") return process_;
        if (name == replica_variable || name == "PANDORA_INSTANCE") return std::string{replica_marker};
    }
    if (auto value = environment_(name)) return value;
    return find(dotenv_, name);
}

std::optional<std::string> Scope::template_variable(std::string_view name) const
{
    if (auto value = find(*vars_, name)) return value;
    if (auto value = find(app_vars_, name)) return value;
    if (name == "PC_PROC_NAME") return process_;
    return std::nullopt;
}

Rendering Scope::expanded(std::string_view text) const
{
    bool numbered = false;
    const auto lookup = [&](std::string_view name) {
        auto value = variable(name);
        numbered = numbered || value == replica_marker;
        return value;
    };
    Rendering rendering{.text = expands_ ? expand(text, lookup) : std::string{text}};
    if (templates_)
        rendering = render(rendering.text, [this](std::string_view name) { return template_variable(name); });
    rendering.per_replica = rendering.per_replica || numbered;
    return rendering;
}

std::string Scope::first_unset(std::string_view text) const
{
    if (!expands_) return {};
    return procfiles::first_unset(text, [this](std::string_view name) { return variable(name); });
}

} // namespace pandora::procfiles
