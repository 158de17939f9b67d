#include "soak.hpp"

#include "base/units.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>

namespace rmqha::test {

namespace {

void add_part(std::string& text, std::string const& name, std::string const& error,
              std::map<std::string, std::uint64_t> const& events)
{
    if (!error.empty()) {
        text += fmt::format("  {} ended early: {}\n", name, error);
    }
    for (auto const& [event, times] : events) {
        text += fmt::format("  {} {} x {}\n", name, times, event);
    }
}

} // namespace

std::uint64_t SoakResult::sum(std::uint64_t messaging::Ledger::*figure) const
{
    return std::accumulate(publishers.begin(), publishers.end(), std::uint64_t{0},
                           [&](std::uint64_t sum, auto const& one) { return sum + one.summary.*figure; });
}

std::string SoakResult::report() const
{
    using messaging::Ledger;
    auto const count = [](std::uint64_t number) { return base::format_count(number); };
    base::Duration silence{};
    std::uint64_t losses = 0;
    for (auto const& one : publishers) {
        silence = std::max(silence, one.summary.longest_silence);
    }
    for (auto const& one : consumers) {
        losses += one.summary.reconnects;
    }
    auto text = fmt::format("read {}, confirmed {}, nacked {}, returned {}, refused {}, unknown {}; resent {}, perhaps "
                            "duplicated {}, reconnects {}, longest silence {}\n",
                            count(sum(&Ledger::read)), count(sum(&Ledger::confirmed)), count(sum(&Ledger::nacked)),
                            count(sum(&Ledger::returned)), count(sum(&Ledger::refused)), count(sum(&Ledger::unknown)),
                            count(sum(&Ledger::resent)), count(sum(&Ledger::maybe_duplicate)), sum(&Ledger::reconnects),
                            base::format_duration(silence));
    text += fmt::format("came {} distinct of the confirmed, lost {}, redelivered {}, copies {}, failed but came {}, "
                        "strangers {}; reconnects of consumers {}\n",
                        count(account.distinct), count(account.lost), count(account.redelivered), count(account.copies),
                        count(account.failed_but_came), account.strangers, losses);
    text += fmt::format("order violations by publisher: {}\n", fmt::join(account.younger, ", "));
    text += fmt::format("took {}\n", base::format_duration(elapsed));
    for (auto const& disappointment : disappointments) {
        text += fmt::format("  {}\n", disappointment);
    }
    for (std::size_t i = 0; i < publishers.size(); ++i) {
        add_part(text, fmt::format("publisher {}", i + 1), publishers[i].error, publishers[i].events);
    }
    for (std::size_t i = 0; i < consumers.size(); ++i) {
        add_part(text, fmt::format("consumer {}", i + 1), consumers[i].error, consumers[i].events);
    }
    return text;
}

} // namespace rmqha::test
