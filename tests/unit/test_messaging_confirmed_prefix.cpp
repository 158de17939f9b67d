#include "messaging/confirmed_prefix.hpp"
#include "support/catch.hpp"

#include <algorithm>
#include <random>
#include <vector>

using namespace rmqha;
using messaging::ConfirmedPrefix;
using messaging::Position;

namespace {

Position place(std::uint64_t messages)
{
    return {.messages = messages, .records = messages, .bytes = messages * 10};
}

} // namespace

TEST_CASE("the prefix ends before the first message that is not done, whatever is done beyond it")
{
    ConfirmedPrefix prefix(place(100), 10);
    for (std::uint64_t number = 101; number <= 105; ++number) {
        prefix.read(place(number));
    }
    prefix.settled(102, true);
    prefix.settled(105, true);
    CHECK(prefix.reached() == place(100));
    CHECK(prefix.unrecorded() == 0);
    prefix.settled(101, true);
    CHECK(prefix.reached() == place(102));
    CHECK(prefix.unrecorded() == 2);
    CHECK_FALSE(prefix.whole());
    prefix.settled(104, true);
    prefix.settled(103, true);
    CHECK(prefix.reached() == place(105));
    CHECK(prefix.unrecorded() == 5);
    CHECK(prefix.whole());
}

TEST_CASE("no more is read beyond what is on record than a window, though it is all confirmed")
{
    ConfirmedPrefix prefix(place(0), 3);
    for (std::uint64_t number = 1; number <= 3; ++number) {
        REQUIRE(prefix.admits());
        prefix.read(place(number));
    }
    CHECK_FALSE(prefix.admits());
    prefix.settled(1, true);
    prefix.settled(2, true);
    CHECK_FALSE(prefix.admits());
    prefix.recorded();
    CHECK(prefix.unrecorded() == 0);
    CHECK(prefix.admits());
    prefix.read(place(4));
    prefix.read(place(5));
    CHECK_FALSE(prefix.admits());
}

TEST_CASE("the prefix never goes beyond a message that failed, and nothing more is read")
{
    ConfirmedPrefix prefix(place(0), 10);
    for (std::uint64_t number = 1; number <= 4; ++number) {
        prefix.read(place(number));
    }
    prefix.settled(3, false);
    CHECK(prefix.broken());
    CHECK_FALSE(prefix.admits());
    for (std::uint64_t const number : {4U, 2U, 1U}) {
        prefix.settled(number, true);
    }
    CHECK(prefix.reached() == place(2));
    CHECK_FALSE(prefix.whole());
}

TEST_CASE("in any order of confirms the prefix is what a plain count says")
{
    std::mt19937 random(7);
    constexpr std::size_t k_window = 50;
    ConfirmedPrefix prefix(place(0), k_window);
    std::vector<bool> done(2001, false);
    std::vector<std::uint64_t> open;
    std::uint64_t read = 0;
    std::uint64_t recorded = 0;
    while (read < 2000 || !open.empty()) {
        while (read < 2000 && prefix.admits()) {
            prefix.read(place(++read));
            open.push_back(read);
        }
        REQUIRE(read <= recorded + k_window);
        if (!open.empty()) {
            auto const chosen = open.begin() + static_cast<std::ptrdiff_t>(random() % open.size());
            done[*chosen] = true;
            prefix.settled(*chosen, true);
            open.erase(chosen);
        }
        auto const first_open = std::find(done.begin() + 1, done.end(), false);
        REQUIRE(prefix.reached().messages == static_cast<std::uint64_t>(first_open - done.begin() - 1));
        REQUIRE(prefix.unrecorded() == prefix.reached().messages - recorded);
        if (prefix.unrecorded() >= k_window / 2) {
            prefix.recorded();
            recorded = prefix.reached().messages;
        }
    }
    CHECK(prefix.whole());
    CHECK(prefix.reached().messages == 2000);
}
