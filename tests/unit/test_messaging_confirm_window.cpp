#include "messaging/confirm_window.hpp"
#include "support/catch.hpp"

#include <map>
#include <random>

using namespace rmqha;
using messaging::ConfirmWindow;
using messaging::Pending;
using Slot = ConfirmWindow::Slot;

namespace {

/// What a ConfirmWindow does, in the plainest way.
struct Model {
    std::map<std::uint64_t, Slot> in_flight; ///< by tag
    std::uint64_t next_tag = 1;

    std::vector<Slot> confirm(std::uint64_t tag, bool multiple)
    {
        std::vector<Slot> resolved;
        for (auto it = in_flight.begin(); it != in_flight.end();) {
            bool const meant = multiple ? it->first <= tag : it->first == tag;
            if (meant && tag < next_tag) {
                resolved.push_back(it->second);
                it = in_flight.erase(it);
            } else {
                ++it;
            }
        }
        return resolved;
    }
};

Slot send(ConfirmWindow& window, std::uint64_t sequence, std::string body = {})
{
    auto const slot = window.take();
    window.at(slot).sequence = sequence;
    window.at(slot).message.body = std::move(body);
    window.sent(slot);
    return slot;
}

} // namespace

TEST_CASE("a confirm window does what the plainest bookkeeping does, whatever comes")
{
    for (unsigned seed = 1; seed <= 50; ++seed) {
        INFO("seed " << seed);
        std::mt19937 random(seed);
        ConfirmWindow window;
        Model model;
        std::uint64_t sequence = 0;
        std::map<Slot, std::uint64_t> sequences; // of the slots in flight
        for (int step = 0; step < 500; ++step) {
            auto const choice = random() % 100;
            if (choice < 55) {
                ++sequence;
                auto const slot = send(window, sequence, std::string(sequence % 7, 'b'));
                REQUIRE_FALSE(sequences.contains(slot)); // no slot is in use twice
                sequences[slot] = sequence;
                model.in_flight[model.next_tag++] = slot;
            } else if (choice < 98) {
                auto const tag = random() % (model.next_tag + 3); // also 0, long resolved ones and never sent ones
                bool const multiple = random() % 4 == 0;
                std::vector<Slot> resolved;
                window.confirm(tag, multiple, [&](Slot slot) { resolved.push_back(slot); });
                REQUIRE(resolved == model.confirm(tag, multiple));
                for (auto const slot : resolved) {
                    window.release(slot);
                    sequences.erase(slot);
                }
            } else {
                std::vector<std::uint64_t> expected;
                for (auto const& [tag, slot] : model.in_flight) {
                    expected.push_back(sequences[slot]);
                }
                std::sort(expected.begin(), expected.end());
                std::vector<std::uint64_t> got;
                model = {};
                for (auto const slot : window.restart()) {
                    got.push_back(window.at(slot).sequence);
                    window.sent(slot); // again, under a new tag
                    model.in_flight[model.next_tag++] = slot;
                }
                REQUIRE(got == expected);
            }
            std::size_t bytes = 0;
            for (auto const& [tag, slot] : model.in_flight) {
                bytes += window.at(slot).message.body.size();
            }
            REQUIRE(window.in_flight() == model.in_flight.size());
            REQUIRE(window.used() == model.in_flight.size());
            REQUIRE(window.bytes() == bytes);
            if (!model.in_flight.empty()) {
                REQUIRE(&window.oldest() == &window.at(model.in_flight.begin()->second));
            }
        }
    }
}

TEST_CASE("a return is matched to the first message alike that was not returned yet")
{
    ConfirmWindow window;
    send(window, 1, "a");
    auto const second = send(window, 2, "b");
    auto const third = send(window, 3, "b");
    auto const is_b = [](Pending const& pending) { return pending.message.body == "b"; };
    REQUIRE(window.find(is_b) == second);
    window.at(second).returned = "NO_ROUTE";
    REQUIRE(window.find(is_b) == third);
    window.confirm(3, false, [&](Slot slot) { window.release(slot); });
    CHECK(window.find(is_b) == std::nullopt);
}

TEST_CASE("a slot taken again has forgotten its former message's fate")
{
    ConfirmWindow window;
    auto const slot = send(window, 1, "x");
    auto& pending = window.at(slot);
    pending.sendings = 3;
    pending.duplicate = true;
    pending.returned = "NO_ROUTE";
    pending.first_nack = base::TimePoint{};
    window.confirm(1, false, [&](Slot one) { window.release(one); });
    REQUIRE(window.take() == slot);
    CHECK(window.at(slot).sendings == 0);
    CHECK_FALSE(window.at(slot).duplicate);
    CHECK_FALSE(window.at(slot).returned);
    CHECK_FALSE(window.at(slot).first_nack);
}

TEST_CASE("references to messages stay good while others are added")
{
    ConfirmWindow window;
    auto const first = send(window, 1, "first");
    Pending const& pending = window.at(first);
    for (std::uint64_t i = 2; i < 5000; ++i) {
        send(window, i);
    }
    CHECK(&pending == &window.at(first));
    CHECK(pending.message.body == "first");
}
