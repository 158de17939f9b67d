#pragma once

#include "base/error.hpp"
#include "config/settings.hpp"

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace rmqha::config {

/// The options of every command that a file may set, by command path: "publish", "queue.declare"; under "" those all
/// commands share. Names have underscores.
using Vocabulary = std::map<std::string, std::vector<std::string>>;

/// What a file says for commands, by command path; option names with underscores.
using CommandSources = std::map<std::string, Source>;

/// One named cluster.
struct ContextEntry {
    std::string name;
    std::string path;        ///< the file it stands in
    bool local = false;      ///< made by `rmqha cluster up`
    Source source;           ///< options(), threshold_options() and "runner.<key>" by name
    CommandSources commands; ///< [contexts.NAME.publish] and the like
    /// Why a local cluster's file cannot be read: it says nothing else then, and using it throws this.
    std::optional<base::Error> problem = {};
};

/// A configuration file, read and checked: no unknown key, every value of the right type (ranges are resolve()'s).
struct File {
    std::string path;
    std::string current; ///< the context used when none is named; may be empty
    int current_line = 0;
    std::vector<ContextEntry> contexts; ///< by name
    CommandSources commands;            ///< [publish] and the like at top level
};

/// Reads a configuration file's text; `path` is for messages, and paths in it are relative to its folder. With an empty
/// vocabulary, command tables are taken as they come. Throws Error(config): "path:line: reason".
File parse_file(std::string_view text, std::string const& path, Vocabulary const& commands);

/// Reads the body of one context, as `rmqha cluster up` leaves it beside a local cluster.
ContextEntry parse_context(std::string_view text, std::string const& path, std::string const& name);

} // namespace rmqha::config
