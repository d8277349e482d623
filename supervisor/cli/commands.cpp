#include "supervisor/cli/commands.hpp"

#include "procfiles/default_file.hpp"
#include "procfiles/limits.hpp"
#include "procfiles/suggest.hpp"
#include "supervisor/cli/change.hpp"
#include "supervisor/cli/check.hpp"
#include "supervisor/cli/hub_commands.hpp"
#include "supervisor/cli/hub_outcome.hpp"
#include "supervisor/cli/hub_session.hpp"
#include "supervisor/cli/hub_words.hpp"
#include "supervisor/cli/inspect.hpp"
#include "supervisor/cli/word_options.hpp"

#include <CLI/CLI.hpp>

#include <algorithm>
#include <optional>
#include <string_view>

namespace pandora::supervisor::cli {

namespace {

using Paths = std::vector<std::filesystem::path>;

constexpr const char* targets_help = "PROCESS, PROCESS/INDEX, ns:NAMESPACE or all";

std::uint32_t replicas_word(const std::string& text)
{
    const auto count = procfiles::parse_count(text);
    if (!count || *count < 1 || *count > procfiles::replicas_max)
        throw BadWords{"`" + text + "` is no whole number from 1 to " + std::to_string(procfiles::replicas_max) +
                       "; `stop` takes a process down"};
    return static_cast<std::uint32_t>(*count);
}

/// Why nobody can be meant: who puts the target first would be told that there is no process `USR1`. Empty where that
/// is not so.
std::string flaw_of_order(const std::string& signal, const std::vector<std::string>& targets)
{
    const auto is_signal = [](const std::string& word) { return procfiles::parse_signal(word).has_value(); };
    const bool swapped = !is_signal(signal) && std::ranges::any_of(targets, is_signal);
    return swapped ? "`" + signal + "` is no signal; the order is SIGNAL TARGET" : "";
}

/// The commands, the values that their options are parsed into, and the one that was given.
class Commands {
public:
    explicit Commands(const Deeds& deeds) : deeds_{deeds}
    {
        program_.set_version_flag("--version", "pandora " PANDORA_VERSION);
        program_.require_subcommand(1);
        where_.runtime_root = deeds.runtime_root;
        add_run();
        add_check();
        add_inspecting();
        add_changing();
        add_scale();
        add_signal();
        add_hub();
        auto* broker = program_.add_subcommand("broker")->group("")->prefix_command(); // `pandora run` starts it
        broker->callback([this, broker] { verb_ = [this, broker] { return deeds_.broker(broker->remaining()); }; });
    }

    Commands(const Commands&) = delete;
    Commands& operator=(const Commands&) = delete;

    int perform(int argc, char** argv)
    {
        std::vector<std::string> words{argv + 1, argv + argc};
        if (const auto flaw = flaw_of_verbs(words); !flaw.empty()) {
            complain(flaw);
            return 2;
        }
        hub_->take_literal(words);
        std::ranges::reverse(words); // as the parser wants them
        try {
            program_.parse(words);
        } catch (const CLI::ParseError& said) { // --help and --version come this way, too
            return program_.exit(said) == 0 ? 0 : 2;
        }
        return verb_();
    }

private:
    using Act = std::function<int()>;

    using Verbs = std::vector<const CLI::App*>;

    static Verbs verbs_of(const CLI::App& app)
    {
        return app.get_subcommands([](const CLI::App*) { return true; });
    }

    /// The parser would miss a verb rather than name the word that is none, and answer its --help with that of all.
    std::string flaw_of_verbs(const std::vector<std::string>& words) const
    {
        const CLI::App* of = &program_;
        std::string asked = "pandora";
        for (const auto& word : words) {
            const auto verbs = verbs_of(*of);
            if (word.starts_with('-') || verbs.empty()) return {};
            const auto verb = std::ranges::find(verbs, word, &CLI::App::get_name);
            if (verb == verbs.end()) return unknown_verb(verbs, asked, word);
            asked += " " + word;
            of = *verb;
        }
        return {};
    }

    static std::string unknown_verb(const Verbs& verbs, const std::string& asked, const std::string& word)
    {
        std::vector<std::string> names;
        for (const auto* verb : verbs)
            if (!verb->get_group().empty()) names.push_back(verb->get_name()); // hidden ones have none
        const std::vector<std::string_view> known{names.begin(), names.end()};
        return "there is no `" + asked + " " + word + "`" + procfiles::did_you_mean(procfiles::nearest(word, known)) +
               "; `" + asked + " --help` lists what there is";
    }

    CLI::App* add(const char* name, const char* help, Act act)
    {
        auto* command = program_.add_subcommand(name, help);
        command->callback([this, act = std::move(act)] { verb_ = act; });
        return command;
    }

    /// A command that talks to a running app.
    CLI::App* add_question(const char* name, const char* help, Act act)
    {
        auto* command = add(name, help, std::move(act));
        command->add_option(
            "--app", where_.app,
            "the app; default: that of $PANDORA_HUB_SOCKET, of the procfile here, or without one the only that runs");
        return command;
    }

    void add_files(CLI::App* command)
    {
        command->add_option(
            "FILE", files_,
            "procfiles, read as one: later ones win; default: procfile.yml, process-compose.yml or Procfile here");
        command->add_option("-f,--file", more_files_, "the same; may be repeated");
        command->add_option("-e,--env-file", load_.env_files, "variables, instead of those in .env; may be repeated");
        command->add_flag("--strict", load_.strict, "what is only warned of is an error");
    }

