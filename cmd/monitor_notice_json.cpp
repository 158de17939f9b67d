#include "cmd/monitor_notice_json.hpp"

#include "cmd/monitor_parts_json.hpp"

#include "base/units.hpp"
#include "health/alerts.hpp"

#include <nlohmann/json.hpp>

namespace rmqha::cmd {
namespace {

using Json = nlohmann::ordered_json;

std::string notice(health::Report const& report, char const* status, Json const& finding)
{
    Json const json{{"schema_version", 1},       {"time", base::format_time(report.time)},
                    {"cluster", report.label()}, {"context", report.context},
                    {"status", status},          {"finding", finding}};
    return json.dump(-1, ' ', false, Json::error_handler_t::replace) + '\n';
}

} // namespace

std::vector<std::string> notices_of(health::Report const& report)
{
    std::vector<std::string> notices;
    for (auto const& finding : report.begun) {
        if (health::counts(finding)) {
            notices.push_back(notice(report, "firing", finding_json(finding)));
        }
    }
    for (auto const& gone : report.gone) {
        notices.push_back(notice(report, "resolved",
                                 {{"code", gone.code},
                                  {"severity", to_string(gone.severity)},
                                  {"object", gone.object},
                                  {"since", base::format_time(gone.since)}}));
    }
    return notices;
}

} // namespace rmqha::cmd
