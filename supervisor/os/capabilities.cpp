#include "supervisor/os/capabilities.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <linux/capability.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace pandora::supervisor::os {

namespace {

/// In the order of their numbers (linux/capability.h), without their prefix.
constexpr auto names = std::to_array<std::string_view>({
    "chown",
    "dac_override",
    "dac_read_search",
    "fowner",
    "fsetid",
    "kill",
    "setgid",
    "setuid",
    "setpcap",
    "linux_immutable",
    "net_bind_service",
    "net_broadcast",
    "net_admin",
    "net_raw",
    "ipc_lock",
    "ipc_owner",
    "sys_module",
    "sys_rawio",
    "sys_chroot",
    "sys_ptrace",
    "sys_pacct",
    "sys_admin",
    "sys_boot",
    "sys_nice",
    "sys_resource",
    "sys_time",
    "sys_tty_config",
    "mknod",
    "lease",
    "audit_write",
    "audit_control",
    "setfcap",
    "mac_override",
    "mac_admin",
    "syslog",
    "wake_alarm",
    "block_suspend",
    "audit_read",
    "perfmon",
    "bpf",
    "checkpoint_restore",
});
static_assert(names.size() <= CAP_LAST_CAP + 1);
static_assert(names[CAP_NET_BIND_SERVICE] == "net_bind_service");
static_assert(names[CAP_SYS_RESOURCE] == "sys_resource");
static_assert(names[CAP_CHECKPOINT_RESTORE] == "checkpoint_restore");

bool same_letters(std::string_view a, std::string_view b)
{
    const auto lower = [](char c) { return std::tolower(static_cast<unsigned char>(c)); };
    return std::ranges::equal(a, b, {}, lower, lower);
}

} // namespace

std::optional<int> capability_number(std::string_view name)
{
    constexpr std::string_view prefix = "cap_";
    if (same_letters(name.substr(0, prefix.size()), prefix)) name.remove_prefix(prefix.size());
    const auto found = std::ranges::find_if(names, [&](std::string_view known) { return same_letters(name, known); });
    if (found == names.end()) return std::nullopt;
    return static_cast<int>(found - names.begin());
}

CapabilitySet effective_capabilities()
{
    __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
    std::array<__user_cap_data_struct, _LINUX_CAPABILITY_U32S_3> data{};
    if (::syscall(SYS_capget, &header, data.data()) != 0) return {};
    return CapabilitySet{data[0].effective | std::uint64_t{data[1].effective} << 32};
}

} // namespace pandora::supervisor::os
