#include "supervisor/cli/hub_commands.hpp"

#include "supervisor/cli/hub_ask.hpp"
#include "supervisor/cli/hub_call.hpp"
#include "supervisor/cli/hub_monitor.hpp"
#include "supervisor/cli/hub_outcome.hpp"
#include "supervisor/cli/hub_publish.hpp"
#include "supervisor/cli/hub_replay.hpp"
#include "supervisor/cli/hub_subscribe.hpp"
#include "supervisor/cli/hub_words.hpp"
#include "supervisor/cli/reach.hpp"
#include "supervisor/cli/word_options.hpp"

#include <CLI/CLI.hpp>

#include <algorithm>
#include <cctype>
#include <string>
#include <utility>
#include <vector>

namespace pandora::supervisor::cli {

namespace {

using Millis = std::chrono::milliseconds;

constexpr const char* arguments_help =
    "ARGUMENT: each is JSON, or a text where it is none; - is read from standard input; behind -- nothing is an "
    "option\n";

constexpr const char* nobody_tells =
    "one way: nobody tells whether it arrives, and where nobody has the object it is lost, and the exit code 0\n";

constexpr const char* exit_codes =
    "exit codes: 0 ok, 1 the callee's own error, or no hub, 2 these words make no sense, 3 nobody has the object, 4 no "
    "answer in time, 5 denied, 6 busy, 7 the callee or the hub went away, 130 and 143 ended by SIGINT and SIGTERM, 141 "
    "nobody reads the output any more";

/// Pandora answers for its own objects itself.
CLI::Validator may_be_published()
{
    return {[](const std::string& word) { return flaw_of_object(word); }, ""};
}

} // namespace

/// The values that the options are parsed into, by verb.
class HubCommands::Impl {
public:
    Impl(CLI::App& hub, std::filesystem::path runtime_root, std::function<void(Act)> choose)
        : hub_{hub}, choose_{std::move(choose)}
    {
        which_.where.runtime_root = std::move(runtime_root);
        add_asking();
        add_object_questions();
        add_call();
        add_send();
        add_publish();
        add_subscribe();
        add_monitor();
        add_capture();
        add_replay();
    }

    /// The parser would hand what stands behind `--` on to `hub`, once the command has all its positionals.
    void take_literal(std::vector<std::string>& words)
    {
        const bool takes_arguments =
            words.size() > 1 && words[0] == "hub" && (words[1] == "call" || words[1] == "send");
        const auto mark = takes_arguments ? std::ranges::find(words, "--") : words.end();
        if (mark == words.end()) return;
        literal_.assign(mark + 1, words.end());
        words.erase(mark, words.end());
    }

private:
    /// A verb on the hub that its options name. `act` is called with it already chosen.
    template <class Options>
    CLI::App* add(const char* name, const char* help, Options& options, int (*act)(const Options&))
    {
        auto* command = hub_.add_subcommand(name, help);
        auto* socket = add_name(command, "--socket", which_.socket,
                                "the hub's socket; default: $PANDORA_HUB_SOCKET, that of the app");
        add_name(command, "--app", which_.where.app,
                 "the app; default: that of the procfile here, or without one the only that runs")
            ->excludes(socket);
        command->footer(exit_codes);
        command->callback([this, &options, act] {
            choose_([this, &options, act] {
                options.hub = which_;
                try {
                    return act(options);
                } catch (const BadWords& bad) {
                    complain(bad.what());
                    return exit_code::usage;
                } catch (const Unreachable& none) {
                    complain(none.what());
                    return none.exit_code();
                }
            });
        });
        return command;
    }

    void add_asking()
    {
        auto* routes = add("routes", "list who is connected and what they publish", ask_, hub_routes);
        routes->add_flag("--all", ask_.all, "with the hub's own objects");
        auto* clients =
            add("clients", "tell how each connection keeps up, and which were ended, why", ask_, hub_clients);
        auto* channels = add("channels", "list the direct channels between two clients and what went through each",
                             ask_, hub_channels);
        auto* stats = add("stats", "print the hub's counters", ask_, hub_stats);
        for (auto* command : {routes, clients, channels, stats}) command->add_flag("--json", ask_.json, "as JSON");
    }

