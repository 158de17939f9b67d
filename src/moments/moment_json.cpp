#include "moments/moment.hpp"

#include "base/units.hpp"

#include <nlohmann/json.hpp>

#include <map>
#include <stdexcept>

namespace rmqha::moments {
namespace {

using Json = nlohmann::ordered_json;
using management::PolicyKind;

constexpr int k_schema = 1;

/// Node names, each once, and their places.
class Names {
public:
    Json place(std::string const& name)
    {
        auto const [found, is_new] = m_places.emplace(name, m_places.size());
        if (is_new) {
            m_names.push_back(name);
        }
        return found->second;
    }
    Json const& names() const { return m_names; }

private:
    std::map<std::string, std::size_t> m_places;
    Json m_names = Json::array();
};

Json policy_json(management::Policy const& policy)
{
    Json definition = Json::object();
    for (auto const& [key, value] : policy.definition) {
        definition[key] = Json::parse(value, nullptr, false);
    }
    return {{"kind", policy.kind == PolicyKind::policy ? "policy" : "operator_policy"},
            {"vhost", policy.vhost},
            {"name", policy.name},
            {"pattern", policy.pattern},
            {"apply-to", policy.apply_to},
            {"priority", policy.priority},
            {"definition", definition}};
}

template <typename Value>
Json maybe(std::optional<Value> const& value)
{
    return value ? Json(*value) : Json(nullptr);
}

std::optional<bool> truth(Json const& object, char const* key)
{
    auto const& value = object.at(key);
    return value.is_null() ? std::nullopt : std::optional(value.get<bool>());
}

management::Policy read_policy(Json const& json)
{
    management::Policy policy;
    policy.kind = json.at("kind") == "policy" ? PolicyKind::policy : PolicyKind::operator_policy;
    policy.vhost = json.at("vhost").get<std::string>();
    policy.name = json.at("name").get<std::string>();
    policy.pattern = json.at("pattern").get<std::string>();
    policy.apply_to = json.at("apply-to").get<std::string>();
    policy.priority = json.at("priority").get<double>();
    for (auto const& [key, value] : json.at("definition").items()) {
        policy.definition[key] = value.dump(-1, ' ', false, Json::error_handler_t::replace);
    }
    return policy;
}

Queue read_queue(Json const& row, std::vector<std::string> const& names)
{
    Queue queue{row.at(0).get<std::string>(), row.at(1).get<std::string>(), row.at(2).get<std::string>(), {}, {}};
    if (!row.at(3).is_null()) {
        queue.leader = names.at(row.at(3).get<std::size_t>());
    }
    for (auto const& place : row.at(4)) {
        queue.members.push_back(names.at(place.get<std::size_t>()));
    }
    return queue;
}

std::string either(Json const& object, char const* first, char const* second)
{
    auto const text = object.at(first).get<std::string>();
    return text.empty() ? object.at(second).get<std::string>() : text;
}

/// Throws what the JSON library throws, and std::out_of_range.
Moment read(Json const& json)
{
    if (json.at("schema_version") != k_schema) {
        throw std::out_of_range("of another version");
    }
    Moment moment;
    moment.time = base::parse_time(json.at("time").get<std::string>()).value();
    moment.cluster = json.at("cluster").get<std::string>();
    moment.context = json.at("context").get<std::string>();
    moment.state = json.at("state").get<std::string>();
    auto const& score = json.at("score");
    moment.score = (score.is_object() ? score.at("value") : score).get<int>();
    for (auto const& node : json.at("nodes")) {
        // A page of status has name and address, a recording the one of them that counts.
        moment.nodes.push_back(
            {node.contains("address") ? either(node, "name", "address") : node.at("name").get<std::string>(),
             node.at("state").get<std::string>(), node.at("version").get<std::string>(), truth(node, "memory_alarm"),
             truth(node, "disk_alarm")});
    }
    if (auto const& queues = json.at("queues"); queues.is_array()) {
        auto const names = json.at("names").get<std::vector<std::string>>();
        moment.queues.emplace();
        for (auto const& row : queues) {
            moment.queues->push_back(read_queue(row, names));
        }
    }
    if (auto const policies = json.find("policies"); policies != json.end() && policies->is_array()) {
        moment.policies.emplace();
        for (auto const& policy : *policies) {
            moment.policies->push_back(read_policy(policy));
        }
    }
    for (auto const& finding : json.at("findings")) {
        if (finding.at("severity") != "SKIPPED") {
            moment.findings.push_back({finding.at("code").get<std::string>(), finding.at("severity").get<std::string>(),
                                       finding.at("object").get<std::string>(),
                                       finding.at("evidence").get<std::string>()});
        }
    }
    return moment;
}

} // namespace

std::string to_line(Moment const& moment)
{
    Json nodes = Json::array();
    for (auto const& node : moment.nodes) {
        nodes.push_back({{"name", node.name},
                         {"state", node.state},
                         {"version", node.version},
                         {"memory_alarm", maybe(node.memory_alarm)},
                         {"disk_alarm", maybe(node.disk_alarm)}});
    }
    Json findings = Json::array();
    for (auto const& finding : moment.findings) {
        findings.push_back({{"code", finding.code},
                            {"severity", finding.severity},
                            {"object", finding.object},
                            {"evidence", finding.evidence}});
    }
    Json policies;
    if (moment.policies) {
        policies = Json::array();
        for (auto const& policy : *moment.policies) {
            policies.push_back(policy_json(policy));
        }
    }
    Names names;
    Json queues;
    if (moment.queues) {
        queues = Json::array();
        for (auto const& queue : *moment.queues) {
            Json members = Json::array();
            for (auto const& member : queue.members) {
                members.push_back(names.place(member));
            }
            queues.push_back(Json::array({queue.vhost, queue.name, queue.type,
                                          queue.leader.empty() ? Json(nullptr) : names.place(queue.leader), members}));
        }
    }
    Json const line{{"schema_version", k_schema},
                    {"time", base::format_time(moment.time)},
                    {"cluster", moment.cluster},
                    {"context", moment.context},
                    {"state", moment.state},
                    {"score", moment.score},
                    {"nodes", nodes},
                    {"findings", findings},
                    {"policies", policies},
                    {"names", names.names()},
                    {"queue_columns", {"vhost", "name", "type", "leader", "members"}},
                    {"queues", queues}};
    return line.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
}

std::optional<Moment> parse_moment(std::string const& text)
{
    try {
        return read(Json::parse(text));
    } catch (nlohmann::json::exception const&) {
    } catch (std::out_of_range const&) {
    } catch (std::bad_optional_access const&) {
    }
    return std::nullopt;
}

} // namespace rmqha::moments
