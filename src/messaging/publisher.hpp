#pragma once

#include "base/clock.hpp"
#include "cluster/connector.hpp"
#include "messaging/source.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

namespace rmqha::messaging {

struct PublishOptions {
    std::size_t window = 1000; ///< messages under way without a confirm, 1 to 1,000,000
    bool confirms = true;
    bool mandatory = true; ///< have what no queue takes returned instead of dropped
    bool identify = true;  ///< give each message an x-rmqha-seq header, and a message-id if it has none
    double rate = 0;       ///< messages per second; 0: as fast as it goes
    base::milliseconds confirm_timeout{20'000};  ///< without a confirm for so long, another node is tried
    base::milliseconds blocked_timeout{300'000}; ///< how long to put up with connection.blocked
    base::milliseconds nack_timeout{10'000};     ///< how long to repeat a message that the broker refuses with a nack
    /// Outages in a row, without a message done or a minute of connection between, before giving up; 0: never.
    int connection_attempts = 3;
    base::milliseconds retry_delay{1'000};
    base::TimePoint deadline = base::k_never; ///< when all must be done
    std::string run;                          ///< what the message ids begin with; empty: made up
    std::uint64_t before = 0; ///< messages of the source that earlier runs have done: numbers go on after them
};

/// How a message ended.
enum class Fate {
    confirmed, ///< the broker has taken responsibility
    nacked,    ///< the broker refused it for longer than nack_timeout (a queue that is full, or without a leader)
    returned,  ///< no queue takes it
    refused,   ///< the broker closed the channel over it (no such exchange, too large)
    unknown,   ///< sent or not, without an answer when everything ended
};
std::string_view to_string(Fate fate);

/// What became of the messages. Every one that was read counts in exactly one of the fates.
struct Ledger {
    std::uint64_t before = 0; ///< done by earlier runs, counted in none of the others
    std::uint64_t read = 0;   ///< taken from the source; of a run that ended early also what was left over there
    std::uint64_t confirmed = 0;
    std::uint64_t nacked = 0;
    std::uint64_t returned = 0;
    std::uint64_t refused = 0;
    std::uint64_t denied = 0; ///< of the refused: for want of a permission
    std::uint64_t unknown = 0;
    std::uint64_t unconfirmed = 0;     ///< sent with confirms switched off: nobody can know
    std::uint64_t resent = 0;          ///< sendings beyond a message's first
    std::uint64_t maybe_duplicate = 0; ///< messages sent again though the first sending may have arrived
    std::uint64_t reconnects = 0;
    base::Duration elapsed{};
    base::Duration blocked{};         ///< time spent under connection.blocked
    base::Duration longest_silence{}; ///< longest time without a message confirmed while some were awaited
    std::string first_failure;        ///< reason of the first message that did not make it

    std::uint64_t failed() const { return nacked + returned + refused + unknown; }
};

/// Told while publishing goes on; each may be null. Must not throw.
struct PublishObserver {
    std::function<void(Ledger const&, std::size_t in_flight, std::string const& node)>
        progress;                                                                ///< at most 10 times a second
    std::function<void(Message const&, Fate, std::string const& reason)> failed; ///< a message did not make it
    std::function<void(std::string const&)> note;                                ///< blocked and unblocked, in words
};

class Checkpoint;
class PublishRun;

/// Sends all of a source and does not rest until each message's fate is known. What is unconfirmed when a connection is
/// lost is sent again over the next, in its order. Not thread-safe.
class Publisher {
public:
    Publisher(cluster::Connector& connector, PublishOptions const& options, PublishObserver observer, base::Stop& stop);
    ~Publisher();

    /// Returns when the source is at its end and every fate known. Throws base::Interrupted when stopped, base::Error
    /// when no node can be reached, for what is wrong with every message alike, and for input that cannot be read.
    /// Before that, what is under way gets a few seconds for its confirms; ledger() tells how far it came, and every
    /// message read has its fate. With a checkpoint, which the source was resumed by, what is done is kept there; when
    /// a message fails that it does not go on after, nothing more is read.
    void run(Source& source, Checkpoint* checkpoint = nullptr);

    Ledger const& ledger() const noexcept;

private:
    std::unique_ptr<PublishRun> m_run;
};

} // namespace rmqha::messaging
