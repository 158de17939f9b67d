#include "cluster/node_state.hpp"

#include "base/error.hpp"
#include "base/file.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cstdint>
#include <optional>

namespace rmqha::cluster {

namespace {

using nlohmann::json;
using SystemClock = std::chrono::system_clock;

constexpr std::int64_t k_most_weight = 1'000'000;
constexpr int k_most_failures = 1000;
constexpr std::int64_t k_latest_ms = 4'102'444'800'000; // the year 2100: in range of a clock that counts nanoseconds
constexpr auto k_longest_quarantine = std::chrono::seconds(60);

std::int64_t to_milliseconds(SystemClock::time_point time)
{
    return std::chrono::duration_cast<std::chrono::milliseconds>(time.time_since_epoch()).count();
}

/// A number as it is in the file, which anybody may have edited, brought to where nothing overflows.
int within(std::int64_t number, std::int64_t low, std::int64_t high)
{
    return static_cast<int>(std::clamp(number, low, high));
}

SharedState parse(std::string const& text)
{
    SharedState state;
    auto const document = json::parse(text, nullptr, false);
    if (!document.is_object()) {
        return state;
    }
    try {
        state.rotation.next = document.at("next").get<std::uint64_t>();
        for (auto const& [label, weight] : document.at("weights").items()) {
            state.rotation.weights[label] = within(weight.get<std::int64_t>(), -k_most_weight, k_most_weight);
        }
        for (auto const& [label, record] : document.at("nodes").items()) {
            auto const until = std::chrono::milliseconds(
                std::clamp<std::int64_t>(record.at("quarantined_until_ms").get<std::int64_t>(), 0, k_latest_ms));
            state.nodes[label] = {.failures = within(record.at("failures").get<std::int64_t>(), 0, k_most_failures),
                                  .quarantined_until = SystemClock::time_point(until),
                                  .reason = record.at("reason").get<std::string>()};
        }
    } catch (json::exception const&) {
        return {}; // another version's, or damaged: it is only a memory of convenience
    }
    return state;
}

std::string to_text(SharedState const& state)
{
    json nodes = json::object();
    for (auto const& [label, record] : state.nodes) {
        nodes[label] = {{"failures", record.failures},
                        {"quarantined_until_ms", to_milliseconds(record.quarantined_until)},
                        {"reason", record.reason}};
    }
    json const document = {{"next", state.rotation.next}, {"weights", state.rotation.weights}, {"nodes", nodes}};
    return document.dump(2, ' ', false, json::error_handler_t::replace) + '\n';
}

} // namespace

void record_failure(SharedState& state, std::string const& node, std::string const& reason, bool timed_out,
                    SystemClock::time_point now)
{
    using std::chrono::seconds;
    auto& record = state.nodes[node];
    record.failures = std::min(record.failures + 1, k_most_failures);
    record.reason = reason;
    int const counted = record.failures - (timed_out ? 1 : 2);
    if (counted >= 0) {
        record.quarantined_until = now + std::min(seconds(5) * (1 << std::min(counted, 4)), k_longest_quarantine);
    }
}

void record_success(SharedState& state, std::string const& node)
{
    state.nodes.erase(node);
}

bool quarantined(SharedState const& state, std::string const& node, SystemClock::time_point now)
{
    auto const found = state.nodes.find(node);
    if (found == state.nodes.end()) {
        return false;
    }
    auto const until = found->second.quarantined_until;
    return now < until && until <= now + k_longest_quarantine; // later: damaged, or the clock was set back
}

std::filesystem::path NodeStateFile::path_for(std::vector<config::Node> const& nodes)
{
    std::vector<std::string> labels;
    for (auto const& node : nodes) {
        labels.push_back(config::label(node));
    }
    std::ranges::sort(labels);
    std::uint64_t hash = 14695981039346656037ULL; // FNV-1a, 64 bits: a file name, not a secret
    for (auto const& label : labels) {
        for (char const letter : label + '\n') {
            hash = (hash ^ static_cast<unsigned char>(letter)) * 1099511628211ULL;
        }
    }
    return base::state_home() / "nodes" / fmt::format("{:016x}.json", hash);
}

SharedState NodeStateFile::read()
{
    if (!m_problem.empty()) {
        return m_memory;
    }
    try {
        return parse(base::read_file(m_path).value_or(""));
    } catch (base::Error const& error) {
        m_problem = error.what();
        return m_memory;
    }
}

void NodeStateFile::update(std::function<void(SharedState&)> const& change)
{
    std::optional<base::FileLock> lock;
    if (m_problem.empty()) {
        try {
            lock.emplace(m_path.string() + ".lock");
            m_memory = parse(base::read_file(m_path).value_or(""));
        } catch (base::Error const& error) {
            m_problem = error.what();
        }
    }
    auto const before = to_text(m_memory);
    change(m_memory);
    auto const after = to_text(m_memory);
    if (m_problem.empty() && after != before) {
        try {
            base::write_file(m_path, after);
        } catch (base::Error const& error) {
            m_problem = error.what();
        }
    }
}

} // namespace rmqha::cluster
