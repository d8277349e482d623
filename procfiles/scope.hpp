// What the names in a procfile's texts stand for: environment variables and the variables of templates.
#pragma once

#include "procfiles/load_context.hpp"
#include "procfiles/template.hpp"

#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace pandora::procfiles {

using Vars = std::map<std::string, std::string, std::less<>>;

/// `${NAME}` everywhere, templates only in the texts of a process. Not thread-safe.
class Scope {
public:
    /// `environment` must outlive it.
    explicit Scope(const Lookup& environment) : environment_{environment} {}

    /// `disable_env_expansion`.
    void leave_variables() { expands_ = false; }

    /// Variables of env files: what the environment has wins.
    void add_dotenv(const Environment& variables);

    /// The app's `vars`.
    Vars& app_vars() { return app_vars_; }

    /// From here on texts belong to the process of that name, until leave_process(). `vars` must live as long.
    void enter_process(std::string_view name, const Vars& vars, bool templates);
    void leave_process();

    /// Whether a text of the process so far differs by replica.
    bool per_replica() const { return per_replica_; }

    void note_per_replica() { per_replica_ = true; }

    /// The text with all that put in; a fault leaves what is a template as it was.
    Rendering expanded(std::string_view text) const;

    /// The first variable of the text for which nothing is put in; empty where there is none.
    std::string first_unset(std::string_view text) const;

private:
    std::optional<std::string> variable(std::string_view name) const;
    std::optional<std::string> template_variable(std::string_view name) const;

    const Lookup& environment_;
    Vars dotenv_;
    Vars app_vars_;
    const Vars* vars_ = nullptr; // of the process; none outside of one
    std::string process_;
    bool templates_ = false;
    bool expands_ = true;
    bool per_replica_ = false;
};

} // namespace pandora::procfiles
