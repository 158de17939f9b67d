#include "health/events.hpp"

#include <algorithm>
#include <map>
#include <tuple>
#include <utility>

namespace rmqha::health {
namespace {

using Key = std::pair<std::string, std::string>; // code and object

/// The worst of each code and object.
std::map<Key, Finding const*> by_key(std::vector<Finding> const& findings)
{
    std::map<Key, Finding const*> keyed;
    for (Finding const& finding : findings) {
        if (finding.severity == Severity::skipped || finding.severity == Severity::ok) {
            continue;
        }
        auto& known = keyed[{finding.code, finding.object}];
        if (known == nullptr || finding.severity > known->severity) {
            known = &finding;
        }
    }
    return keyed;
}

/// Events, those that belong together as one.
class Gatherer {
public:
    explicit Gatherer(std::chrono::system_clock::time_point time) : m_time(time) {}

    void add(Event::Kind kind, Finding const& finding)
    {
        auto const group = std::tuple(kind, finding.severity, finding.code, finding.cause);
        auto const [place, fresh] = m_groups.emplace(group, m_events.size());
        if (!fresh) {
            ++m_events[place->second].others;
            return;
        }
        m_events.push_back({.time = m_time,
                            .kind = kind,
                            .severity = finding.severity,
                            .code = finding.code,
                            .object = finding.object,
                            .evidence = kind == Event::Kind::gone ? std::string() : finding.evidence});
    }

    std::vector<Event> take()
    {
        std::stable_sort(m_events.begin(), m_events.end(), [](Event const& a, Event const& b) {
            return std::pair(a.kind == Event::Kind::gone, b.severity) <
                   std::pair(b.kind == Event::Kind::gone, a.severity);
        });
        return std::move(m_events);
    }

private:
    std::chrono::system_clock::time_point m_time;
    std::vector<Event> m_events;
    std::map<std::tuple<Event::Kind, Severity, std::string, std::string>, std::size_t> m_groups;
};

} // namespace

std::vector<Event> events_of(std::vector<Finding> const& before, std::vector<Finding> const& now,
                             std::chrono::system_clock::time_point time)
{
    auto const old = by_key(before);
    auto const current = by_key(now);
    Gatherer events(time);
    for (auto const& [key, finding] : current) {
        auto const known = old.find(key);
        if (known == old.end()) {
            events.add(Event::Kind::appeared, *finding);
        } else if (known->second->severity != finding->severity) {
            events.add(Event::Kind::changed, *finding);
        }
    }
    for (auto const& [key, finding] : old) {
        if (!current.contains(key)) {
            events.add(Event::Kind::gone, *finding);
        }
    }
    return events.take();
}

} // namespace rmqha::health
