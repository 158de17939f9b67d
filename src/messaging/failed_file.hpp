#pragma once

#include "base/fd.hpp"
#include "messaging/publisher.hpp"

#include <cstdint>
#include <string>

namespace rmqha::messaging {

/// Keeps the messages that did not make it, as envelopes with fate and reason, one a line, behind what the file holds
/// already. Not thread-safe.
class FailedFile {
public:
    /// Creates the file (0600) when it is missing. Throws base::Error(unavailable).
    explicit FailedFile(std::string path);

    /// Throws base::Error(usage) when `input`, the descriptor messages are read from, is this file: it would never end.
    void refuse_as_input(int input) const;

    /// Throws nothing: good() and sync() tell.
    void add(Message const& message, Fate fate, std::string const& reason) noexcept;

    /// Nothing was found yet that could not be written.
    bool good() const noexcept { return m_failure.empty(); }

    /// Returns when all that was added is on disk. Throws base::Error(unavailable), again at each call, once something
    /// could not be written.
    void sync();

    std::uint64_t added() const noexcept { return m_added; }
    std::string const& path() const noexcept { return m_path; }

private:
    void write_out();
    void drop_half_line(std::string_view written) const;

    std::string m_path;
    base::Fd m_fd;
    std::string m_kept_back;
    std::string m_failure; ///< the first
    std::uint64_t m_added = 0;
    bool m_synced = true;
};

} // namespace rmqha::messaging
