#include "policy/key.hpp"

#include "base/error.hpp"
#include "base/spelling.hpp"
#include "base/units.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <limits>

namespace rmqha::policy {
namespace {

using nlohmann::json;

constexpr auto k_count = ValueKind::count;
constexpr auto k_amount = ValueKind::amount;
constexpr auto k_text = ValueKind::text;
constexpr auto k_word = ValueKind::word;

constexpr std::array k_keys{
    Key{"alternate-exchange", k_text, {}, "x"},
    Key{"consumer-timeout", k_count, {}, "cqs"},
    Key{"dead-letter-exchange", k_text, {}, "cq"},
    Key{"dead-letter-routing-key", k_text, {}, "cq"},
    Key{"dead-letter-strategy", k_word, "at-most-once|at-least-once", "q"},
    Key{"delivery-limit", k_count, {}, "q", true, Merge::lower},
    Key{"expires", k_amount, {}, "cq", true, Merge::lower},
    Key{"federation-upstream", k_text, {}, "cqx"},
    Key{"federation-upstream-pattern", k_text, {}, "cqx"},
    Key{"federation-upstream-set", k_text, {}, "cqx"},
    Key{"ha-mode", k_word, "all|exactly|nodes", "c", true},
    Key{"ha-params", ValueKind::params, {}, "c", true},
    Key{"ha-promote-on-failure", k_word, "always|when-synced", "c", true},
    Key{"ha-promote-on-shutdown", k_word, "always|when-synced", "c", true},
    Key{"ha-sync-batch-size", k_amount, {}, "c", true},
    Key{"ha-sync-mode", k_word, "automatic|manual", "c", true},
    Key{"initial-cluster-size", k_count, {}, "s"},
    Key{"max-age", ValueKind::age, {}, "s"},
    Key{"max-in-memory-bytes", k_count, {}, "q", true, Merge::lower},
    Key{"max-in-memory-length", k_count, {}, "q", true, Merge::lower},
    Key{"max-length", k_count, {}, "cq", true, Merge::lower},
    Key{"max-length-bytes", k_count, {}, "cqs", true, Merge::lower},
    Key{"message-ttl", k_count, {}, "cq", true, Merge::lower},
    Key{"overflow", k_word, "drop-head|reject-publish|reject-publish-dlx", "cq", true},
    Key{"queue-leader-locator", k_word, "client-local|balanced|random|least-leaders", "cqs"},
    Key{"queue-master-locator", k_word, "client-local|min-masters|random", "c", true},
    Key{"queue-mode", k_word, "default|lazy", "c"},
    Key{"queue-version", k_amount, {}, "c", true},
    Key{"stream-filter-size-bytes", k_count, {}, "s"},
    Key{"stream-max-segment-size-bytes", k_count, {}, "s"},
    Key{"target-group-size", k_amount, {}, "q", true, Merge::higher},
};

std::vector<std::string> words_of(Key const& key)
{
    std::vector<std::string> words;
    for (std::size_t at = 0; at <= key.words.size();) {
        auto const end = std::min(key.words.find('|', at), key.words.size());
        words.emplace_back(key.words.substr(at, end - at));
        at = end + 1;
    }
    return words;
}

bool is_age(std::string const& text)
{
    return text.size() >= 2 && text.find_first_not_of("0123456789") == text.size() - 1 &&
           std::string_view("YMDhms").find(text.back()) != std::string_view::npos;
}

bool is_node_list(json const& value)
{
    return value.is_array() && !value.empty() &&
           std::all_of(value.begin(), value.end(), [](json const& node) { return node.is_string(); });
}

std::string wanted(Key const& key)
{
    switch (key.kind) {
    case ValueKind::count:
        return "a whole number of at least 0";
    case ValueKind::amount:
        return "a whole number of at least 1";
    case ValueKind::text:
        return "a string";
    case ValueKind::age:
        return "a number with a unit of Y, M, D, h, m, s, such as 7D";
    case ValueKind::params:
        return "a number of copies or a list of node names";
    case ValueKind::word:
        break;
    }
    return fmt::format("one of {}", fmt::join(words_of(key), ", "));
}

bool fits(Key const& key, json const& value)
{
    auto const at_least = [&value](std::int64_t low) {
        return value.is_number_integer() && value <= std::numeric_limits<std::int64_t>::max() && value >= low;
    };
    switch (key.kind) {
    case ValueKind::count:
        return at_least(0);
    case ValueKind::amount:
        return at_least(1);
    case ValueKind::text:
        return value.is_string();
    case ValueKind::age:
        return value.is_string() && is_age(value.get<std::string>());
    case ValueKind::params:
        return at_least(1) || is_node_list(value);
    case ValueKind::word:
        break;
    }
    auto const words = words_of(key);
    return value.is_string() && std::ranges::find(words, value.get<std::string>()) != words.end();
}

std::string near(Key const& key, json const& value)
{
    return key.kind == ValueKind::word && value.is_string()
               ? base::did_you_mean(value.get<std::string>(), words_of(key))
               : std::string();
}

/// What ha-mode says of its companions. Source: rabbit_mirror_queue_misc.erl, and measured on 3.10.8.
void add_mirroring_problems(management::PolicyDefinition const& definition, std::vector<std::string>& problems)
{
    auto const has = [&](char const* key) { return definition.contains(key); };
    if (!has("ha-mode")) {
        for (auto const* const key : {"ha-params", "ha-sync-mode", "ha-promote-on-failure", "ha-promote-on-shutdown"}) {
            if (has(key)) {
                problems.push_back(fmt::format("{}: goes only with ha-mode", key));
            }
        }
        return;
    }
    auto const mode = definition.at("ha-mode");
    auto const params = has("ha-params") ? json::parse(definition.at("ha-params"), nullptr, false) : json();
    if (mode == "\"all\"" && has("ha-params")) {
        problems.emplace_back("ha-params: ha-mode all takes none");
    } else if (mode == "\"exactly\"" && !params.is_number_integer()) {
        problems.emplace_back("ha-params: ha-mode exactly takes a number of copies");
    } else if (mode == "\"nodes\"" && !is_node_list(params)) {
        problems.emplace_back("ha-params: ha-mode nodes takes a list of node names");
    }
}

std::vector<std::string> known_names()
{
    std::vector<std::string> names;
    for (auto const& key : k_keys) {
        names.emplace_back(key.name);
    }
    return names;
}

} // namespace

std::span<Key const> keys()
{
    return k_keys;
}

Key const* find_key(std::string_view name)
{
    auto const* const found = std::ranges::find(k_keys, name, &Key::name);
    return found == k_keys.end() ? nullptr : found;
}

std::string value_of(std::string const& key, std::string const& text)
{
    auto const as_text = [](std::string const& word) {
        return json(word).dump(-1, ' ', false, json::error_handler_t::replace);
    };
    auto const* const known = find_key(key);
    auto const value = json::parse(text, nullptr, false);
    if (known == nullptr) {
        return value.is_discarded() ? as_text(text) : value.dump();
    }
    if (known->kind == ValueKind::params && value.is_discarded()) {
        auto nodes = json::array();
        for (std::size_t at = 0; at <= text.size();) {
            auto const end = std::min(text.find(',', at), text.size());
            nodes.push_back(text.substr(at, end - at));
            at = end + 1;
        }
        return nodes.dump(-1, ' ', false, json::error_handler_t::replace);
    }
    bool const wants_number = known->kind == ValueKind::count || known->kind == ValueKind::amount;
    auto const found = (wants_number || known->kind == ValueKind::params || value.is_string()) && !value.is_discarded()
                           ? value
                           : json(text);
    if (!fits(*known, found)) {
        throw base::Error(base::ExitCode::usage, fmt::format("{}: \"{}\" is not {}", key, text, wanted(*known)),
                          near(*known, found).empty() ? "" : near(*known, found).substr(1));
    }
    return found.dump(-1, ' ', false, json::error_handler_t::replace);
}

std::vector<std::string> problems_of(management::PolicyDefinition const& definition, CheckOptions const& options)
{
    std::vector<std::string> problems;
    if (definition.empty()) {
        problems.emplace_back("the definition is empty");
    }
    for (auto const& [name, text] : definition) {
        auto const* const key = find_key(name);
        if (key == nullptr) {
            if (!options.allow_unknown) {
                problems.push_back(
                    fmt::format("\"{}\": no such key.{}", name, base::did_you_mean(name, known_names())));
            }
            continue;
        }
        auto const value = json::parse(text, nullptr, false);
        if (!fits(*key, value)) {
            problems.push_back(fmt::format("{}: {} is not {}", name, text, wanted(*key)));
        }
        if (options.kind == management::PolicyKind::operator_policy && !key->for_operators && !options.allow_unknown) {
            problems.push_back(fmt::format("{}: an operator policy may not have it", name));
        }
    }
    add_mirroring_problems(definition, problems);
    return problems;
}

} // namespace rmqha::policy
