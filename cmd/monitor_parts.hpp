#pragma once

#include "cmd/monitor_page.hpp"

#include "output/table.hpp"

#include <set>
#include <string>

namespace rmqha::cmd {

// The parts a status page is put together from. All pure.

output::Style style_of(health::Severity severity);

/// A code in a word or two: what a row of a table has room for.
std::string in_short(health::Finding const& finding);

/// "2/3": copies that are of use, of all.
std::string copies_text(health::Queue const& queue, std::set<std::string> const& running);

/// Breaks `text` at blanks into lines of at most `width` columns, all but the first indented by `indent`.
std::string wrapped(std::string const& text, int width, std::size_t indent);

/// A finding that stands for all those that differ from it only in their object.
struct LikeFindings {
    health::Finding const* finding = nullptr;
    std::size_t count = 1;
};
/// In the order of the first of each; they point into `findings`.
std::vector<LikeFindings> like_findings(std::vector<health::Finding> const& findings, bool skipped_too);
/// "NODE-DOWN r3@h3: why", and how many are like it.
std::string finding_text(LikeFindings const& like);

/// "running", "down": in the colour of good or bad.
output::Cell state_cell(health::Node const& node);
/// Resource alarms in a word; "unknown" when a node that is up does not tell.
output::Cell alarms_cell(health::Node const& node);
/// "10 %" of its high watermark, or just the size; "-" when it does not tell.
std::string memory_text(health::Node const& node);

/// Queues with a finding, the worst first, at most twenty; empty when there are none.
std::string queues_table(Status const& status, PageOptions const& options);

/// Findings with what to do next, at most twenty. Those that differ only in their object are told once.
std::string findings_list(Status const& status, PageOptions const& options);

} // namespace rmqha::cmd
