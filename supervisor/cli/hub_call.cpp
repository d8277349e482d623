#include "supervisor/cli/hub_call.hpp"

#include "supervisor/cli/hub_fields.hpp"
#include "supervisor/cli/hub_outcome.hpp"
#include "supervisor/cli/hub_target.hpp"
#include "supervisor/cli/hub_words.hpp"
#include "supervisor/control/messages.hpp"

#include <iostream>
#include <iterator>
#include <utility>

namespace pandora::supervisor::cli {

namespace {

namespace client = hub::client;

std::string from_standard_input() { return {std::istreambuf_iterator<char>{std::cin}, {}}; }

Json params_of(const CallWords& words)
{
    if (!words.all_arguments.empty() && !words.arguments.empty())
        throw BadWords{"--args is all arguments: `" + words.arguments.front() + "` would be one more"};
    if (!words.all_arguments.empty())
        return argument_array(words.all_arguments == "-" ? from_standard_input() : words.all_arguments);
    Json params = Json::array();
    for (const auto& word : words.arguments) {
        const auto text = word == "-" ? from_standard_input() : word;
        params.push_back(words.as_texts ? Json(text) : argument(text));
    }
    return params;
}

client::CallOptions options_of(const CallWords& words)
{
    client::CallOptions options;
    options.timeout = words.timeout;
    options.idempotent = words.idempotent;
    options.wait = words.wait;
    options.sticky = words.sticky;
    options.bytes = words.raw;
    return options;
}

/// One `call` or `send`, from its words to its end.
class OneCall {
public:
    explicit OneCall(const CallWords& words)
        : words_{words},
          params_(params_of(words)), process_{which_process(words.process)}, session_{hub_path(words.hub)}
    {
        if (!words_.instance.empty()) process_.instance = words_.instance;
        target_.object = words_.object;
        target_.tag = words_.tag;
        target_.process = process_.process;
    }

    using Go = void (OneCall::*)();

    /// An instance has no name of its own in a selector: the hub says which connection it is.
    int run(Go go)
    {
        if (process_.instance.empty()) {
            (this->*go)();
            return session_.run();
        }
        session_.client().invoke(control::hub_object_name, "routes", Json::array({Json{{"all", true}}}),
                                 [this, go](const client::Outcome& outcome) {
                                     if (const auto* error = std::get_if<client::CallError>(&outcome))
                                         return fail(*error);
                                     const auto* routes = std::get_if<Json>(&outcome);
                                     auto found =
                                         routes ? connection_of(*routes, process_, words_.object) : std::nullopt;
                                     if (!found)
                                         return fail({"no_route", process_.process + "/" + process_.instance +
                                                                      " does not publish " + words_.object});
                                     target_ = std::move(*found);
                                     target_.tag = words_.tag;
                                     (this->*go)();
                                 });
        return session_.run();
    }

    void call()
    {
        session_.client().invoke(
            target_, words_.method, std::move(params_), [this](const client::Outcome& outcome) { finish(outcome); },
            options_of(words_));
    }

    void send()
    {
        session_.client().send(target_, words_.method, std::move(params_));
        session_.leave(exit_code::ok);
    }

    void call_everybody()
    {
        session_.client().invoke_all(
            target_, words_.method, std::move(params_),
            [this](const Json& who, const client::Outcome& outcome) { show(who, outcome); },
            [this](const client::GatherOutcome& end) { finish_all(end); }, options_of(words_));
    }

private:
    void fail(const client::CallError& error)
    {
        complain(failure_text(error));
        session_.finish(exit_code_of(error));
    }

    void finish(const client::Outcome& outcome)
    {
        if (const auto* error = std::get_if<client::CallError>(&outcome)) return fail(*error);
        if (const auto* bytes = std::get_if<client::Bytes>(&outcome)) {
            session_.print_raw(bytes->text());
        } else {
            const auto& value = std::get<Json>(outcome);
            session_.print(words_.raw && value.is_string() ? value.get<std::string>() : dumped(value));
        }
        session_.finish(exit_code::ok);
    }

    void show(const Json& who, const client::Outcome& outcome)
    {
        Json line = Json::object();
        for (const char* key : {"client", "process", "instance"})
            if (const Json* found = field(who, key)) line[key] = *found;
        if (const auto* error = std::get_if<client::CallError>(&outcome)) {
            line["error"] = failure_json(*error);
            if (worst_ == exit_code::ok) worst_ = exit_code_of(*error);
        } else {
            const auto* value = std::get_if<Json>(&outcome);
            line["value"] = value ? *value : Json("(bytes)");
        }
        session_.print(dumped(line));
    }

    void finish_all(const client::GatherOutcome& end)
    {
        if (const auto* error = std::get_if<client::CallError>(&end)) return fail(*error);
        const auto& gathered = std::get<client::Gathered>(end);
        if (gathered.answered < gathered.asked) {
            complain("deadline: " + std::to_string(gathered.asked - gathered.answered) + " of " +
                     std::to_string(gathered.asked) + " did not answer");
            return session_.finish(exit_code::deadline);
        }
        session_.finish(worst_);
    }

    const CallWords& words_;
    Json params_;
    WhichProcess process_;
    client::Selector target_;
    int worst_ = exit_code::ok;
    HubSession session_;
};

} // namespace

int hub_call(const CallWords& words)
{
    return OneCall{words}.run(words.everybody ? &OneCall::call_everybody : &OneCall::call);
}

int hub_send(const CallWords& words) { return OneCall{words}.run(&OneCall::send); }

} // namespace pandora::supervisor::cli
