#include "supervisor/os/spawn_error.hpp"

namespace pandora::supervisor::os {

namespace {

const char* attempt(SpawnStage stage)
{
    switch (stage) {
    case SpawnStage::prepare: return "prepare";
    case SpawnStage::clone: return "clone";
    case SpawnStage::session: return "setsid for";
    case SpawnStage::signals: return "reset signals for";
    case SpawnStage::cgroup: return "join the cgroup of";
    case SpawnStage::standard_streams: return "redirect output of";
    case SpawnStage::passed_descriptors: return "pass descriptors to";
    case SpawnStage::controlling_terminal: return "give a terminal to";
    case SpawnStage::oom_score: return "set oom_score_adj of";
    case SpawnStage::resource_limits: return "set limits of";
    case SpawnStage::priority: return "set nice of";
    case SpawnStage::io_priority: return "set ioprio of";
    case SpawnStage::cpu_affinity: return "set cpu_affinity of";
    case SpawnStage::credentials: return "change user for";
    case SpawnStage::capabilities: return "set capabilities of";
    case SpawnStage::no_new_privileges: return "set no_new_privileges for";
    case SpawnStage::parent_death_signal: return "follow parent for";
    case SpawnStage::working_directory: return "change to working_dir";
    case SpawnStage::exec: return "execute";
    case SpawnStage::watch: return "watch";
    }
    return "spawn";
}

} // namespace

std::string describe(const SpawnError& error)
{
    return std::string{"cannot "} + attempt(error.stage) + " " + error.subject + ": " + error.cause.message();
}

} // namespace pandora::supervisor::os
