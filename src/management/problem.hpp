#pragma once

#include "management/answer.hpp"

#include <optional>

namespace rmqha::management {

/// What kept `result` from being an answer: a fault, or any status but 200 (and `also_fine`). Nothing when it is one.
std::optional<Problem> problem_in(http::Result const& result, int also_fine = 200);

} // namespace rmqha::management
