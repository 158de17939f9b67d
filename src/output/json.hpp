#pragma once

#include <nlohmann/json_fwd.hpp>

#include <string>

namespace rmqha::output {

/// JSON text with a final newline; `pretty` indents by 2, else one line. Invalid UTF-8 is replaced, never thrown at.
std::string to_text(nlohmann::ordered_json const& value, bool pretty = true);

} // namespace rmqha::output
