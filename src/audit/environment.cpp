#include "audit/environment.hpp"

#include "base/error.hpp"

#include <nlohmann/json.hpp>

namespace rmqha::audit {

Environment parse_environment(std::string const& text, std::string const& origin)
{
    constexpr auto* k_hint = "It is what this prints: rabbitmqctl environment --formatter json";
    auto const refuse = [&](char const* reason) {
        throw base::Error(base::ExitCode::data, origin + ": " + reason, k_hint);
    };
    if (text.find_first_not_of(" \t\r\n") == std::string::npos) {
        refuse("empty");
    }
    auto const body = nlohmann::json::parse(text, nullptr, false);
    if (!body.is_object()) {
        refuse("not a JSON object");
    }
    auto const rabbit = body.find("rabbit");
    if (rabbit == body.end() || !rabbit->is_object()) {
        refuse("has no configuration of the application rabbit");
    }
    Environment environment{.origin = origin};
    if (auto const mode = rabbit->find("cluster_partition_handling"); mode != rabbit->end()) {
        // {pause_if_all_down, Nodes, Recover} is no mere word.
        environment.partition_handling = mode->is_string() ? mode->get<std::string>() : mode->dump();
    }
    if (auto const limit = rabbit->find("vm_memory_high_watermark"); limit != rabbit->end() && limit->is_number()) {
        environment.memory_watermark = limit->get<double>();
    }
    if (auto const heartbeat = rabbit->find("heartbeat");
        heartbeat != rabbit->end() && heartbeat->is_number_unsigned()) {
        environment.heartbeat = heartbeat->get<std::uint64_t>();
    }
    return environment;
}

} // namespace rmqha::audit
