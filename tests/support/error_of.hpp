#pragma once

#include "base/error.hpp"
#include "support/catch.hpp"

namespace rmqha::test {

/// Runs what must end in a base::Error and returns it.
template <typename Action>
base::Error error_of(Action const& action)
{
    try {
        action();
    } catch (base::Error const& error) {
        return error;
    }
    FAIL("no error");
    throw; // never reached
}

} // namespace rmqha::test
