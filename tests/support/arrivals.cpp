#include "support/arrivals.hpp"

#include <algorithm>
#include <limits>

namespace rmqha::test {

namespace {

void count(std::uint8_t& times)
{
    times = static_cast<std::uint8_t>(std::min<int>(times + 1, std::numeric_limits<std::uint8_t>::max()));
}

} // namespace

Arrivals::Arrivals(std::size_t publishers, std::size_t consumers, std::uint64_t most)
    : m_seen(publishers, std::vector<Seen>(most + 1)), m_newest(consumers, std::vector<std::uint64_t>(publishers))
{
}

void Arrivals::take(std::size_t consumer, std::size_t publisher, std::uint64_t number, bool redelivered)
{
    std::lock_guard const lock(m_mutex);
    if (publisher >= m_seen.size() || number == 0 || number >= m_seen[publisher].size()) {
        ++m_strangers;
        return;
    }
    auto& seen = m_seen[publisher][number];
    m_distinct += seen.times == 0 ? 1U : 0U;
    count(seen.times);
    if (!redelivered) {
        count(seen.unmarked);
        auto& newest = m_newest[consumer][publisher];
        seen.after_younger = number < newest;
        newest = std::max(newest, number);
    }
}

void Arrivals::take_stranger()
{
    std::lock_guard const lock(m_mutex);
    ++m_strangers;
}

std::uint64_t Arrivals::distinct() const
{
    std::lock_guard const lock(m_mutex);
    return m_distinct;
}

Account Arrivals::account(std::vector<Claim> const& claims) const
{
    std::lock_guard const lock(m_mutex);
    Account account{.strangers = m_strangers, .younger = std::vector<std::uint64_t>(m_seen.size())};
    for (std::size_t publisher = 0; publisher < m_seen.size(); ++publisher) {
        auto const& claim = claims.at(publisher);
        for (std::uint64_t number = 1; number < m_seen[publisher].size(); ++number) {
            auto const& seen = m_seen[publisher][number];
            bool const came = seen.times > 0;
            if (number > claim.read) {
                account.strangers += came ? 1U : 0U;
                continue;
            }
            if (claim.failed.contains(number)) {
                account.failed_but_came += came ? 1U : 0U;
            } else {
                ++account.confirmed;
                account.distinct += came ? 1U : 0U;
                account.lost += came ? 0U : 1U;
            }
            auto const copies = std::max<std::uint64_t>(seen.unmarked, 1) - 1;
            account.copies += copies;
            account.redelivered += came ? seen.times - 1 - copies : 0;
            account.younger[publisher] += seen.times == 1 && seen.after_younger ? 1U : 0U;
        }
    }
    return account;
}

} // namespace rmqha::test
