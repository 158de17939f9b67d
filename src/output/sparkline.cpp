#include "output/sparkline.hpp"

#include <algorithm>
#include <array>
#include <cmath>

namespace rmqha::output {
namespace {

constexpr std::array<char const*, 8> k_bars{"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};

} // namespace

std::string sparkline(std::vector<std::optional<double>> const& figures, int width)
{
    auto const columns = static_cast<std::size_t>(std::max(0, width));
    auto const shown = std::min(columns, figures.size());
    auto const first = figures.end() - static_cast<std::ptrdiff_t>(shown);
    double highest = 0;
    std::for_each(first, figures.end(), [&](auto const& figure) {
        highest = std::max(highest, figure && std::isfinite(*figure) ? *figure : 0);
    });
    std::string line(columns - shown, ' ');
    std::for_each(first, figures.end(), [&](auto const& figure) {
        if (!figure || !std::isfinite(*figure)) {
            line += ' ';
            return;
        }
        double const share = highest > 0 ? std::max(0.0, *figure) / highest : 0;
        // The lowest bar is for nothing at all: what is little can be told from it.
        auto const bar = share <= 0 ? 0 : 1 + static_cast<std::size_t>(share * (k_bars.size() - 1) * 0.999);
        line += k_bars.at(std::min(bar, k_bars.size() - 1));
    });
    return line;
}

} // namespace rmqha::output
