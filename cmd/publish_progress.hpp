#pragma once

#include "messaging/publisher.hpp"

#include <cstdint>
#include <deque>
#include <optional>
#include <string>

namespace rmqha::cmd {

/// The progress line of `publish`. Pure but for what it remembers: how far things were some seconds ago.
class PublishProgress {
public:
    explicit PublishProgress(std::size_t window) : m_window(window) {}

    struct Now {
        messaging::Ledger const& ledger;
        std::size_t in_flight = 0;
        std::string const& node;
        std::optional<std::uint64_t> total;        ///< messages of the whole input, or the most there can be
        std::optional<messaging::Extent> extent{}; ///< bytes of it
    };
    /// "61%, 1,234,567 of 2,000,000, 45,123/s, 17s left, 1,000/1,000 open, rabbit1:5672, 2 failovers": for a
    /// terminal of 80 columns; what matters least is left out when it gets too long. The rate is that of the last
    /// seconds.
    std::string line(Now const& now);

private:
    /// Messages per second.
    double rate(std::uint64_t done, base::Duration elapsed);

    struct Sample {
        base::Duration elapsed{};
        std::uint64_t done = 0;
    };
    std::size_t m_window;
    std::deque<Sample> m_samples;
};

} // namespace rmqha::cmd
