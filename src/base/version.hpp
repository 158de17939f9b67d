#pragma once

#include <string_view>

namespace rmqha::base {

/// The release, "1.2.3".
std::string_view version() noexcept;

} // namespace rmqha::base
