#include "cmd/monitor_audit_page.hpp"

#include "cmd/monitor_parts.hpp"

#include "base/units.hpp"
#include "output/json.hpp"
#include "output/text.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <map>

namespace rmqha::cmd {
namespace {

using health::Severity;
using Json = nlohmann::ordered_json;

std::string objects_text(audit::Finding const& finding)
{
    auto text = fmt::format("{}", fmt::join(finding.objects, ", "));
    if (finding.count > finding.objects.size()) {
        text += fmt::format(" and {} more", base::format_count(finding.count - finding.objects.size()));
    }
    return text;
}

/// Codes that say the same, such as that this user may not ask, with the first finding that says it.
std::vector<std::pair<std::vector<std::string>, audit::Finding const*>>
alike(std::vector<audit::Finding> const& findings)
{
    std::vector<std::pair<std::vector<std::string>, audit::Finding const*>> groups;
    for (auto const& finding : findings) {
        auto const same = std::find_if(groups.begin(), groups.end(), [&finding](auto const& group) {
            auto const& first = *group.second;
            return first.severity == finding.severity && first.objects == finding.objects &&
                   first.count == finding.count && first.evidence == finding.evidence;
        });
        if (same == groups.end()) {
            groups.push_back({{finding.code}, &finding});
        } else {
            same->first.push_back(finding.code);
        }
    }
    return groups;
}

std::string summary(Audit const& audit, int width)
{
    std::map<Severity, std::size_t> count;
    for (auto const& rule : audit.rules) {
        ++count[state_of(rule, audit.findings)];
    }
    auto const found = count[Severity::warning] + count[Severity::critical];
    auto const name = audit.cluster.empty() ? audit.context : audit.cluster;
    auto text = fmt::format("{}: of {} rules {} broken, {} kept", name.empty() ? "cluster" : output::escaped(name),
                            audit.rules.size(), found, count[Severity::ok]);
    if (count[Severity::unknown] > 0) {
        text += fmt::format(", {} not known", count[Severity::unknown]);
    }
    if (count[Severity::skipped] > 0) {
        text += fmt::format(", {} that this broker does not tell", count[Severity::skipped]);
    }
    if (!audit.left_out.empty()) {
        text += fmt::format("; left out: {}", fmt::join(audit.left_out, ", "));
    }
    return (audit.findings.empty() ? "" : "\n") + wrapped(text, width, 2) + "\n";
}

Json finding_json(audit::Finding const& finding)
{
    return {{"code", finding.code},         {"severity", to_string(finding.severity)},
            {"objects", finding.objects},   {"count", finding.count},
            {"evidence", finding.evidence}, {"remedy", finding.remedy}};
}

} // namespace

std::string audit_page(Audit const& audit, AuditPageOptions const& options)
{
    constexpr std::size_t k_indent = 10;
    std::string text;
    for (auto const& [codes, first] : alike(audit.findings)) {
        auto const& finding = *first;
        std::string const severity(to_string(finding.severity));
        auto const what = fmt::format("{} {}: {}", fmt::join(codes, ", "), objects_text(finding), finding.evidence);
        text += output::styled(severity, style_of(finding.severity), options.color) +
                std::string(k_indent - severity.size(), ' ') + wrapped(output::escaped(what), options.width, k_indent) +
                "\n";
        if (!finding.remedy.empty()) {
            text += std::string(k_indent, ' ') +
                    wrapped("→ next: " + output::escaped(finding.remedy), options.width, k_indent + 2) + "\n";
        }
    }
    return text + summary(audit, options.width);
}

std::string audit_json(Audit const& audit)
{
    Json rules = Json::array();
    for (auto const& rule : audit.rules) {
        rules.push_back(
            {{"code", rule.code}, {"about", rule.about}, {"state", to_string(state_of(rule, audit.findings))}});
    }
    Json findings = Json::array();
    for (auto const& finding : audit.findings) {
        findings.push_back(finding_json(finding));
    }
    return output::to_text({{"schema_version", 1},
                            {"time", base::format_time(audit.time)},
                            {"took_ms", std::chrono::duration<double, std::milli>(audit.took).count()},
                            {"cluster", audit.cluster},
                            {"context", audit.context},
                            {"rules", rules},
                            {"left_out", audit.left_out},
                            {"findings", findings}});
}

std::string audit_ndjson(Audit const& audit)
{
    std::string text;
    for (auto const& finding : audit.findings) {
        text += output::to_text(finding_json(finding), false);
    }
    return text;
}

} // namespace rmqha::cmd
