#include "output/json.hpp"

#include <nlohmann/json.hpp>

namespace rmqha::output {

std::string to_text(nlohmann::ordered_json const& value, bool pretty)
{
    // Queue names and broker messages may hold any bytes; the default handler would throw at them.
    return value.dump(pretty ? 2 : -1, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n";
}

} // namespace rmqha::output
