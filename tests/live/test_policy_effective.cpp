#include "management/answer.hpp"
#include "management/request.hpp"
#include "policy/effective.hpp"
#include "support/brokers.hpp"
#include "support/catch.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <random>

using namespace rmqha;
using namespace std::chrono_literals;
using policy::Effective;
using policy::PolicyKind;
using policy::PolicyQueue;

namespace {

// Five sets of policies at a time, in a vhost each, over 25 queues each, four times over: 500 cases.
constexpr int k_vhosts = 5;
constexpr int k_queues = 25;
constexpr int k_rounds = 4;
constexpr std::uint64_t k_seed = 20'260'131;

constexpr std::array k_patterns{
    "",     "^orders", "eu$",    ".*",   "^(?!audit)", "[0-9]+$", "^.{6,9}$", "(?i)ORDERS",          "\\.|-",
    "^amq", "é",       "^(a|o)", "r.*e", "\\d{2}",     "^[^.]+$", "(.)\\1",   "^orders\\.eu\\.\\d+$"};
constexpr std::array k_words{"orders", "ORDERS", "audit", "eu", "us", "é", "aa", "log"};

/// Keys with values that do a queue no harm for the minute it lives.
constexpr std::array<std::pair<char const*, char const*>, 24> k_keys{{{"max-length", "100"},
                                                                      {"max-length", "2000"},
                                                                      {"max-length-bytes", "1000000"},
                                                                      {"max-length-bytes", "5000000"},
                                                                      {"message-ttl", "60000"},
                                                                      {"message-ttl", "90000"},
                                                                      {"expires", "7200000"},
                                                                      {"expires", "3600000"},
                                                                      {"overflow", "\"reject-publish\""},
                                                                      {"overflow", "\"drop-head\""},
                                                                      {"delivery-limit", "5"},
                                                                      {"delivery-limit", "50"},
                                                                      {"dead-letter-exchange", "\"dlx\""},
                                                                      {"dead-letter-strategy", "\"at-most-once\""},
                                                                      {"queue-mode", "\"lazy\""},
                                                                      {"max-age", "\"7D\""},
                                                                      {"stream-max-segment-size-bytes", "1000000"},
                                                                      {"max-in-memory-length", "10"},
                                                                      {"max-in-memory-bytes", "10000"},
                                                                      {"queue-leader-locator", "\"client-local\""},
                                                                      {"initial-cluster-size", "3"},
                                                                      {"alternate-exchange", "\"ae\""},
                                                                      {"target-group-size", "3"},
                                                                      {"ha-mode", "\"all\""}}};
constexpr std::array k_apply_to{"all", "queues", "queues", "exchanges", "classic_queues", "quorum_queues", "streams"};

class Random {
public:
    template <typename List>
    auto const& one_of(List const& list)
    {
        return list[below(list.size())];
    }
    std::size_t below(std::size_t count) { return std::uniform_int_distribution<std::size_t>(0, count - 1)(m_source); }

private:
    std::mt19937_64 m_source{k_seed};
};

/// One vhost with its queues, whose policies are thrown anew.
class Sample {
    template <typename Read>
    auto read(std::string const& path, Read const& reading) const
    {
        auto answer = reading(http::Result(m_cluster.manage(1, "GET", path + m_vhost.name())));
        REQUIRE(management::problem_of(answer) == nullptr);
        return *management::value_of(answer);
    }

public:
    Sample(test::LiveCluster& cluster, Random& random) : m_cluster(cluster), m_random(random), m_vhost(cluster)
    {
        for (int i = 0; i < k_queues; ++i) {
            auto const name = fmt::format("{}.{}-{}", random.one_of(k_words), random.one_of(k_words), i);
            auto const* const type = i % 5 == 3 ? "quorum" : i % 5 == 4 ? "stream" : "classic";
            auto const made = m_cluster.manage(
                1 + i % 3, "PUT", fmt::format("/api/queues/{}/{}", m_vhost.name(), management::percent_encoded(name)),
                fmt::format(R"({{"durable":true,"arguments":{{"x-queue-type":"{}"}}}})", type));
            REQUIRE(made.status == 201);
        }
    }

    double take_one_of(std::vector<double>& values)
    {
        auto const at = values.begin() + static_cast<std::ptrdiff_t>(m_random.below(values.size()));
        auto const value = *at;
        values.erase(at);
        return value;
    }

