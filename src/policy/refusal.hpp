#pragma once

#include <string>
#include <string_view>

namespace rmqha::policy {

/// What the broker says against a policy, in words: without HTML escapes, Erlang's notation and the heading
/// "Validation failed". "[{&lt;&lt;\"nope\"&gt;&gt;,1}] are not recognised policy settings" becomes
/// "this broker does not know the key nope".
std::string refusal_in_words(std::string_view reason);

} // namespace rmqha::policy
