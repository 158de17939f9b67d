#include "cmd/publish_progress.hpp"

#include "support/catch.hpp"

using namespace rmqha;
using namespace std::chrono_literals;
using cmd::PublishProgress;
using messaging::Extent;
using messaging::Ledger;

namespace {

std::string const k_node = "rabbit1:5672";

std::string line(Ledger const& ledger, std::optional<std::uint64_t> total = {}, std::optional<Extent> extent = {})
{
    return PublishProgress(1000).line(
        {.ledger = ledger, .in_flight = 500, .node = k_node, .total = total, .extent = extent});
}

} // namespace

TEST_CASE("progress tells what is done, how fast, what is open, where")
{
    CHECK(line({.read = 1500, .confirmed = 1000, .elapsed = 2s}) == "1,000, 500/s, 500/1,000 open, rabbit1:5672");
    CHECK(line({.read = 1500, .confirmed = 990, .returned = 10, .reconnects = 1, .elapsed = 2s}, 4000) ==
          "25%, 1,000 of 4,000, 500/s, 6.0s left, 500/1,000 open, rabbit1:5672, 1 failover");
}

TEST_CASE("where messages cannot be counted beforehand, bytes tell how far it is")
{
    Ledger const ledger{.read = 1500, .confirmed = 1000, .elapsed = 2s};
    CHECK(line(ledger, {}, Extent{.read = 15'000, .size = 40'000}) ==
          "25%, 1,000, 500/s, 6.0s left, 500/1,000 open, rabbit1:5672");
    CHECK_THAT(line(ledger, 2000, Extent{.read = 15'000, .size = 40'000}), Catch::StartsWith("50%, 1,000 of 2,000, "));
    CHECK_THAT(line(ledger, 8000, Extent{.read = 15'000, .size = 40'000}), Catch::StartsWith("25%, 1,000 of 8,000, "));
    CHECK_THAT(line({}, {}, Extent{.read = 0, .size = 0}), Catch::StartsWith("0, 0/s, "));
}

TEST_CASE("what earlier runs did is done, but not in this time")
{
    CHECK(line({.before = 3000, .read = 500, .confirmed = 500, .elapsed = 1s}, 4000) ==
          "87%, 3,500 of 4,000, 500/s, 1.0s left, 500/1,000 open, rabbit1:5672");
}

TEST_CASE("the rate is that of the last seconds")
{
    PublishProgress progress(1000);
    Ledger ledger;
    std::string last;
    auto const go_on = [&](int seconds, std::uint64_t per_second) {
        for (int i = 0; i < seconds * 10; ++i) {
            ledger.elapsed += 100ms;
            ledger.read += per_second / 10;
            ledger.confirmed = ledger.read;
            last = progress.line({.ledger = ledger, .in_flight = 0, .node = k_node, .total = {}});
        }
    };
    go_on(20, 1000);
    CHECK_THAT(last, Catch::Contains(", 1,000/s"));
    go_on(10, 50'000);
    CHECK_THAT(last, Catch::Contains(", 50,000/s"));
    go_on(10, 0);
    CHECK_THAT(last, Catch::Contains(", 0/s"));
    CHECK_THAT(last, !Catch::Contains("left"));
}

TEST_CASE("progress fits 80 columns whatever there is to tell")
{
    Ledger const ledger{
        .read = 123'456'789, .confirmed = 123'456'000, .reconnects = 12, .elapsed = std::chrono::hours(1)};
    std::string const node = "rabbit-production-17.messaging.example.com:5672";
    PublishProgress progress(1'000'000);
    auto const text = progress.line({.ledger = ledger, .in_flight = 789, .node = node, .total = 987'654'321});
    CHECK(text == "12%, 123,456,000 of 987,654,321, 34,293/s, 7h left, 12 failovers");
    CHECK(text.size() < 80);
}
