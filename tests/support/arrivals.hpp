#pragma once

#include <cstdint>
#include <mutex>
#include <set>
#include <vector>

namespace rmqha::test {

/// What a publisher says of its messages 1 to `read`: all but `failed` were confirmed.
struct Claim {
    std::uint64_t read = 0;
    std::set<std::uint64_t> failed;
};

/// What the consumers' side has to say to the publishers' claims.
struct Account {
    std::uint64_t confirmed = 0;        ///< claimed
    std::uint64_t distinct = 0;         ///< of the confirmed, those that came
    std::uint64_t lost = 0;             ///< of the confirmed, those that did not come
    std::uint64_t failed_but_came = 0;  ///< claimed as failed; the broker had them all the same
    std::uint64_t redelivered = 0;      ///< came again, marked so by the broker
    std::uint64_t copies = 0;           ///< came again without that mark: the queue had them more than once
    std::uint64_t strangers = 0;        ///< nobody's, or beyond what was read
    std::vector<std::uint64_t> younger; ///< order violations, by publisher
};

/// Which of several publishers' numbered messages came, how often, in which order. Thread-safe.
///
/// An order violation is a message that came once in all, unmarked, to a consumer that had already had a younger one of
/// the same publisher, unmarked as well. What came several times does not count: of two copies in the queue either may
/// reach its consumer first, and what is put back comes late.
class Arrivals {
public:
    /// `most` messages of each publisher at most.
    Arrivals(std::size_t publishers, std::size_t consumers, std::uint64_t most);

    /// `number` counts from 1. `redelivered` is the broker's mark.
    void take(std::size_t consumer, std::size_t publisher, std::uint64_t number, bool redelivered);
    void take_stranger();

    std::uint64_t distinct() const;
    Account account(std::vector<Claim> const& claims) const;

private:
    struct Seen {
        std::uint8_t times = 0;
        std::uint8_t unmarked = 0;
        bool after_younger = false;
    };

    mutable std::mutex m_mutex;
    std::vector<std::vector<Seen>> m_seen;            ///< by publisher and number
    std::vector<std::vector<std::uint64_t>> m_newest; ///< by consumer and publisher
    std::uint64_t m_distinct = 0;
    std::uint64_t m_strangers = 0;
};

} // namespace rmqha::test
