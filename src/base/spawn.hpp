#pragma once

// Internal to src/base.

#include "base/process.hpp"

#include <spawn.h>
#include <sys/types.h>

namespace rmqha::base {

/// posix_spawn's file actions and attributes, set up for a child with clean signals.
class Spawn {
public:
    explicit Spawn(short flags);
    Spawn(Spawn const&) = delete;
    Spawn& operator=(Spawn const&) = delete;
    ~Spawn();

    posix_spawn_file_actions_t* actions() { return &m_actions; }

    /// Throws Error(unavailable) naming the command and the reason.
    pid_t start(Command const& command);

private:
    posix_spawn_file_actions_t m_actions{};
    posix_spawnattr_t m_attributes{};
};

} // namespace rmqha::base
