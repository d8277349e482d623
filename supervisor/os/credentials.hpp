// Users and groups by name or number, from the machine's databases.
#pragma once

#include <optional>
#include <string>
#include <sys/types.h>
#include <vector>

namespace pandora::supervisor::os {

struct Account {
    uid_t uid = 0;
    gid_t gid = 0;    // primary group
    std::string name; // empty: a number that no database knows
    std::string home; // empty like it
};

/// A name, else a number; a number needs no entry, its group then has the same one. Reads the databases and may wait
/// for them (LDAP, say): for the start of an app, never for the start of a process.
std::optional<Account> find_account(const std::string& name_or_number);

std::optional<gid_t> find_group(const std::string& name_or_number);

/// The supplementary groups that a login of `account` would have with the primary group `primary`, that one included.
std::vector<gid_t> groups_of(const Account& account, gid_t primary);

} // namespace pandora::supervisor::os
