#include "serve/own_metrics.hpp"

#include "base/version.hpp"
#include "health/exposition.hpp"

namespace rmqha::serve {

std::string own_metrics(Collected const& collected, std::string const& cluster, Moment const& moment)
{
    health::Exposition out(cluster);
    out.family("build_info", "gauge", "The version of rmqha that serves this.");
    out.sample(1, {{"version", std::string(base::version())}});
    out.family("scrapes_total", "counter", "Scrapes answered, this one included.");
    out.sample(moment.scrapes);
    out.family("collections_total", "counter", "Times the cluster was asked, however many scraped.");
    out.sample(collected.collections);
    out.family("collections_failed_total", "counter", "Collections that reached no node.");
    out.sample(collected.failures);
    if (collected.latest) {
        out.family("snapshot_stale", "gauge", "Whether figures and queues are those last told, as nobody tells now.");
        out.sample(collected.stale() ? 1 : 0);
    }
    if (collected.told_at) {
        out.family("snapshot_age_seconds", "gauge", "How long ago the figures were told.");
        out.sample(fmt::format("{:.3f}", health::in_seconds(moment.now - *collected.told_at)));
    }
    return out.take();
}

} // namespace rmqha::serve
