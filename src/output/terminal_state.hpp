#pragma once

// Internal to src/output.

#include <termios.h>

namespace rmqha::output {

/// What a Screen has made of the terminal, and the way back. Apart from the Screen, and of the process as a whole, as
/// the handler of a signal can reach nothing else.
namespace terminal_state {

/// Sets `keys` to give keys as they are pressed, unshown, and switches `page` to the alternate screen; again, when
/// others may have changed that meanwhile. False, with errno set, when it is no terminal. From the one thread that has
/// the Screen.
bool take(int keys, int page) noexcept;

/// Makes the terminal as it was before take(), at most once for each. Async-signal-safe; waits 1 s at the most for a
/// terminal that takes nothing.
void give_back() noexcept;

/// Whether it is taken: nobody may write a page to it any more when it is not.
bool taken() noexcept;

} // namespace terminal_state

} // namespace rmqha::output