    static void add_timeout(CLI::App* command, Millis& timeout, const char* help)
    {
        add_word(command, "--timeout", timeout, duration_word, help);
    }

    void add_object_questions()
    {
        auto* introspect = add("introspect", "list the methods and properties of an object", object_, hub_introspect);
        introspect->add_flag("--json", object_.json, "as JSON");
        auto* wait_for = add("wait-for", "wait until an object is published", waited_, hub_wait_for);
        add_timeout(introspect, object_.timeout, "like 500ms or 10s [5s]");
        add_timeout(wait_for, waited_.timeout, "like 500ms or 10s [10s]");
        add_name(introspect, "OBJECT", object_.object, "the object's name")->required();
        add_name(wait_for, "OBJECT", waited_.object, "the object's name")->required();
    }

    void add_words_of_call(CLI::App* command)
    {
        add_name(command, "OBJECT", call_.object, "the object's name")->option_text("TEXT REQUIRED");
        add_name(command, "METHOD", call_.method, "the method's name")->option_text("TEXT REQUIRED");
        command->allow_extras(); // an option for them would cut [1,2] into two arguments
        command->parse_complete_callback([this, command] { take_arguments(command->remaining()); });
        command->add_flag("--string", call_.as_texts, "each ARGUMENT is a text, whatever it looks like");
        add_name(command, "--args", call_.all_arguments,
                 "all arguments as one JSON array; - is read from standard input");
        auto* process = add_name(command, "--process", call_.process,
                                 "only of this process; PROCESS/INDEX: only that instance, if it is coming back then");
        add_name(command, "--instance", call_.instance, "only this instance of --process")->needs(process);
        add_name(command, "--tag", call_.tag, "rather one that is published with this tag");
    }

    /// OBJECT and METHOD may stand behind `--`, too: so they are no required options of their command, but here.
    void take_arguments(std::vector<std::string> words)
    {
        const auto is_option = [](const std::string& word) {
            return word.size() > 1 && word[0] == '-' && std::isdigit(static_cast<unsigned char>(word[1])) == 0;
        };
        const auto option = std::ranges::find_if(words, is_option);
        if (option != words.end()) throw CLI::ExtrasError{{*option}};
        auto literal = literal_.begin();
        for (auto [name, value] : {std::pair{"OBJECT", &call_.object}, {"METHOD", &call_.method}}) {
            if (!value->empty()) continue;
            if (literal == literal_.end()) throw CLI::RequiredError{name};
            *value = *literal++;
            if (const auto flaw = flaw_of_name(*value); !flaw.empty()) throw CLI::ValidationError{name, flaw};
        }
        words.insert(words.end(), literal, literal_.end());
        call_.arguments = std::move(words);
    }

    void add_call()
    {
        auto* command =
            add("call", "call a method, with the ARGUMENTs behind it, and print its result as JSON", call_, hub_call);
        add_words_of_call(command);
        add_timeout(command, call_.timeout, "like 500ms or 10s [5s]");
        command->add_flag("--wait", call_.wait, "where nobody has the object, wait for somebody");
        command->add_flag("--idempotent", call_.idempotent, "another may be asked where the first one dies");
        add_name(command, "--sticky", call_.sticky, "calls with this key go to the same one, of those that have it");
        auto* all =
            command->add_flag("--all", call_.everybody, "call all that have the object; a line for each answer");
        command->add_flag("--raw", call_.raw, "print texts and bytes as they are")->excludes(all);
        command->footer(std::string{arguments_help} + exit_codes);
    }

    void add_send()
    {
        auto* command = add("send", "the same without waiting for it to end", call_, hub_send);
        add_words_of_call(command);
        command->footer(std::string{arguments_help} + nobody_tells + exit_codes);
    }

