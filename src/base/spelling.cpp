#include "base/spelling.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>
#include <vector>

namespace rmqha::base {

namespace {

/// Letters put in, left out, replaced, or swapped with their neighbour (optimal string alignment).
std::size_t edit_distance(std::string_view a, std::string_view b)
{
    std::vector<std::size_t> before(b.size() + 1); // the rows of i - 2, i - 1 and i
    std::vector<std::size_t> last(b.size() + 1);
    std::vector<std::size_t> row(b.size() + 1);
    std::iota(row.begin(), row.end(), std::size_t{0});
    for (std::size_t i = 1; i <= a.size(); ++i) {
        before.swap(last);
        last.swap(row);
        row[0] = i;
        for (std::size_t j = 1; j <= b.size(); ++j) {
            auto const changed = last[j - 1] + (a[i - 1] == b[j - 1] ? 0U : 1U);
            row[j] = std::min({last[j] + 1, row[j - 1] + 1, changed});
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
                row[j] = std::min(row[j], before[j - 2] + 1);
            }
        }
    }
    return row.back();
}

} // namespace

std::optional<std::string> nearest_word(std::string_view word, std::span<std::string const> known)
{
    constexpr std::size_t k_most_edits = 2;
    constexpr std::size_t k_prefix = 3;
    std::optional<std::string> best;
    std::size_t fewest = k_most_edits + 1;
    for (auto const& candidate : known) {
        auto const edits = edit_distance(word, candidate);
        if (edits < fewest && edits * 2 < std::max(word.size(), candidate.size())) {
            fewest = edits;
            best = candidate;
        }
    }
    if (!best && word.size() >= k_prefix) {
        auto const found =
            std::ranges::find_if(known, [&](auto const& candidate) { return candidate.starts_with(word); });
        if (found != known.end()) {
            best = *found;
        }
    }
    return best;
}

std::string did_you_mean(std::string_view word, std::span<std::string const> known)
{
    auto const nearest = nearest_word(word, known);
    return nearest ? fmt::format(" Did you mean \"{}\"?", *nearest) : std::string{};
}

} // namespace rmqha::base
