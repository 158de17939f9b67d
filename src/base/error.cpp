#include "base/error.hpp"

namespace rmqha::base {

Error::Error(ExitCode code, std::string const& message, std::string hint)
    : std::runtime_error(message), m_code(code), m_hint(std::move(hint))
{
}

} // namespace rmqha::base
