#pragma once

#include "management/users.hpp"

#include <optional>
#include <string>

namespace rmqha::audit {

/// Whether `password` is the user's, by its hash; nothing when that is of no known kind. Source: rabbit_password.erl:
/// four bytes of salt, then the hash of salt and password.
std::optional<bool> has_password(management::User const& user, std::string const& password);

/// Whether anybody would guess it: the user's own name, nothing, or one of those that come with brokers, images and
/// examples. Nothing when the hash is of no known kind.
std::optional<bool> has_guessable_password(management::User const& user);

} // namespace rmqha::audit