    void add_publish()
    {
        auto* command = add("publish", "publish an object whose methods are shell commands", publish_, hub_publish);
        add_name(command, "OBJECT", publish_.object, "the object's name")->required()->check(may_be_published());
        command
            ->add_option_function<std::vector<std::string>>(
                "--method",
                [this](const std::vector<std::string>& texts) {
                    try {
                        publish_.methods = method_commands(texts);
                    } catch (const BadWords& bad) {
                        throw CLI::ValidationError{"--method", bad.what()};
                    }
                },
                "NAME=COMMAND: gets the parameters as a JSON array on standard input, and prints the result; may be "
                "repeated")
            ->required()
            ->allow_extra_args(false);
        command->add_flag("--once", publish_.once, "take one call, and end with it");
        command->add_option("--jobs", publish_.at_once_max, "commands that run at a time")
            ->capture_default_str()
            ->check(CLI::Range(1, 1024));
    }

    void add_subscribe()
    {
        auto* command =
            add("subscribe", "print the events of an object, a line of JSON each", subscribe_, hub_subscribe);
        add_name(command, "OBJECT", subscribe_.object, "the object's name")->required();
        add_name(command, "EVENT", subscribe_.event, "its name; NAME* is all that begin so; default: all");
        command->add_option("--count", subscribe_.count, "end after so many");
        add_word(command, "--timeout", subscribe_.timeout, duration_word, "end after this time, like 500ms or 10s");
        add_word(command, "--overflow", subscribe_.overflow, overflow_word,
                 "what happens where events come too fast: drop-new, drop-old, last-value or disconnect [drop-new]");
    }

    static void add_filter(CLI::App* command, TrafficFilter& filter)
    {
        constexpr const char* may = "; a pattern, may be repeated";
        const auto add_patterns = [&](const char* name, std::vector<std::string>& into, const std::string& help) {
            command->add_option(name, into, help + may)->allow_extra_args(false)->check(names_something());
        };
        add_patterns("--object", filter.objects, "only messages for this object");
        add_patterns("--process", filter.processes, "only from or to this process, or PROCESS/INDEX");
        add_patterns("--method", filter.methods, "only of this method or event");
    }

    void add_monitor()
    {
        auto* command = add("monitor", "show what goes through the hub, a line a message", monitor_, hub_monitor);
        add_filter(command, monitor_.filter);
        command->add_flag("--json", monitor_.json, "as JSON");
        command->add_flag("--payload", monitor_.payload, "with what the messages carry");
    }

    void add_capture()
    {
        auto* command = add("capture", "write what goes through the hub to a file", capture_, hub_capture);
        command->add_option("FILE", capture_.file, "is made, and must not exist")->required();
        add_filter(command, capture_.filter);
        add_word(command, "--max-size", capture_.bytes_max, size_word, "end before it is longer [64MiB]");
        add_word(command, "--duration", capture_.duration, duration_word, "end after this time");
    }

    void add_replay()
    {
        auto* command =
            add("replay", "send the requests of a capture again, and tell which end otherwise", replay_, hub_replay);
        command->add_option("FILE", replay_.file, "what `capture` wrote")->required();
        add_filter(command, replay_.filter);
        add_word(command, "--speed", replay_.speed, speed_word, "times as fast; 0: as fast as it goes [1]");
        add_timeout(command, replay_.timeout, "of each call [5s]");
    }

    CLI::App& hub_;
    std::function<void(Act)> choose_;
    WhichHub which_;
    std::vector<std::string> literal_; // of `call` and `send`: what stands behind `--`
    AskOptions ask_;
    ObjectOptions object_;
    ObjectOptions waited_{.hub = {}, .object = {}, .timeout = Millis{10'000}};
    CallWords call_;
    PublishOptions publish_;
    SubscribeWords subscribe_;
    MonitorOptions monitor_;
    CaptureOptions capture_;
    ReplayOptions replay_;
};

HubCommands::HubCommands(CLI::App& hub, std::filesystem::path runtime_root, std::function<void(Act)> choose)
    : impl_{std::make_unique<Impl>(hub, std::move(runtime_root), std::move(choose))}
{}

HubCommands::~HubCommands() = default;

void HubCommands::take_literal(std::vector<std::string>& words) { impl_->take_literal(words); }

} // namespace pandora::supervisor::cli
