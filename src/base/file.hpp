#pragma once

#include "base/clock.hpp"
#include "base/fd.hpp"

#include <sys/types.h>

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

namespace rmqha::base {

/// The whole file; nothing when it does not exist. Throws Error(code config) naming the path when it cannot be read or
/// is larger than 64 MiB.
std::optional<std::string> read_file(std::filesystem::path const& path);

/// Replaces the file in one step (temporary file in the same folder, fsync, rename, fsync of the folder), creating its
/// folders (0700). A reader sees the old content or the new, never a part, also after a crash of the machine. Throws
/// Error(unavailable) naming path and reason.
void write_file(std::filesystem::path const& path, std::string_view content, mode_t mode = 0600);

/// Makes what was created, renamed or removed beside `path` outlast a crash of the machine, where the file system can
/// do that and we may read the folder. Throws Error(unavailable) naming path and reason.
void sync_folder(std::filesystem::path const& path);

/// Holds an exclusive flock(2) on `path` (created 0600 when missing) until destroyed; waits for other processes. Throws
/// Error(unavailable) naming path and reason.
class FileLock {
public:
    explicit FileLock(std::filesystem::path const& path);
    /// Waits until `deadline` at the latest; then throws Error(timeout).
    FileLock(std::filesystem::path const& path, TimePoint deadline);

private:
    Fd m_fd;
};

/// True when others than the owner may read or write the file.
bool readable_by_others(std::filesystem::path const& path);

/// Where rmqha keeps things, by the XDG base directory rules (a relative XDG_* value is ignored, as the rules say).
std::filesystem::path config_home(); ///< $XDG_CONFIG_HOME/rmqha, default ~/.config/rmqha
std::filesystem::path state_home();  ///< $XDG_STATE_HOME/rmqha, default ~/.local/state/rmqha

/// A non-empty environment variable.
std::optional<std::string> environment(char const* name);

} // namespace rmqha::base
