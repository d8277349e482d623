// `extends` of a process: another one, of this file or of another, under it.
#pragma once

#include "procfiles/reader.hpp"
#include "procfiles/sources.hpp"

#include <string>
#include <vector>

namespace pandora::procfiles {

/// The tree with every process laid over the one that it extends, and that over its own. Problems: no such file or
/// process, processes that extend each other, chains beyond extends_depth_max, more keys and values than a file may
/// have. `extends` is the name of a process; the path of a file that has one of the same name; or
/// `{file: PATH, process: NAME}`.
const Node& apply_process_extends(Reader& reader, Sources& sources, const Node& root);

/// Its part of known_keys().
void append_extends_keys(std::vector<std::string>& into);

} // namespace pandora::procfiles
