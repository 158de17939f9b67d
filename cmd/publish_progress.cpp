#include "cmd/publish_progress.hpp"

#include "base/units.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace rmqha::cmd {

namespace {

using Seconds = std::chrono::duration<double>;

/// How many messages the input will turn out to hold: from its bytes, at the size they have had up to now, where no
/// count says less.
std::optional<double> expected_total(PublishProgress::Now const& now, std::uint64_t done)
{
    std::optional<double> total;
    if (now.total) {
        total = static_cast<double>(*now.total);
    }
    auto const read = now.ledger.before + now.ledger.read;
    if (now.extent && now.extent->read > 0 && now.extent->size > 0 && done > 0) {
        auto const by_bytes =
            static_cast<double>(read) * static_cast<double>(now.extent->size) / static_cast<double>(now.extent->read);
        total = std::min(total.value_or(by_bytes), by_bytes);
    }
    return total;
}

} // namespace

double PublishProgress::rate(std::uint64_t done, base::Duration elapsed)
{
    constexpr auto k_recent = std::chrono::seconds(5);
    if (m_samples.empty()) {
        m_samples.push_back({}); // the start
    }
    m_samples.push_back({elapsed, done});
    while (m_samples.size() > 2 && elapsed - m_samples[1].elapsed >= k_recent) {
        m_samples.pop_front();
    }
    auto const& since = m_samples.front();
    auto const seconds = std::max(Seconds(elapsed - since.elapsed).count(), 1e-3);
    return static_cast<double>(done - since.done) / seconds;
}

std::string PublishProgress::line(Now const& now)
{
    auto const& ledger = now.ledger;
    auto const done_now = ledger.confirmed + ledger.unconfirmed + ledger.failed();
    auto const done = ledger.before + done_now;
    auto const per_second = rate(done_now, ledger.elapsed);
    auto const total = expected_total(now, done);

    auto text = base::format_count(done);
    if (now.total) {
        text += " of " + base::format_count(*now.total);
    }
    if (total && *total > 0) {
        auto const percent = std::min(static_cast<double>(done) * 100 / *total, 100.0);
        text = fmt::format("{}%, {}", static_cast<int>(percent), text);
    }
    std::string left;
    if (total && per_second > 0 && *total > static_cast<double>(done)) {
        auto const seconds = Seconds((*total - static_cast<double>(done)) / per_second);
        constexpr Seconds k_tellable = std::chrono::hours(24 * 999);
        left = seconds < k_tellable
                   ? fmt::format("{} left", base::format_duration(std::chrono::duration_cast<base::Duration>(seconds)))
                   : "";
    }
    std::array<std::string, 5> parts = {
        fmt::format("{}/s", base::format_count(static_cast<std::uint64_t>(per_second))), left,
        fmt::format("{}/{} open", base::format_count(now.in_flight), base::format_count(m_window)), now.node,
        ledger.reconnects == 0 ? ""
                               : fmt::format("{} failover{}", ledger.reconnects, ledger.reconnects == 1 ? "" : "s")};
    constexpr std::size_t k_columns = 79;
    auto const joined = [&] {
        auto line = text;
        for (auto const& part : parts) {
            line += part.empty() ? "" : ", " + part;
        }
        return line;
    };
    for (std::size_t const dispensable : {2U, 3U, 4U}) { // what matters least first
        if (joined().size() > k_columns) {
            parts.at(dispensable).clear();
        }
    }
    return joined();
}

} // namespace rmqha::cmd
