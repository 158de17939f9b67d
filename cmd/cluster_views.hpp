#pragma once

#include "output/console.hpp"
#include "provision/local.hpp"

namespace rmqha::cmd {

/// Shows how nodes boot: one line that is rewritten on a terminal; else a note for each node whose state changed.
class BootView {
public:
    explicit BootView(output::Console& console);
    BootView(BootView const&) = delete;
    BootView& operator=(BootView const&) = delete;
    ~BootView() { m_console.clear_progress(); }

    void show(std::vector<provision::BootProgress> const& progress);
    void warn(std::string const& text);

private:
    output::Console& m_console;
    bool m_rewrites; ///< progress is shown: notes would say it twice
    std::map<std::string, provision::BootState> m_shown;
};

/// The answers of `cluster up`, `status` and `list`, as text or JSON.
std::string started_view(provision::LocalCluster const& cluster, base::Duration took, output::Format format);
std::string status_view(provision::ClusterStatus const& status, output::Format format, output::Console const& console);
std::string list_view(std::vector<provision::ClusterStatus> const& clusters, output::Format format,
                      output::Console const& console);

} // namespace rmqha::cmd
