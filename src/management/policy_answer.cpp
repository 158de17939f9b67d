#include "management/answer.hpp"
#include "management/fields.hpp"
#include "management/problem.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <set>

namespace rmqha::management {
namespace {

using nlohmann::json;

constexpr int k_created = 201;
constexpr int k_no_content = 204;
constexpr int k_not_found = 404;

/// Members as JSON text; bytes that are not UTF-8 are replaced.
PolicyDefinition definition_of(json const* object)
{
    PolicyDefinition definition;
    if (object != nullptr && object->is_object()) {
        for (auto const& [key, value] : object->items()) {
            definition[key] = value.dump(-1, ' ', false, json::error_handler_t::replace);
        }
    }
    return definition;
}

Policy policy_of(json const& item, PolicyKind kind)
{
    Policy policy;
    policy.vhost = text(item, "vhost");
    policy.name = text(item, "name");
    policy.kind = kind;
    policy.pattern = text(item, "pattern");
    if (auto to = text(item, "apply-to"); !to.empty()) {
        policy.apply_to = to;
    }
    if (auto const* priority = member(item, "priority"); priority != nullptr && priority->is_number()) {
        policy.priority = priority->get<double>();
    }
    json const* definition = member(item, "definition");
    policy.definition = definition_of(definition);
    json const empty = json::object();
    json const& keys = definition != nullptr ? *definition : empty;
    if (auto mode = text(keys, "ha-mode"); !mode.empty()) {
        policy.ha_mode = mode;
        policy.copies = small_number(keys, "ha-params");
        if (auto const nodes = texts(keys, "ha-params")) {
            policy.copies = static_cast<int>(nodes->size());
        }
    } else {
        policy.copies = small_number(keys, "target-group-size");
    }
    return policy;
}

PolicyQueue policy_queue_of(json const& item)
{
    PolicyQueue queue;
    if (!item.is_object()) {
        return queue;
    }
    queue.vhost = text(item, "vhost");
    queue.name = text(item, "name");
    queue.arguments = definition_of(member(item, "arguments"));
    queue.exclusive = truth(item, "exclusive").value_or(false);
    queue.type = text(item, "type");
    if (json const* arguments = member(item, "arguments"); queue.type.empty() && arguments != nullptr) {
        queue.type = text(*arguments, "x-queue-type");
    }
    if (queue.type.empty()) {
        queue.type = "classic";
    }
    // Nothing is told of a queue just declared. Once something is, null and (in lists of RabbitMQ 4) an absent key mean
    // none, and an empty array is how Erlang's empty list looks in JSON.
    if (item.contains("policy") || item.contains("operator_policy") || item.contains("effective_policy_definition")) {
        queue.policy = text(item, "policy");
        queue.operator_policy = text(item, "operator_policy");
        queue.effective = definition_of(member(item, "effective_policy_definition"));
    }
    return queue;
}

json parsed(http::Result const& result)
{
    return json::parse(std::get<http::Response>(result).body, nullptr, false);
}

bool is_absent(http::Result const& result)
{
    auto const* const response = std::get_if<http::Response>(&result);
    return response != nullptr && response->status == k_not_found;
}

template <typename Value, typename Read>
Answer<std::optional<Value>> one_of(http::Result const& result, Read read)
{
    if (is_absent(result)) {
        return std::optional<Value>();
    }
    if (auto problem = problem_in(result)) {
        return *problem;
    }
    json const body = parsed(result);
    if (!body.is_object()) {
        return unreadable("a JSON object");
    }
    return std::optional<Value>(read(body));
}

} // namespace

Answer<std::vector<Policy>> read_policies(http::Result const& result, PolicyKind kind)
{
    return list_of<Policy>(result, [kind](json const& item) { return policy_of(item, kind); });
}

Answer<std::optional<Policy>> read_policy(http::Result const& result, PolicyKind kind)
{
    return one_of<Policy>(result, [kind](json const& item) { return policy_of(item, kind); });
}

Answer<std::vector<PolicyQueue>> read_policy_queues(http::Result const& result)
{
    auto answer = list_of<PolicyQueue>(result, policy_queue_of);
    if (auto* const queues = std::get_if<std::vector<PolicyQueue>>(&answer)) {
        std::set<std::pair<std::string, std::string>> seen;
        std::erase_if(*queues, [&seen](auto const& queue) { return !seen.emplace(queue.vhost, queue.name).second; });
    }
    return answer;
}

Answer<std::optional<PolicyQueue>> read_policy_queue(http::Result const& result)
{
    return one_of<PolicyQueue>(result, policy_queue_of);
}

Answer<bool> read_mirroring(http::Result const& result)
{
    if (is_absent(result)) {
        return true;
    }
    if (auto problem = problem_in(result)) {
        return *problem;
    }
    json const body = parsed(result);
    if (!body.is_array()) {
        return unreadable("a JSON array");
    }
    return std::any_of(body.begin(), body.end(), [](json const& feature) {
        return text(feature, "name") == "classic_queue_mirroring" && text(feature, "deprecation_phase") != "removed";
    });
}

Answer<bool> read_written(http::Result const& result)
{
    auto const* const response = std::get_if<http::Response>(&result);
    if (response != nullptr && (response->status == k_created || response->status == k_no_content)) {
        return response->status == k_created;
    }
    if (auto problem = problem_in(result)) {
        return *problem;
    }
    return false;
}

} // namespace rmqha::management
