#include "cmd/monitor_parts_json.hpp"

#include <nlohmann/json.hpp>

namespace rmqha::cmd {

using Json = nlohmann::ordered_json;

Json finding_json(health::Finding const& finding)
{
    Json json{{"code", finding.code},
              {"severity", to_string(finding.severity)},
              {"object", finding.object},
              {"evidence", finding.evidence},
              {"remedy", finding.remedy},
              {"cause", finding.cause},
              {"points", 0}};
    if (finding.severity >= health::Severity::warning) {
        json["points"] = health::points_of(finding.code);
    }
    if (finding.value) {
        json["value"] = *finding.value;
        json["limit"] = finding.limit ? Json(*finding.limit) : Json(nullptr);
        json["unit"] = finding.unit;
    }
    return json;
}

Json queue_json(health::Queue const& queue)
{
    auto const maybe = [](auto const& value) { return value ? Json(*value) : Json(nullptr); };
    return {{"vhost", queue.vhost},
            {"name", queue.name},
            {"type", queue.type},
            {"state", queue.state},
            {"leader", queue.leader},
            {"members", queue.members},
            {"online", queue.online},
            {"mirrors", maybe(queue.mirrors)},
            {"synchronised_mirrors", queue.synchronised_mirrors},
            {"wanted_replicas", maybe(queue.wanted_replicas)},
            {"lags", queue.lags},
            {"messages", maybe(queue.messages)},
            {"messages_ready", maybe(queue.messages_ready)},
            {"consumers", maybe(queue.consumers)}};
}

Json score_json(health::Score const& score, int score_min)
{
    Json deductions = Json::array();
    for (auto const& deduction : score.deductions) {
        deductions.push_back({{"cause", deduction.cause},
                              {"code", deduction.code},
                              {"points", deduction.points},
                              {"findings", deduction.findings}});
    }
    return {{"value", score.value},         {"healthy_from", score_min},
            {"partial", score.partial},     {"availability_percent", score.availability},
            {"weight_up", score.weight_up}, {"weight_all", score.weight_all},
            {"deductions", deductions},     {"most_with_critical", health::k_most_with_critical},
            {"capped", score.capped}};
}

} // namespace rmqha::cmd
