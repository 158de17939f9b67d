#include "base/version.hpp"

namespace rmqha::base {

std::string_view version() noexcept
{
    return RMQHA_VERSION;
}

} // namespace rmqha::base
