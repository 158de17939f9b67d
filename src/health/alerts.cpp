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

/// Another severity is another alert.
bool same(Finding const& a, Finding const& b)
{
    return a.code == b.code && a.object == b.object && a.severity == b.severity;
}

} // namespace

bool counts(Finding const& finding)
{
    return finding.severity >= Severity::unknown;
}

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

void compare(std::vector<Finding>& counted, Report& report, bool reached)
{
    for (Finding const& finding : report.findings) {
        bool const known =
            std::any_of(counted.begin(), counted.end(), [&](Finding const& old) { return same(old, finding); });
        if (counts(finding) && !known) {
            report.begun.push_back(finding);
        }
    }
    if (!reached) {
        counted.insert(counted.end(), report.begun.begin(), report.begun.end());
        return;
    }
    std::vector<Finding> held;
    for (Finding const& old : counted) {
        auto const goes_on = [&](Finding const& finding) { return same(old, finding); };
        auto const not_known = [&](Finding const& finding) {
            return finding.severity == Severity::unknown && concerns(finding, {old.code});
        };
        auto const& now = report.findings;
        if (std::any_of(now.begin(), now.end(), goes_on)) {
            continue;
        }
        if (std::any_of(now.begin(), now.end(), not_known)) {
            held.push_back(old);
        } else {
            report.gone.push_back({old.code, old.object, report.time, old.severity});
        }
    }
    counted = std::move(held);
    std::copy_if(report.findings.begin(), report.findings.end(), std::back_inserter(counted), counts);
}

} // namespace rmqha::health
