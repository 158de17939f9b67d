#pragma once

#include "config/file.hpp"
#include "config/settings.hpp"

#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace rmqha::config {

/// Looks up a variable; nothing when unset or empty. base::environment, or a table in unit tests.
using Environment = std::function<std::optional<std::string>(std::string const& name)>;

/// Where configuration lies.
struct Places {
    std::vector<std::filesystem::path> files; ///< strongest first; one that does not exist says nothing
    bool required = false;                    ///< named by --config or RMQHA_CONFIG: must exist
    std::filesystem::path clusters;           ///< folder of the local clusters
};

/// `file` (--config), else RMQHA_CONFIG, else the user's file over /etc/rmqha/config.toml.
Places find_places(std::string const& file, Environment const& environment);

struct Inputs {
    Values flags;        ///< options() given as flags
    std::string context; ///< --context; empty when not given
    Environment environment;
    Places places;
    Vocabulary commands;
};

/// A value found for a command's option, and how messages call the place.
struct Found {
    std::vector<std::string> values;
    std::string place;
    SourceKind kind = SourceKind::environment;
};

/// Everything that flags, variables and files say, put together on first use. Not thread-safe.
///
/// The context in force: --context or RMQHA_CONTEXT; else `current` in the files; else the newest local cluster. Nodes
/// and context are two ways to name a cluster: the one of the stronger source silences the other, so that nodes given
/// as flags never meet a context's password unless --context asks for it. AMQP_URL counts when nothing else gives
/// nodes.
class Configuration {
public:
    explicit Configuration(Inputs inputs); ///< reads nothing yet

    /// Throws Error: usage or config; also when the context in force does not exist or cannot be read.
    Settings const& settings();
    /// settings().deadline alone, for commands that do without a cluster's nodes: a context that does not exist or
    /// cannot be read says nothing. Throws Error: usage or config.
    std::optional<base::milliseconds> deadline();
    /// What environment (RMQHA_QUEUE_DECLARE_TYPE) or files ([queue.declare] type, the context's before the top
    /// level's) say for an option that no flag gave. `command` is a path such as "queue.declare"; "" for the options
    /// all commands share (RMQHA_COLOR, color = "never" at top level). Throws Error(config).
    std::optional<Found> command_option(std::string const& command, std::string const& option);

    /// Every context: those of the files by name, then the local clusters, newest first; a name is listed once. A local
    /// cluster whose file cannot be read is there with its problem.
    std::vector<ContextEntry> const& contexts();
    /// The one in force; null when there is none or a context of that name does not exist.
    ContextEntry const* context();
    /// Throws Error(config) naming the nearest known context.
    ContextEntry const& context(std::string const& name);
    /// The file that `context use` and `context set` write.
    std::filesystem::path const& own_file() const { return m_inputs.places.files.front(); }

private:
    struct Choice {
        std::string name; ///< empty: no context
        std::string place;
        SourceKind kind = SourceKind::file;
    };

    std::vector<File> const& files();
    Choice const& choice();
    std::vector<Source> sources();
    std::string hint_for(std::string const& unknown);

    Inputs m_inputs;
    std::optional<std::vector<File>> m_files;
    std::optional<std::vector<ContextEntry>> m_contexts;
    std::optional<Choice> m_choice;
    std::optional<Settings> m_settings;
};

} // namespace rmqha::config