    /// A broker that does not know a key or a kind of queue refuses it; then there is that one less.
    void throw_policies()
    {
        for (auto const* const path : {"policies", "operator-policies"}) {
            bool const operators = path[0] == 'o';
            // No two alike: of those the broker takes the one that its table holds first when it looks, and the order
            // of the table changes as others come and go.
            std::vector<double> priorities{0, 0.5, 1, 1.5, 2, 2.5, 3, 3.5};
            for (std::size_t i = 0; i < (operators ? 2 : 6); ++i) {
                auto const place = fmt::format("/api/{}/{}/p{}", path, m_vhost.name(), i);
                nlohmann::json body{{"pattern", m_random.one_of(k_patterns)},
                                    {"priority", take_one_of(priorities)},
                                    {"apply-to", m_random.one_of(k_apply_to)},
                                    {"definition", nlohmann::json::object()}};
                for (auto keys = m_random.below(3) + 1; keys > 0;) {
                    auto const& [key, value] = m_random.one_of(k_keys);
                    // A limit in both kinds is what gets merged.
                    if (!operators || policy::find_key(key)->merge == policy::Merge::lower) {
                        body["definition"][key] = nlohmann::json::parse(value);
                        --keys;
                    }
                }
                if (m_cluster.manage(1, "PUT", place, body.dump()).status == 400) {
                    m_cluster.manage(1, "DELETE", place);
                }
            }
        }
    }

    /// What the broker has stored now, ready to be matched.
    policy::Evaluator evaluator() const
    {
        auto all = read("/api/policies/",
                        [](auto const& result) { return management::read_policies(result, PolicyKind::policy); });
        auto const operators = read("/api/operator-policies/", [](auto const& result) {
            return management::read_policies(result, PolicyKind::operator_policy);
        });
        all.insert(all.end(), operators.begin(), operators.end());
        return {all, policy::rules_of(m_cluster.version())};
    }

    /// What it says is in force.
    std::vector<PolicyQueue> queues() const
    {
        return read("/api/queues/", [](auto const& result) { return management::read_policy_queues(result); });
    }

private:
    test::LiveCluster& m_cluster;
    Random& m_random;
    test::TemporaryVhost m_vhost;
};

std::string difference(PolicyQueue const& told, Effective const& ours)
{
    auto const is = std::tuple(told.policy.value_or("?"), told.operator_policy.value_or("?"),
                               told.effective.value_or(management::PolicyDefinition{{"?", "?"}}));
    if (is == std::tuple(ours.policy, ours.operator_policy, ours.definition)) {
        return "";
    }
    return fmt::format("{} queue {}: the broker has \"{}\" and \"{}\", we \"{}\" and \"{}\", of {} keys\n", told.type,
                       told.name, std::get<0>(is), std::get<1>(is), ours.policy, ours.operator_policy,
                       ours.definition.size());
}

} // namespace

TEST_CASE("what is in force at 500 random queues and sets of policies is what the broker says", "[live]")
{
    test::LiveCluster cluster;
    Random random;
    std::vector<std::unique_ptr<Sample>> samples;
    for (int i = 0; i < k_vhosts; ++i) {
        samples.push_back(std::make_unique<Sample>(cluster, random));
    }
    int compared = 0;
    int merged = 0;
    for (int round = 0; round < k_rounds; ++round) {
        std::vector<policy::Evaluator> evaluators;
        for (auto const& sample : samples) {
            sample->throw_policies();
            evaluators.push_back(sample->evaluator());
        }
        // The management API is up to 10 s behind what is in force.
        std::string differences;
        int merged_now = 0;
        bool const same = test::wait_until(2min, [&] {
            differences.clear();
            merged_now = 0;
            compared = round * k_vhosts * k_queues;
            for (std::size_t i = 0; i < samples.size(); ++i) {
                for (auto const& told : samples[i]->queues()) {
                    auto const ours = evaluators[i].effective(told);
                    differences += difference(told, ours);
                    merged_now += ours.policy.empty() || ours.operator_policy.empty() ? 0 : 1;
                    ++compared;
                }
            }
            return differences.empty();
        });
        INFO("round " << round << ", seed " << k_seed << ":\n" << differences);
        REQUIRE(same);
        merged += merged_now;
    }
    CHECK(compared == 500);
    CHECK(merged > 25); // the sets are not beside the point
}
