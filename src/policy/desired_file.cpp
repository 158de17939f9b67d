#include "base/error.hpp"
#include "base/spelling.hpp"
#include "policy/desired.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <toml++/toml.h>

#include <algorithm>

namespace rmqha::policy {
namespace {

using base::Error;
using base::ExitCode;
using nlohmann::json;

json json_of(toml::node const& node)
{
    if (auto const* const table = node.as_table()) {
        auto object = json::object();
        for (auto const& [key, value] : *table) {
            object[std::string(key.str())] = json_of(value);
        }
        return object;
    }
    if (auto const* const array = node.as_array()) {
        auto list = json::array();
        for (auto const& value : *array) {
            list.push_back(json_of(value));
        }
        return list;
    }
    if (auto const* const text = node.as_string()) {
        return text->get();
    }
    if (auto const* const number = node.as_integer()) {
        return number->get();
    }
    if (auto const* const number = node.as_floating_point()) {
        return number->get();
    }
    if (auto const* const boolean = node.as_boolean()) {
        return boolean->get();
    }
    return nullptr; // dates and times: no policy has them
}

json parse_toml(std::string const& text, std::string const& path)
{
    try {
        return json_of(toml::parse(text, path));
    } catch (toml::parse_error const& error) {
        base::fail(ExitCode::data, "{}:{}: not TOML: {}", path, error.source().begin.line, error.description());
    }
}

json parse_json(std::string const& text, std::string const& path)
{
    try {
        auto root = json::parse(text);
        if (!root.is_object()) {
            throw Error(ExitCode::data, fmt::format("{}: not a JSON object", path),
                        R"(It looks like this: {"policies": [{"name": "ha", "pattern": "^ha", "definition": {}}]})");
        }
        return root;
    } catch (json::parse_error const& error) {
        std::string_view reason =
            error.what(); // "[json.exception.parse_error.101] parse error at line 1, column 2: ..."
        reason.remove_prefix(std::min(reason.find("] ") + 2, reason.size()));
        base::fail(ExitCode::data, "{}: not JSON: {}", path, reason);
    }
}

/// Reads the members of one entry, each once; says which it did not know.
class Members {
public:
    Members(json const& object, std::string place) : m_object(object), m_place(std::move(place))
    {
        if (!object.is_object()) {
            base::fail(ExitCode::data, "{}: not an object", m_place);
        }
    }

    json const* find(std::string const& name)
    {
        m_known.push_back(name);
        auto const found = m_object.find(name);
        return found == m_object.end() || found->is_null() ? nullptr : &*found;
    }

    std::optional<std::string> text(std::string const& name)
    {
        auto const* const value = find(name);
        if (value != nullptr && !value->is_string()) {
            base::fail(ExitCode::data, "{}: {}: not a string", m_place, name);
        }
        return value == nullptr ? std::nullopt : std::optional(value->get<std::string>());
    }

    std::string required(std::string const& name)
    {
        auto value = text(name);
        if (!value) {
            base::fail(ExitCode::data, "{}: {}: missing", m_place, name);
        }
        return *value;
    }

    void refuse_others() const
    {
        for (auto const& [name, value] : m_object.items()) {
            if (std::ranges::find(m_known, name) == m_known.end()) {
                throw Error(ExitCode::data, fmt::format("{}: unknown member \"{}\"", m_place, name),
                            fmt::format("It has: {}.{}", fmt::join(m_known, ", "), base::did_you_mean(name, m_known)));
            }
        }
    }

