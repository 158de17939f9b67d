#pragma once

#include "policy/key.hpp"

#include <set>
#include <string>
#include <string_view>

namespace rmqha::policy {

/// What of the matching of policies differs from version to version. Measured with the brokers' own
/// capabilities() on 3.10.8 and 4.0.5; the steps between and beyond them are from the sources.
struct Rules {
    /// Keys of which one is enough that a policy does not apply to a queue of this type at all.
    std::set<std::string, std::less<>> classic;
    std::set<std::string, std::less<>> quorum;
    std::set<std::string, std::less<>> stream;

    /// The keys for a queue type as the management API names it; an unknown type refuses nothing.
    std::set<std::string, std::less<>> const& refused_by(std::string_view type) const;
};

/// The rules of a broker by its version, "3.10.8". An odd version has those of the newest.
Rules rules_of(std::string_view version);

/// Whether a queue of this type is meant by a policy's apply-to.
bool applies_to(std::string_view apply_to, std::string_view type);

/// Keys of a policy in force that a queue of this type makes nothing of.
std::set<std::string, std::less<>> unused_keys(management::PolicyDefinition const& definition, std::string_view type);

} // namespace rmqha::policy
