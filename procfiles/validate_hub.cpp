#include "procfiles/quote.hpp"
#include "procfiles/suggest.hpp"
#include "procfiles/validate.hpp"

#include <string>
#include <string_view>
#include <unordered_set>
#include <utility>

namespace pandora::procfiles {

namespace {

class HubCheck {
public:
    HubCheck(const AppSpec& app, std::vector<Problem>& problems)
        : app_{app}, problems_{problems}, suggestions_{process_names(app)}
    {
        for (const ProcessSpec& process : app.processes) names_.insert(process.name);
    }

    void run()
    {
        const PolicyRule* last = nullptr; // the first rule that leaves nothing for others to decide
        for (const PolicyRule& rule : app_.hub.policy) {
            if (last != nullptr)
                warning(rule, "this rule is never reached: the one in line " + std::to_string(last->place.line) +
                                  " decides everything");
            else if (decides_everything(rule))
                last = &rule;
            check(rule);
        }
    }

private:
    static bool decides_everything(const PolicyRule& rule)
    {
        return rule.verb == PolicyVerb::any && rule.objects.empty() && rule.names.empty() && rule.processes.empty() &&
               rule.users.empty();
    }

    void problem(const PolicyRule& rule, std::string message) { problems_.push_back({rule.place, std::move(message)}); }

    void warning(const PolicyRule& rule, std::string message)
    {
        problems_.push_back({rule.place, std::move(message), Severity::warning});
    }

    void check(const PolicyRule& rule)
    {
        if (rule.verb == PolicyVerb::publish && !rule.names.empty())
            problem(rule, "a rule for `publish` has no `method`: it is the object that is published");
        for (const std::string& process : rule.processes) check_process(rule, process);
    }

    /// A slip here would leave open what was to be closed.
    void check_process(const PolicyRule& rule, const std::string& process)
    {
        const bool is_pattern = process.find_first_of("*?") != std::string::npos;
        if (is_pattern || process == stranger_process || names_.contains(process)) return;
        problem(rule, "this rule is for process " + quote(process) + ", which does not exist" +
                          suggestions_.end_of_message(process));
    }

    const AppSpec& app_;
    std::vector<Problem>& problems_;
    std::unordered_set<std::string_view> names_;
    Suggestions suggestions_;
};

} // namespace

void validate_hub(const AppSpec& spec, std::vector<Problem>& problems) { HubCheck{spec, problems}.run(); }

} // namespace pandora::procfiles
