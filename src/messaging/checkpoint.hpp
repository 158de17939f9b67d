#pragma once

#include "base/clock.hpp"
#include "messaging/checkpoint_file.hpp"
#include "messaging/confirmed_prefix.hpp"

#include <functional>
#include <string>

namespace rmqha::base {
class Stop;
}

namespace rmqha::messaging {

struct CheckpointOptions {
    std::string path;
    std::map<std::string, std::string> target; ///< as CheckpointRecord has it
    std::size_t window = 1000;                 ///< most messages that a crash may cause to be sent twice
    /// Puts on disk what failed up to now, and throws base::Error when it cannot: the checkpoint then goes on after
    /// messages that failed. Without it, it ends before the first of them.
    std::function<void()> keep_failed;
};

/// Lets a publish that was cut short, by whatever, go on where it was: the part of the input that is done is kept in a
/// file, never more than is done and never more than a window of messages less. Not thread-safe.
class Checkpoint {
public:
    /// Opens the file; throws as CheckpointFile does.
    explicit Checkpoint(CheckpointOptions options);

    CheckpointRecord const& record() const noexcept { return m_file.record(); }
    /// Takes `source` to where the last run came. Throws base::Error: data when it is another input, timeout;
    /// base::Interrupted.
    void resume(Source& source, base::Stop const& stop, base::TimePoint deadline) const;

    // For PublishRun.
    bool admits() const noexcept { return m_prefix.admits(); }
    /// Nothing more is to be sent: it would be sent again anyway, after what has failed.
    bool ended() const noexcept { return m_prefix.broken(); }
    void read(Position const& behind) { m_prefix.read(behind); }
    void settled(std::uint64_t number, bool confirmed);
    /// Writes the file when half a window is done beyond it, or anything at all for a second.
    void save_if_due(base::TimePoint now);
    /// Writes what there is to write; `input_ended`: no message is left unread. Throws base::Error when it cannot,
    /// once.
    void save(bool input_ended);

private:
    CheckpointOptions m_options;
    CheckpointFile m_file;
    ConfirmedPrefix m_prefix;
    base::TimePoint m_saved_at{};
    bool m_given_up = false;
};

} // namespace rmqha::messaging
