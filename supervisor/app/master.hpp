// The master of one app: supervision and logs in this process, the hub in a child of its own.
#pragma once

#include "procfiles/spec.hpp"
#include "supervisor/app/hub_access.hpp"
#include "supervisor/app/hub_news.hpp"
#include "supervisor/app/hub_process.hpp"
#include "supervisor/app/isolation.hpp"
#include "supervisor/app/memory_sampler.hpp"
#include "supervisor/app/outlook.hpp"
#include "supervisor/app/requests.hpp"
#include "supervisor/app/saved_config.hpp"
#include "supervisor/app/succession.hpp"
#include "supervisor/control/supervisor_object.hpp"
#include "supervisor/core/fleet.hpp"
#include "supervisor/core/stop_signals.hpp"
#include "supervisor/driver/driver.hpp"
#include "supervisor/logs/pump.hpp"
#include "supervisor/os/notify_socket.hpp"
#include "supervisor/os/run_directory.hpp"
#include "supervisor/os/socket_set.hpp"
#include "supervisor/os/survivors.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/thread_pool.hpp>

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace pandora::supervisor::app {

/// One object a run. Everything but the logs' threads and the sampler runs on the thread that calls run().
class Master : private Host, private control::Supervisor {
public:
    /// Locks the run directory, ends what a killed predecessor left behind and binds the sockets.
    /// Throws std::runtime_error or std::system_error, in one line.
    explicit Master(procfiles::AppSpec app);
    ~Master() override;

    /// Supervises until every process has ended or a signal asks for the end. Returns the exit code.
    int run();

private:
    // Host
    const procfiles::ProcessSpec& spec_of(core::InstanceId instance) override;
    os::SpawnRequest prepare(core::InstanceId instance) override;
    os::SpawnRequest prepare_command(core::InstanceId instance, const procfiles::ShellCommand& command,
                                     const std::filesystem::path& folder, std::optional<pid_t> main_pid) override;
    logs::Source output_of(core::InstanceId instance) override;
    const os::Cgroup* cgroup_of(core::InstanceId instance) override;

    const std::string& run_id() const override { return place_.run_id; }

    bool is_builtin(core::InstanceId instance) const override { return is_hub(instance); }

    void spawned(core::InstanceId instance) override;
    bool leader_ended(core::InstanceId instance) override;
    void drain(core::InstanceId instance, core::Millis limit, std::function<void()> done) override;
    void ask_hub(core::InstanceId instance, core::ProbeKind kind,
                 std::function<void(const std::string& trouble)> tell) override;
    os::ConnectionWait listen(core::ProcessId process, std::function<void()> arrived) override;
    void sweep(std::function<void()> done) override;
    void removed(core::InstanceId instance) override;
    void announced(const core::Announce& change) override;
    void told(core::InstanceId instance, const std::string& text) override;
    void finished(int exit_code) override;

    // control::Supervisor: master_control.cpp
    bool list(Listed done) override;
    std::optional<control::Whose> who_is(pid_t pid) override;
    void object_published(pid_t publisher, const std::string& object) override;
    std::vector<control::KnownProcess> processes() const override;
    std::optional<control::Refused> act(const control::Request& request) override;
    std::optional<control::Description> describe(const control::Target& target) override;
    std::vector<control::TailLine> tail(const control::TailRequest& request) override;

    // control::Supervisor, what the hub alone asks and says: master_hub.cpp
    control::AppKnowledge app() override;
    void hub_complains(const control::HubComplaint& complaint) override;
    void config_changed(const control::ConfigPiece& piece) override;
    control::ConfigPiece config(std::size_t offset) override;

    /// A worker gives the hub no sign of life, although it should.
    struct Silence {
        core::Run run{}; // it is of no later one
        core::TimePoint since{};
    };

    /// What is kept of an instance beside what the fleet knows.
    struct Kept {
        std::unique_ptr<const procfiles::ProcessSpec> spec; // where it differs from the other replicas'
        std::shared_ptr<const logs::Output> output;
        std::string cause;              // of its last change of state
        std::uint64_t oom_kills = 0;    // in its cgroup, before its present run
        core::Run complained{};         // the last one that sent a notification nobody understands
        std::optional<Outlook> outlook; // none before its first change
        std::optional<Silence> silence;
    };

    bool is_hub(core::InstanceId instance) const;
    EnvironmentBlock environment_of(core::InstanceId instance);
    void step_sweep();
    void tell(const core::Announce& change);
    void bind_notify_socket();
    void keep_sockets();
    void mend_sockets();
    void receive_notification(const os::NotifySender& sender, std::string_view text);
    void read_memory();
    std::optional<core::ProcessId> find(const std::string& process) const;
    void report_later(core::Event event);
    std::optional<control::Refused> scale(const control::ScaleRequest& request);
    void send(const core::Which& which, int signal);
    void tell_hub(const core::Announce& change);
    Circumstances circumstances_of(core::InstanceId instance) const;
    control::InstanceNews news_of(core::InstanceId instance) const;
    std::optional<control::InstanceNews> news_of(const std::string& process, std::uint32_t instance) const;
    void ask_online(core::InstanceId instance, std::function<void(const std::string& trouble)> tell);
    const Silence* silence_of(const core::Lifecycle& instance) const;
    control::InstanceView view_of(core::InstanceId instance) const;
    std::string health_of(const core::Lifecycle& instance) const;
    std::vector<control::InstanceView> views() const;
    std::vector<pid_t> pids() const;
    void answer_listing(const std::map<pid_t, control::Usage>& usages);
    void await_signal();
    void stop_on(int signal);
    void give_up_reader();

    os::DescriptorLimit descriptor_limit_; // as it was given to us
    os::DescriptorShelf shelf_;            // before all that opens something: it wants low numbers
    procfiles::AppSpec app_;               // its processes are the fleet's
    os::RunDirectory directory_;
    Place place_;
    logs::Writers log_writers_;
    std::filesystem::path logs_directory_;
    EnvironmentBlock inherited_;
    Isolations isolations_;
    boost::asio::io_context io_{1};
    logs::Pump pump_;
    Succession succession_;
    os::SocketSet sockets_;
    HubAccess hub_access_;
    HubProcess hub_;
    HubNews news_;
    SavedConfig config_;
    core::Fleet fleet_;
    std::map<core::InstanceId, Kept> kept_;
    Driver driver_;
    std::optional<os::NotifySocket> notify_socket_;
    boost::asio::signal_set signals_;
    boost::asio::thread_pool sampler_{1};
    MemorySampler memory_;
    control::SupervisorObject object_;
    std::vector<Listed> listing_; // who waits for the reading that is being taken
    std::optional<os::SurvivorSweep> sweep_;
    std::function<void()> swept_;
    boost::asio::steady_timer sweep_timer_;
    boost::asio::steady_timer sockets_timer_;
    bool sockets_lost_ = false; // and told, until they are mended
    core::StopSignals stop_signals_;
    std::optional<int> exit_code_;                           // once all has ended but the reading of what it said
    std::optional<boost::asio::steady_timer> give_up_timer_; // once that is not waited for
};

} // namespace pandora::supervisor::app
