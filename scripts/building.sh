# Shared by the scripts beside it, which source it: usage, headings, configuring, building. Not run by itself.
# shellcheck shell=bash

# usage: prints the comment at the top of the calling script.
usage() {
    sed -n '2,/^$/s/^# \{0,1\}//p' "$0"
}

# heading TEXT...: starts a part of the output that a reader can find again.
heading() {
    printf '\n== %s\n' "$*"
}

# configure PRESET: runs CMake where it never ran for this preset, where the presets changed (ninja does not
# watch them), or where a package was installed since (so that what was not found is looked for again).
# Changes to CMakeLists.txt files need nothing here: ninja sees them.
configure() {
    local preset=$1 stamp=build/$1/configured
    if [[ -e $stamp && ! CMakePresets.json -nt $stamp && ! /var/lib/dpkg/status -nt $stamp ]]; then
        return
    fi
    cmake --preset "$preset" >&2
    touch "$stamp"
}

# build PRESET [TARGET...]: configures and builds; says nothing when nothing had to be done.
build() {
    local preset=$1
    shift
    configure "$preset"
    ninja -C "build/$preset" "$@" |
        sed -u -e '/^ninja: \(Entering directory\|no work to do\)/d' -e '/Re-checking globbed/d' >&2
}
