#pragma once

#include <optional>
#include <string>
#include <vector>

namespace rmqha::output {

/// The last `width` figures as bars of eight heights, one column each, the latest rightmost: nought and below is the
/// lowest, the greatest figure shown the highest; a blank where there is none. As wide as asked for, always.
std::string sparkline(std::vector<std::optional<double>> const& figures, int width);

} // namespace rmqha::output
