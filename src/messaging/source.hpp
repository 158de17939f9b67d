#pragma once

#include "amqp/message.hpp"
#include "base/clock.hpp"
#include "base/fd.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

namespace rmqha::messaging {

/// A message as the user wants it sent.
struct Message {
    std::string exchange;
    std::string routing_key;
    amqp::Properties properties;
    std::string body;
};

enum class Next {
    message, ///< filled in
    later,   ///< nothing yet: wait for source fd
    end,
};

/// A place between two messages of a source, to be found again by an equal source in another process.
struct Position {
    std::uint64_t messages = 0; ///< given before it
    std::uint64_t records = 0;  ///< of the input, before it
    std::uint64_t bytes = 0;    ///< of the input, before it
    std::uint64_t digest = 0;   ///< of the last records before it, which begin at the anchor
    std::uint64_t anchor_records = 0;
    std::uint64_t anchor_bytes = 0;

    friend bool operator==(Position const&, Position const&) = default;
};

/// Bytes of an input of known size; a file may still grow.
struct Extent {
    std::uint64_t read = 0;
    std::uint64_t size = 0;
};

/// Where messages come from, one after the other. Throws base::Error(data) for input that is no message, naming line
/// and reason, and base::Error(unavailable) when it cannot be read.
class Source {
public:
    virtual ~Source() = default;
    /// Overwrites all of `into` (strings keep their capacity: nothing is allocated per message in the long run).
    virtual Next next(Message& into) = 0;
    /// Once no more will be sent: the next message that was taken from an input which cannot give it again (a pipe), or
    /// that is the only one. Reads nothing. False when there is no more, or when next() has thrown.
    virtual bool left_over(Message& /*into*/) { return false; }
    /// To be polled for POLLIN after `later`; -1 when it never says so.
    virtual int fd() const noexcept { return -1; }
    /// How many messages there are in all, where that is known.
    virtual std::optional<std::uint64_t> total() const { return std::nullopt; }
    virtual std::optional<Extent> extent() const { return std::nullopt; }
    /// True when it is known, without waiting, that no message will come.
    virtual bool at_end() const { return false; }

    /// Behind the message given last. Known from the first skip_to() on: keeping it costs something.
    virtual Position position() const { return {}; }
    /// Goes to `there` before the first message is taken. False when that needs input that is not there yet: call it
    /// again when fd() is readable. Throws base::Error(data) when the input is not the one `there` is a place in.
    virtual bool skip_to(Position const& /*there*/) { return true; }
};

/// The same message `count` times.
std::unique_ptr<Source> make_repeating_source(Message message, std::uint64_t count);

struct RecordSourceOptions {
    char delimiter = '\n'; ///< ends each record; a last one without it counts too
    std::size_t limit = 0; ///< most bytes of a record
};
/// One message for each record of `fd`, as `prototype` but for its body.
std::unique_ptr<Source> make_record_source(base::Fd fd, Message prototype, RecordSourceOptions const& options);

/// The first `count` messages of another source.
std::unique_ptr<Source> make_limited_source(std::unique_ptr<Source> source, std::uint64_t count);

/// Another source, which is at its end as soon as `good` is false.
std::unique_ptr<Source> make_guarded_source(std::unique_ptr<Source> source, std::function<bool()> good);

struct WholeOptions {
    std::size_t limit = 0; ///< most bytes
    base::TimePoint deadline = base::k_never;
};
/// All of `fd` as one body. Throws base::Error(data, unavailable or timeout), base::Interrupted.
std::string read_whole(int fd, WholeOptions const& options, base::Stop const& stop);

} // namespace rmqha::messaging
