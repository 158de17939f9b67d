#include "base/fd.hpp"

#include <unistd.h>

namespace rmqha::base {

void Fd::reset(int fd) noexcept
{
    if (m_fd >= 0) {
        ::close(m_fd);
    }
    m_fd = fd;
}

} // namespace rmqha::base
