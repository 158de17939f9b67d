#include "health/alerts.hpp"

#include "base/units.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <cctype>

namespace rmqha::health {
namespace {

using Json = nlohmann::ordered_json;

std::string lower(std::string_view text)
{
    std::string result(text);
    std::transform(result.begin(), result.end(), result.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    return result;
}

/// The labels say which alert it is: what is told again, and what ends, must have the same.
Json labels_of(Report const& report, std::string const& code, std::string const& object, Severity severity)
{
    return {
        {"alertname", code}, {"cluster", report.context}, {"object", object}, {"severity", lower(to_string(severity))}};
}

bool counts(Finding const& finding)
{
    return finding.severity >= Severity::unknown;
}

} // namespace

std::string alerts_json(Report const& report, base::milliseconds lifetime)
{
    Json alerts = Json::array();
    for (Finding const& finding : report.findings) {
        if (!counts(finding)) {
            continue;
        }
        Json annotations{{"summary", fmt::format("{} {}", finding.code, finding.object)},
                         {"description", finding.evidence}};
        if (!finding.remedy.empty()) {
            annotations["remedy"] = finding.remedy;
        }
        alerts.push_back({{"labels", labels_of(report, finding.code, finding.object, finding.severity)},
                          {"annotations", annotations},
                          {"endsAt", base::format_time(report.time + lifetime)}});
    }
    for (GoneProblem const& gone : report.gone) {
        // Not before it began: Alertmanager would refuse all of them.
        auto const since = std::min(gone.since, report.time);
        alerts.push_back({{"labels", labels_of(report, gone.code, gone.object, gone.severity)},
                          {"startsAt", base::format_time(since)},
                          {"endsAt", base::format_time(report.time)}});
    }
    return alerts.dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::vector<GoneProblem> gone_since(std::vector<Finding> const& before, Report const& report)
{
    std::vector<GoneProblem> gone;
    for (Finding const& old : before) {
        auto const goes_on = [&](Finding const& finding) {
            bool const same =
                finding.code == old.code && finding.object == old.object && finding.severity == old.severity;
            bool const not_known = finding.severity == Severity::unknown && concerns(finding, {old.code});
            return same || not_known;
        };
        if (counts(old) && std::none_of(report.findings.begin(), report.findings.end(), goes_on)) {
            gone.push_back({old.code, old.object, report.time, old.severity});
        }
    }
    return gone;
}

} // namespace rmqha::health