    /// Those that are named.
    Paths files() const
    {
        Paths all = files_;
        all.insert(all.end(), more_files_.begin(), more_files_.end());
        return all;
    }

    void add_run()
    {
        add_files(add("run", "run the processes of a procfile until they end or a signal comes", [this] {
            const auto named = files();
            return deeds_.run(named.empty() ? Paths{procfiles::default_file()} : named, load_);
        }));
    }

    void add_check()
    {
        auto* check = add("check", "tell what is wrong in a procfile", [this] {
            check_.files = files();
            check_.strict = load_.strict;
            check_.env_files = load_.env_files;
            return cli::check(check_, deeds_.obstacles);
        });
        add_files(check);
        check->add_flag("--json", check_.json, "as JSON");
        check->add_flag("--print", check_.print, "print what it comes to");
        check->add_flag("--show-environment", check_.show_environment, "with the values of variables");
    }

    void add_inspecting()
    {
        auto* ps = add_question("ps", "list the processes of a running app",
                                [this] { return cli::ps(where_, targets_, json_); });
        ps->add_option("PROCESS", targets_, "only these");
        ps->add_flag("--json", json_, "as JSON");

        auto* describe = add_question("describe", "tell all about a process",
                                      [this] { return cli::describe(where_, target_, json_); });
        describe->add_option("PROCESS", target_, "PROCESS or PROCESS/INDEX")->required();
        describe->add_flag("--json", json_, "as JSON");

        auto* logs = add_question("logs", "print what a process wrote last", [this] {
            logs_.target = target_;
            return cli::logs(where_, logs_);
        });
        logs->add_option("PROCESS", target_, "PROCESS or PROCESS/INDEX")->required();
        logs->add_option("-n,--lines", logs_.lines, "how many lines")->capture_default_str()->check(CLI::Range(10'000));
        logs->add_flag("-f,--follow", logs_.follow, "go on with what it writes from now on");

        auto* list = add("list", "list the running apps", [this] { return cli::list_apps(where_, json_); });
        list->add_flag("--json", json_, "as JSON");
    }

    /// A command that changes something and waits until that is done.
    CLI::App* add_change(const char* name, const char* help, Act act)
    {
        auto* command = add_question(name, help, std::move(act));
        command->add_flag_callback(
            "--no-wait", [this] { patience_.wait = false; }, "only hand the request over");
        command->add_option_function<std::uint32_t>(
            "--timeout", [this](std::uint32_t seconds) { patience_.timeout = std::chrono::seconds{seconds}; },
            "seconds to wait at most [60]");
        return command;
    }

    void add_changing()
    {
        const auto with_targets = [this](CLI::App* command) {
            command->add_option("TARGET", targets_, targets_help)->required();
            return command;
        };
        with_targets(add_change("start", "start what is down", [this] { return start(where_, targets_, patience_); }));
        with_targets(add_change("stop", "stop, and keep down", [this] { return stop(where_, targets_, patience_); }));
        with_targets(add_change("restart", "stop and start again, by the procfile as the app read it", [this] {
            return restart(where_, targets_, rolling_, patience_);
        }))->add_flag("--rolling", rolling_, "each new instance is ready before its old one goes");
        with_targets(add_change("reload",
                                "have processes read their own configuration anew, by their `reload` or a rolling "
                                "replace; a changed procfile takes a new `pandora run`",
                                [this] { return reload(where_, targets_, patience_); }));
    }

    void add_scale()
    {
        auto* command = add_change("scale", "run more or fewer instances of a process",
                                   [this] { return scale(where_, target_, replicas_, patience_); });
        command->add_option("PROCESS", target_, "the process")->required();
        add_word(command, "REPLICAS", replicas_, replicas_word, "how many instances")->required();
    }

    void add_signal()
    {
        auto* command = add_question("signal", "send a signal", [this] {
            const auto flaw = flaw_of_order(signal_, targets_);
            if (flaw.empty()) return cli::signal(where_, targets_, signal_);
            complain(flaw);
            return exit_code::usage;
        });
        command->add_option("SIGNAL", signal_, "a name, like HUP or SIGUSR1, or a number")->required();
        command->add_option("TARGET", targets_, targets_help)->required();
    }

    void add_hub()
    {
        auto* hub = program_.add_subcommand("hub", "the message hub")->require_subcommand(1);
        auto* serve = hub->add_subcommand("serve", "serve a hub without supervising anything");
        serve->add_option("--socket", socket_, "path of its Unix socket")->required()->check(names_something());
        add_word(serve, "--metrics", metrics_, address_word, "HOST:PORT for /metrics and /health; default: none");
        serve->callback([this] { verb_ = [this] { return deeds_.hub_serve(socket_, metrics_); }; });

        hub_.emplace(*hub, deeds_.runtime_root, [this](Act act) { verb_ = std::move(act); });
    }

    CLI::App program_{"a process supervisor with a built-in IPC hub", "pandora"};
    const Deeds& deeds_;
    Act verb_;

    Where where_;
    Paths files_, more_files_;
    procfiles::LoadOptions load_;
    CheckOptions check_;
    std::vector<std::string> targets_;
    std::string target_;
    bool json_ = false;
    LogsOptions logs_;
    Patience patience_;
    bool rolling_ = false;
    std::uint32_t replicas_ = 0;
    std::string signal_;
    std::filesystem::path socket_;
    std::optional<procfiles::Endpoint> metrics_;
    std::optional<HubCommands> hub_;
};

} // namespace

int perform(int argc, char** argv, const Deeds& deeds) { return Commands{deeds}.perform(argc, argv); }

} // namespace pandora::supervisor::cli
