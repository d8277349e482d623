// The keys of a procfile: which there are, and how the tables that list them are entered.
#pragma once

#include "procfiles/reader.hpp"
#include "procfiles/spec.hpp"

#include <string>
#include <vector>

namespace pandora::procfiles {

/// Reads a whole procfile: environment, hub, metrics, processes.
AppSpec read_app(Reader& reader, const Node& root);

/// Reads the map under `processes:`.
void read_processes(Reader& reader, const Node& node, std::vector<ProcessSpec>& into);

/// `environment:` as a list of `NAME=VALUE` or a map; adds to what is there.
void read_environment(Reader& reader, const Node& node, Environment& into);

/// `env_file:` as one path or a list; adds the variables of the files in their order.
void read_env_files(Reader& reader, const Node& node, Environment& into);

/// Every key as a path, `processes.*.shutdown.signal`, in the tables' order: what the reference must
/// describe.
std::vector<std::string> known_keys();

/// The part of known_keys() under `processes:`.
void append_process_keys(std::vector<std::string>& into);

template <class Keys>
void append_keys(std::string_view prefix, const Keys& keys, std::vector<std::string>& into)
{
    for (const auto& key : keys) into.push_back(std::string{prefix} + std::string{key.name});
}

} // namespace pandora::procfiles
