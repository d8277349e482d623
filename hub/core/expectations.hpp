// What the supervisor has said of its processes: who will be back, who is not ready, and why somebody is away. Pure;
// one object a hub.
//
//     promise() ------ which process serves which objects
//     heard() -------- what becomes of one instance; each news replaces the one before
#pragma once

#include "hub/core/drains.hpp"
#include "hub/core/selector.hpp"
#include "hub/core/text_map.hpp"

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace pandora::hub::core {

/// What is to be expected of an instance.
enum class Prospect : std::uint8_t {
    serving,   // it runs
    returning, // it does not serve yet, or again: pending, starting, in its backoff, due soon
    leaving,   // it is being stopped for good, or replaced by another instance
    gone,      // stopped, failed, completed, disabled: nobody will bring it back by itself
};

struct InstanceNews {
    InstanceName name;
    Prospect prospect = Prospect::serving;
    bool ready = true; // false: it runs, and is not to be given calls that others can take
    std::string cause; // one phrase for people: "crashed: SIGSEGV; restarting in 400 ms"; may be empty
    bool operator==(const InstanceNews&) const = default;
};

class Expectations {
public:
    /// The objects that the process is to publish, by its procfile, in place of those it promised before. Several may
    /// promise the same.
    void promise(const std::string& process, std::vector<std::string> objects);

    void heard(InstanceNews news);

    /// The process that will bring somebody back who serves `asked`: the one that is asked for by its processName, else
    /// one that promises the object; it has an instance that is returning. nullopt: nobody would be waited for, as for
    /// a client or a pid, which never come again. The view holds until the next change.
    std::optional<std::string_view> returning_for(const Selector& asked) const;

    bool is_returning(std::string_view process) const;

    /// Whether an instance of it runs.
    bool is_serving(std::string_view process) const;

    /// What its latest news has said of it; nullopt: there was none.
    std::optional<Prospect> prospect_of(const InstanceName& name) const;

    /// Whether calls are to be given to it; instances that nothing is known of are ready.
    bool ready(const InstanceName& name) const;

    /// The cause of its latest news; empty where none is known. The views of both hold until the next change.
    std::string_view cause_of(const InstanceName& name) const;

    /// Why the process is away: the latest cause of those of its instances that do not serve. Empty: none is known.
    std::string_view cause_of(std::string_view process) const;

    bool promises(std::string_view process, std::string_view object) const;

    /// The process that promises the object, of several the first that did; empty: none.
    std::string_view promised_by(std::string_view object) const;

private:
    struct Instance {
        Prospect prospect = Prospect::serving;
        bool ready = true;
        std::string cause;
        std::uint64_t heard = 0; // counts the news: the later, the higher
    };

    struct Process {
        std::map<std::uint32_t, Instance> instances;
        std::vector<std::string> objects;
        std::size_t returning = 0; // of the instances
    };

    const Process* process_named(std::string_view name) const;
    const Instance* find(const InstanceName& name) const;
    void withdraw(const Instance& instance, Process& process);
    void drop_promises(const std::string& name, const Process& process);
    void drop_if_empty(const std::string& name);
    std::optional<std::string_view> if_returning(std::string_view process) const;

    TextMap<Process> processes_;
    TextMap<std::vector<std::string>> promisers_; // by object
    std::size_t unready_ = 0;                     // instances; mostly none, and then nobody is looked up
    std::uint64_t news_ = 0;
};

} // namespace pandora::hub::core
