#pragma once

#include "cmd/command.hpp"

#include <cstdint>
#include <optional>

namespace rmqha::cmd {

struct PoolOptions {
    std::uint64_t size = 1;
    std::optional<base::milliseconds> hold; ///< nothing: until a stop
};

/// connect --pool: keeps connections open and tells what happens to them.
base::ExitCode keep_pool(Context& context, PoolOptions const& options);

} // namespace rmqha::cmd
