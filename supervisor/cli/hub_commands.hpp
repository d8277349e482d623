// The words of `pandora hub`.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace CLI {
class App;
}

namespace pandora::supervisor::cli {

class HubCommands {
public:
    using Act = std::function<int()>;

    /// Adds its verbs to `hub`. The one that is given on the command line is handed to `choose`, which runs it after
    /// all is parsed. `runtime_root`: where the apps' run directories are. Must outlive the parsing and the act.
    HubCommands(CLI::App& hub, std::filesystem::path runtime_root, std::function<void(Act)> choose);
    ~HubCommands();
    HubCommands(const HubCommands&) = delete;
    HubCommands& operator=(const HubCommands&) = delete;

    /// Of the words of a command line (`hub call ...`) takes away and keeps what stands behind `--`, where a verb takes
    /// arguments: they are no options, whatever they look like. To be called before the rest is parsed.
    void take_literal(std::vector<std::string>& words);

private:
    class Impl;
    std::unique_ptr<Impl> impl_;
};

} // namespace pandora::supervisor::cli
