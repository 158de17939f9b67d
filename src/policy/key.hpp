#pragma once

#include "management/types.hpp"

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace rmqha::policy {

/// What a policy's key may hold.
enum class ValueKind {
    count,  ///< a whole number of at least 0
    amount, ///< a whole number of at least 1
    text,
    word,   ///< one of a few words
    age,    ///< "7D", "12h": a number with one of Y M D h m s
    params, ///< of ha-params: a number or a list of node names
};

/// How an operator policy's value and a policy's become one.
enum class Merge {
    lower,
    higher,
    operators, ///< the operator policy's counts
};

/// A key a policy's definition may have.
struct Key {
    std::string_view name;
    ValueKind kind;
    std::string_view words{};   ///< of kind word: "a|b"
    std::string_view used_by{}; ///< of c, q, s, x: classic, quorum queues, streams, exchanges
    bool for_operators = false; ///< operator policies may have it, in one version at least
    Merge merge = Merge::operators;
};

/// All keys that RabbitMQ 3.8 to 4.3 and their federation plugin know. Source: the brokers' policy_validator registry
/// and rabbit_policies.erl of the tags.
std::span<Key const> keys();
/// Null for one that is not known.
Key const* find_key(std::string_view name);

/// What a written value is as JSON text: a number or a list where the key has one, else a string. `text` may be JSON
/// already. Throws Error(usage) when it cannot be, saying what the key takes.
std::string value_of(std::string const& key, std::string const& text);

struct CheckOptions {
    management::PolicyKind kind = management::PolicyKind::policy;
    bool allow_unknown = false; ///< keys of plugins that we do not know
};

/// Every reason, in words, why no broker would take this definition: unknown keys with the nearest known one, values
/// that cannot be, ha-* keys that do not go together. Empty: nothing is wrong as far as can be said from here.
std::vector<std::string> problems_of(management::PolicyDefinition const& definition, CheckOptions const& options);

} // namespace rmqha::policy
