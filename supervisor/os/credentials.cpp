#include "supervisor/os/credentials.hpp"

#include <cerrno>
#include <charconv>
#include <grp.h>
#include <pwd.h>
#include <system_error>
#include <utility>

namespace pandora::supervisor::os {

namespace {

constexpr std::size_t entry_bytes_first = 4 * 1024;
constexpr std::size_t entry_bytes_max = 4 * 1024 * 1024; // a group may have many thousands of members

/// 2^32 - 1 is what setuid(2) takes for "stays".
template <class Id>
std::optional<Id> number_of(const std::string& text)
{
    Id id{};
    const auto* end = text.data() + text.size();
    const auto [stopped, error] = std::from_chars(text.data(), end, id);
    if (error != std::errc{} || stopped != end || id == static_cast<Id>(-1)) return std::nullopt;
    return id;
}

/// `get(buffer, size, found)` is one of the *_r functions of pwd.h and grp.h; `use(entry)` copies what is wanted while
/// the buffer lives.
template <class Entry, class Get, class Use>
auto look_up(Get get, Use use) -> std::optional<decltype(use(std::declval<const Entry&>()))>
{
    for (std::size_t size = entry_bytes_first; size <= entry_bytes_max; size *= 4) {
        std::vector<char> buffer(size);
        Entry entry{};
        Entry* found = nullptr;
        const int error = get(&entry, buffer.data(), buffer.size(), &found);
        if (error == ERANGE) continue;
        if (!found) return std::nullopt;
        return use(*found);
    }
    return std::nullopt;
}

Account to_account(const passwd& entry) { return {entry.pw_uid, entry.pw_gid, entry.pw_name, entry.pw_dir}; }

} // namespace

std::optional<Account> find_account(const std::string& name_or_number)
{
    const auto by_name = [&](passwd* entry, char* buffer, std::size_t size, passwd** found) {
        return ::getpwnam_r(name_or_number.c_str(), entry, buffer, size, found);
    };
    if (auto account = look_up<passwd>(by_name, to_account)) return account;

    const auto uid = number_of<uid_t>(name_or_number);
    if (!uid) return std::nullopt;
    const auto by_number = [&](passwd* entry, char* buffer, std::size_t size, passwd** found) {
        return ::getpwuid_r(*uid, entry, buffer, size, found);
    };
    if (auto account = look_up<passwd>(by_number, to_account)) return account;
    return Account{*uid, *uid, {}, {}};
}

std::optional<gid_t> find_group(const std::string& name_or_number)
{
    const auto by_name = [&](group* entry, char* buffer, std::size_t size, group** found) {
        return ::getgrnam_r(name_or_number.c_str(), entry, buffer, size, found);
    };
    if (const auto gid = look_up<group>(by_name, [](const group& entry) { return entry.gr_gid; })) return gid;
    return number_of<gid_t>(name_or_number);
}

std::vector<gid_t> groups_of(const Account& account, gid_t primary)
{
    if (account.name.empty()) return {primary};
    std::vector<gid_t> groups(64);
    for (int count = static_cast<int>(groups.size());;) {
        if (::getgrouplist(account.name.c_str(), primary, groups.data(), &count) >= 0) {
            groups.resize(static_cast<std::size_t>(count));
            return groups;
        }
        if (static_cast<std::size_t>(count) <= groups.size()) return {primary}; // it says too few, yet asks for no more
        groups.resize(static_cast<std::size_t>(count));
    }
}

} // namespace pandora::supervisor::os