    std::string const& place() const noexcept { return m_place; }

private:
    json const& m_object;
    std::string m_place;
    std::vector<std::string> m_known;
};

/// Pattern, apply-to, priority and definition: what policies of all files have alike.
void read_content(Members& members, Policy& policy, ReadOptions const& options)
{
    policy.pattern = members.required("pattern");
    auto const plain = members.text("apply_to");
    auto const dashed = members.text("apply-to");
    policy.apply_to = plain ? *plain : dashed.value_or("all");
    if (auto const* const priority = members.find("priority")) {
        if (!priority->is_number()) {
            base::fail(ExitCode::data, "{}: priority: not a number", members.place());
        }
        policy.priority = priority->get<double>();
    }
    auto const* const definition = members.find("definition");
    if (definition == nullptr || !definition->is_object()) {
        base::fail(ExitCode::data, "{}: definition: {}", members.place(),
                   definition == nullptr ? "missing" : "not an object");
    }
    for (auto const& [key, value] : definition->items()) {
        policy.definition[key] = value.dump(-1, ' ', false, json::error_handler_t::replace);
    }
    constexpr std::string_view k_targets[] = {"all",           "queues",  "classic_queues",
                                              "quorum_queues", "streams", "exchanges"};
    if (std::ranges::find(k_targets, policy.apply_to) == std::end(k_targets)) {
        base::fail(ExitCode::data, "{}: apply_to: \"{}\" is not one of {}", members.place(), policy.apply_to,
                   fmt::join(k_targets, ", "));
    }
    auto const problems = problems_of(policy.definition, {.kind = policy.kind, .allow_unknown = options.allow_unknown});
    if (!problems.empty()) {
        base::fail(ExitCode::data, "{}: {}", members.place(), fmt::join(problems, "; "));
    }
    try {
        Pattern const readable(policy.pattern);
    } catch (Error const& error) {
        base::fail(ExitCode::data, "{}: {}", members.place(), error.what());
    }
}

WantedPolicy read_policy(json const& object, std::string const& place, ReadOptions const& options)
{
    Members members(object, place);
    WantedPolicy wanted{.policy = {}, .place = place};
    wanted.policy.name = members.required("name");
    auto const vhost = members.text("vhost");
    wanted.vhosts = members.text("vhosts");
    if (vhost && wanted.vhosts) {
        base::fail(ExitCode::data, "{}: vhost and vhosts exclude each other", place);
    }
    wanted.policy.vhost = vhost.value_or(options.default_vhost);
    if (auto const* const operators = members.find("operator")) {
        if (!operators->is_boolean()) {
            base::fail(ExitCode::data, "{}: operator: not true or false", place);
        }
        wanted.policy.kind = operators->get<bool>() ? PolicyKind::operator_policy : PolicyKind::policy;
    }
    read_content(members, wanted.policy, options);
    members.refuse_others();
    if (wanted.vhosts) {
        try {
            Pattern const readable(*wanted.vhosts);
        } catch (Error const& error) {
            base::fail(ExitCode::data, "{}: vhosts: {}", place, error.what());
        }
    }
    return wanted;
}

/// RabbitMQ exports operator policies among its parameters.
WantedPolicy read_operator_policy(json const& parameter, std::string const& place, ReadOptions const& options)
{
    Members outer(parameter, place);
    WantedPolicy wanted{.policy = {}, .place = place};
    wanted.policy.kind = PolicyKind::operator_policy;
    wanted.policy.name = outer.required("name");
    wanted.policy.vhost = outer.text("vhost").value_or(options.default_vhost); // those of one vhost leave it out
    static json const nothing = json::object();
    auto const* const value = outer.find("value");
    Members members(value == nullptr ? nothing : *value, place);
    read_content(members, wanted.policy, options);
    return wanted;
}

json const& list_in(json const& root, char const* name, std::string const& path)
{
    static json const nothing = json::array();
    auto const found = root.find(name);
    if (found == root.end()) {
        return nothing;
    }
    if (!found->is_array()) {
        base::fail(ExitCode::data, "{}: {}: not a list", path, name);
    }
    return *found;
}

std::string vhost_in(json const& item, std::string const& path)
{
    if (item.is_string()) {
        return item.get<std::string>();
    }
    return Members(item, path + ": vhosts").required("name");
}

} // namespace

DesiredState parse_desired(std::string const& text, ReadOptions const& options)
{
    auto const& path = options.path;
    auto const root = path.ends_with(".toml") ? parse_toml(text, path) : parse_json(text, path);
    bool const definitions = root.contains("rabbit_version") || root.contains("rabbitmq_version");
    if (!definitions) {
        Members members(root, path);
        for (auto const* const name : {"policies", "vhosts", "parameters"}) {
            members.find(name);
        }
        members.refuse_others();
    }
    DesiredState state;
    int number = 0;
    for (auto const& item : list_in(root, "policies", path)) {
        state.policies.push_back(read_policy(item, fmt::format("{}: policy {}", path, ++number), options));
    }
    number = 0;
    for (auto const& item : list_in(root, "parameters", path)) {
        ++number;
        if (item.is_object() && item.value("component", json()) == "operator_policy") {
            state.policies.push_back(
                read_operator_policy(item, fmt::format("{}: parameter {}", path, number), options));
        }
    }
    for (auto const& item : list_in(root, "vhosts", path)) {
        state.vhosts.push_back(vhost_in(item, path));
    }
    return state;
}

} // namespace rmqha::policy
