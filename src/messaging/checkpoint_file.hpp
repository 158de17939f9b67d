#pragma once

#include "base/fd.hpp"
#include "messaging/source.hpp"

#include <map>
#include <string>

namespace rmqha::messaging {

/// How far an input has been published, as it is kept in a file.
struct CheckpointRecord {
    std::string run; ///< what the message ids of all its runs begin with
    /// Where the messages go and what they are made from, in words: "exchange" -> "events".
    std::map<std::string, std::string> target;
    Position position;     ///< all before it is done
    bool complete = false; ///< the input was at its end there
};

/// The JSON of a checkpoint file, schema_version 1, and back. parse_checkpoint throws base::Error(data) with the reason
/// alone.
std::string to_json(CheckpointRecord const& record);
CheckpointRecord parse_checkpoint(std::string const& text);

/// A checkpoint file, held by one process at a time, that is whole at every moment, also when the machine loses its
/// power. Not thread-safe.
class CheckpointFile {
public:
    /// Opens the file or, when it is missing, makes it (0600) with `fresh` in it; its folder must exist. Throws
    /// base::Error: data when it is none of ours, damaged or about another target; unavailable when it cannot be
    /// written or another process holds it.
    CheckpointFile(std::string path, CheckpointRecord const& fresh);

    CheckpointRecord const& record() const noexcept { return m_record; }
    std::string const& path() const noexcept { return m_path; }

    /// Replaces what the file says; on disk when it returns. Throws base::Error(unavailable): it then says what it said
    /// before.
    void write(Position const& position, bool complete);

private:
    bool open_existing();
    bool create(CheckpointRecord const& fresh);
    void check_target(std::map<std::string, std::string> const& target) const;

    std::string m_path;
    base::Fd m_fd; ///< the file, locked
    CheckpointRecord m_record;
};

} // namespace rmqha::messaging
