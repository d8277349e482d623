// The files that are read as one procfile: those the user named, and those that they extend.
#pragma once

#include "procfiles/document.hpp"
#include "procfiles/load_context.hpp"
#include "procfiles/merge.hpp"
#include "procfiles/problem.hpp"
#include "procfiles/scope.hpp"

#include <deque>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

namespace pandora::procfiles {

struct Source {
    std::filesystem::path name; // as the user named it
    std::filesystem::path path; // absolute
    std::string text;
};

/// Owns the trees of all files. Every function adds what is wrong to the problems it was made with.
class Sources {
public:
    /// All three must outlive it.
    Sources(const LoadContext& context, const Scope& scope, std::vector<Problem>& problems)
        : context_{context}, scope_{scope}, problems_{problems}
    {}

    /// The number of a file for the places in it. Files get theirs in the order in which they are first named.
    std::size_t number_of(const std::filesystem::path& name);

    /// The tree of a file, with those below it that it extends; nullptr where it cannot be read.
    const Node* add(const Source& source);

    /// The same for a file that another names at `place`.
    const Node* open(const std::filesystem::path& path, Place place);

    /// Where the file that `text` names, written at `place`, is: it starts at the folder of the file it stands in.
    std::filesystem::path path_of(std::string_view text, Place place) const;

    Merger& merger() { return merger_; }

    /// The name of each file by its number.
    const std::vector<std::filesystem::path>& names() const { return names_; }

private:
    const Node* with_base(const Node& root);
    void report_cycle(const std::filesystem::path& path, Place place);

    const LoadContext& context_;
    const Scope& scope_;
    std::vector<Problem>& problems_;
    Merger merger_;
    std::deque<Document> documents_;
    std::vector<std::filesystem::path> names_;
    std::vector<std::filesystem::path> paths_; // by number, absolute; empty for what is no procfile
    std::map<std::filesystem::path, const Node*> opened_;
    std::vector<std::filesystem::path> chain_; // files whose bases are being read
};

} // namespace pandora::procfiles
