#include "soak.hpp"

#include "base/file.hpp"
#include "support/catch.hpp"

#include <cstdio>
#include <random>
#include <string>

using namespace rmqha;
using namespace std::chrono_literals;

namespace {

/// RMQHA_SOAK_<NAME>, or what is usual.
template <typename Number>
Number chosen(char const* name, Number usual)
{
    auto const text = base::environment((std::string("RMQHA_SOAK_") + name).c_str());
    return text ? static_cast<Number>(std::stoul(*text)) : usual;
}

void soak(test::SoakOptions const& options)
{
    test::LiveCluster cluster;
    auto const result = test::soak(cluster, options);
    auto const report = result.report();
    std::fputs(report.c_str(), stdout);
    INFO("seed " << options.seed << "\n" << report);
    using messaging::Ledger;
    CHECK(result.sum(&Ledger::read) == options.messages / options.publishers * options.publishers);
    CHECK(result.sum(&Ledger::confirmed) == result.sum(&Ledger::read));
    CHECK(result.account.confirmed == result.sum(&Ledger::confirmed));
    CHECK(result.account.distinct == result.account.confirmed);
    CHECK(result.account.lost == 0);
    CHECK(result.account.strangers == 0);
    CHECK(result.account.copies <= result.sum(&Ledger::resent)); // nothing is in the queue oftener than it was sent
    CHECK(result.sum(&Ledger::reconnects) > 0);
    CHECK(result.disappointments.empty());
    for (auto const& one : result.publishers) {
        CHECK(one.error.empty());
    }
    for (auto const& one : result.consumers) {
        CHECK(one.error.empty());
    }
}

} // namespace

TEST_CASE("messages survive a random fault of each kind", "[cluster]")
{
    soak({.messages = chosen<std::uint64_t>("MESSAGES", 50'000),
          .faults = chosen<std::size_t>("FAULTS", 5),
          .seed = chosen<unsigned>("SEED", std::random_device{}()),
          .patience = 25min});
}

TEST_CASE("the soak: two million messages through thirty random faults", "[.soak]")
{
    soak({.messages = chosen<std::uint64_t>("MESSAGES", 2'000'000),
          .faults = chosen<std::size_t>("FAULTS", 30),
          .seed = chosen<unsigned>("SEED", std::random_device{}()),
          .patience = 60min});
}
