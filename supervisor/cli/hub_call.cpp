#include "supervisor/cli/hub_call.hpp"

#include "supervisor/cli/hub_fields.hpp"
#include "supervisor/cli/hub_outcome.hpp"
#include "supervisor/cli/hub_target.hpp"
#include "supervisor/cli/hub_words.hpp"
#include "supervisor/control/messages.hpp"

#include <algorithm>
#include <chrono>
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
        params.push_back(words.as_texts ? text_argument(text) : argument(text));
    }
    return params;
}

/// An instance that restarts takes longer than this, and nobody notices the difference.
constexpr client::Millis look_pause{100};

/// One `call` or `send`, from its words to its end.
class OneCall {
public:
    explicit OneCall(const CallWords& words)
        : words_(words), params_(params_of(words)), process_(which_process(words.process, words.instance)),
          session_(hub_path(words.hub))
    {
        target_.object = words_.object;
        target_.tag = words_.tag;
        target_.process = process_.process;
    }

    using Go = void (OneCall::*)();

    /// An instance has no name of its own in a selector: the hub says which connection it is.
    int run(Go go)
    {
        go_ = go;
        if (process_.instance.empty())
            (this->*go_)();
        else
            find_instance();
        return session_.run();
    }

    void call()
    {
        session_.client().invoke(
            target_, words_.method, std::move(params_),
            [this](const client::Outcome& outcome) { finish(as_wanted(outcome)); }, options());
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
            [this](const Json& who, const client::Outcome& outcome) { show(who, as_wanted(outcome)); },
            [this](const client::GatherOutcome& end) { finish_all(end); }, options());
    }

private:
    void find_instance()
    {
        const auto take = [this](const client::Outcome& outcome) {
            if (const auto* error = std::get_if<client::CallError>(&outcome)) return fail(*error);
            const auto* routes = std::get_if<Json>(&outcome);
            auto found = connection_of(routes ? *routes : Json{}, process_, words_.object);
            if (!found) return words_.wait ? look_again() : ask_for_prospects();
            target_ = std::move(*found);
            target_.tag = words_.tag;
            (this->*go_)();
        };
        session_.client().invoke(control::hub_object_name, "routes", Json::array({Json{{"all", true}}}), take,
                                 {.timeout = time_left()});
    }

    /// Without --wait it is as with a process that has promised the object: who is coming back is waited for. A hub of
    /// `hub serve` has no supervisor, and nobody comes back.
    void ask_for_prospects()
    {
        const auto take = [this](const client::Outcome& outcome) {
            const auto* list = std::get_if<Json>(&outcome);
            const bool was_away = std::exchange(was_away_, true);
            if (list && is_expected(*list, process_, was_away)) return look_again();
            fail({"no_route", instance() + " does not publish " + words_.object});
        };
        session_.client().invoke(control::supervisor_object_name, "list", Json::array(), take,
                                 {.timeout = time_left()});
    }

    void look_again()
    {
        if (time_left() <= look_pause)
            return fail({"deadline", instance() + " did not come to publish " + words_.object + " in time"});
        session_.after(look_pause, [this] { find_instance(); });
    }

    client::Millis time_left() const
    {
        using namespace std::chrono;
        const auto left = ceil<client::Millis>(begin_ + words_.timeout - steady_clock::now());
        return std::max(left, client::Millis{1});
    }

    client::CallOptions options() const
    {
        client::CallOptions options;
        options.timeout = time_left();
        options.idempotent = words_.idempotent;
        options.wait = words_.wait;
        options.sticky = words_.sticky;
        options.bytes = true; // also where they are not printed: who asked hears how to have them
        return options;
    }

    std::string instance() const { return process_.process + "/" + process_.instance; }

    void fail(const client::CallError& error)
    {
        const int code = exit_code_of(error);
        const bool may_have_waited = words_.wait && code == exit_code::deadline;
        complain(failure_text(error) +
                 (may_have_waited ? "; the time includes that of waiting for somebody who has " + words_.object : ""));
        session_.finish(code);
    }

    /// As it is for somebody who has, or has not, said that bytes may be printed.
    client::Outcome as_wanted(const client::Outcome& outcome) const
    {
        const auto* bytes = std::get_if<client::Bytes>(&outcome);
        if (!bytes || words_.raw) return outcome;
        return client::CallError{"unsupported", "the answer is " + std::to_string(bytes->text().size()) +
                                                    " bytes and no JSON" +
                                                    (words_.everybody ? "" : "; --raw prints them")};
    }

    void finish(const client::Outcome& outcome)
    {
        if (const auto* error = std::get_if<client::CallError>(&outcome)) return fail(*error);
        if (const auto* bytes = std::get_if<client::Bytes>(&outcome)) {
            session_.print_raw(bytes->text());
        } else {
            const auto& value = std::get<Json>(outcome);
            session_.print(words_.raw && value.is_string() ? value.get<std::string>() : json_text(value));
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
            line["value"] = std::get<Json>(outcome); // never bytes: they exclude each other, --all and --raw
        }
        session_.print(json_text(line));
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
    Go go_ = nullptr;
    bool was_away_ = false; // the instance, when the supervisor was asked
    const client::TimePoint begin_ = std::chrono::steady_clock::now();
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
