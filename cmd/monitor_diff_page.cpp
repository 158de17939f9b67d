#include "cmd/monitor_diff_page.hpp"

#include "cmd/monitor_parts.hpp"

#include "base/units.hpp"
#include "output/json.hpp"
#include "output/text.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <map>

namespace rmqha::cmd {
namespace {

using Json = nlohmann::ordered_json;
using moments::Change;
using output::Style;

constexpr std::size_t k_most_of_a_kind = 20;

std::string moment_text(char const* mark, moments::Moment const& moment, std::string const& from)
{
    auto const name = moment.cluster.empty() ? moment.context : moment.cluster;
    return fmt::format("{} {}  {}{}: {} score {}\n", mark, base::format_time(moment.time),
                       from.empty() ? "" : output::escaped(from) + "  ",
                       name.empty() ? "cluster" : output::escaped(name), output::escaped(moment.state), moment.score);
}

Json moment_json(moments::Moment const& moment, std::string const& from)
{
    return {{"time", base::format_time(moment.time)},
            {"from", from},
            {"cluster", moment.cluster},
            {"context", moment.context},
            {"state", moment.state},
            {"score", moment.score}};
}

/// Empty texts are null: it was not there, or is gone.
Json change_json(Change const& change)
{
    auto const text = [](std::string const& value) { return value.empty() ? Json(nullptr) : Json(value); };
    return {{"what", change.what},
            {"object", change.object},
            {"before", text(change.before)},
            {"after", text(change.after)}};
}

std::string change_text(Change const& change, DiffPageOptions const& options)
{
    bool const came = change.before.empty();
    bool const went = change.after.empty();
    // That a finding went is good news, of anything else none.
    bool const about_findings = change.what == "finding";
    auto const style = came   ? (about_findings ? Style::bad : Style::good)
                       : went ? (about_findings ? Style::good : Style::bad)
                              : Style::warning;
    auto const* const mark = came ? "+" : went ? "-" : "~";
    bool const names_itself = change.what == "queue" || change.what == "policy"; // queue "q", policy "p"
    auto const subject = names_itself ? change.object : change.what + " " + change.object;
    auto const text = came   ? fmt::format("{}: {}", subject, change.after)
                      : went ? fmt::format("{}: {}", subject, change.before)
                             : fmt::format("{}: {} → {}", subject, change.before, change.after);
    return output::styled(mark, style, options.color) + " " + wrapped(output::escaped(text), options.width, 2) + "\n";
}

} // namespace

std::string diff_page(Comparison const& comparison, DiffPageOptions const& options)
{
    auto const& difference = comparison.difference;
    auto text = moment_text("-", comparison.before, comparison.before_from) +
                moment_text("+", comparison.after, comparison.after_from) + "\n";
    std::map<std::string, std::size_t> seen;
    for (std::size_t i = 0; i < difference.changes.size(); ++i) {
        auto const& change = difference.changes[i];
        if (++seen[change.what] <= k_most_of_a_kind) {
            text += change_text(change, options);
        }
        bool const last = i + 1 == difference.changes.size() || difference.changes[i + 1].what != change.what;
        if (last && seen[change.what] > k_most_of_a_kind) {
            text += fmt::format("… and {} more of {} (--format json lists all)\n",
                                base::format_count(seen[change.what] - k_most_of_a_kind), change.what);
        }
    }
    if (difference.empty()) {
        text += "no difference\n";
    }
    for (auto const& what : difference.not_compared) {
        text += "? not compared: " + what + "\n";
    }
    return text;
}

std::string diff_json(Comparison const& comparison)
{
    Json changes = Json::array();
    for (auto const& change : comparison.difference.changes) {
        changes.push_back(change_json(change));
    }
    return output::to_text({{"schema_version", 1},
                            {"before", moment_json(comparison.before, comparison.before_from)},
                            {"after", moment_json(comparison.after, comparison.after_from)},
                            {"not_compared", comparison.difference.not_compared},
                            {"changes", changes}});
}

std::string diff_ndjson(Comparison const& comparison)
{
    std::string text;
    for (auto const& change : comparison.difference.changes) {
        text += output::to_text(change_json(change), false);
    }
    return text;
}

} // namespace rmqha::cmd
