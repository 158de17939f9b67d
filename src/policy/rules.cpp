#include "policy/rules.hpp"

#include "base/units.hpp"

namespace rmqha::policy {
namespace {

struct Version {
    std::int64_t major = 99;
    std::int64_t minor = 0;

    auto operator<=>(Version const&) const = default;
};

Version parse(std::string_view text)
{
    auto const dot = text.find('.');
    auto const end = std::min(text.find_first_not_of("0123456789", dot + 1), text.size());
    if (dot == std::string_view::npos) {
        return {};
    }
    auto const major = base::parse_integer(text.substr(0, dot), 0, 1000);
    auto const minor = base::parse_integer(text.substr(dot + 1, end - dot - 1), 0, 1000);
    return major && minor ? Version{*major, *minor} : Version{};
}

/// Rules for the type with this letter in Key::used_by.
std::set<std::string, std::less<>> unused(management::PolicyDefinition const& definition, char letter)
{
    std::set<std::string, std::less<>> found;
    for (auto const& [name, value] : definition) {
        auto const* const key = find_key(name);
        if (key != nullptr && key->used_by.find(letter) == std::string_view::npos) {
            found.insert(name);
        }
    }
    return found;
}

} // namespace

std::set<std::string, std::less<>> const& Rules::refused_by(std::string_view type) const
{
    static std::set<std::string, std::less<>> const nothing;
    return type == "classic" ? classic : type == "quorum" ? quorum : type == "stream" ? stream : nothing;
}

Rules rules_of(std::string_view version)
{
    auto const v = parse(version);
    Rules rules;
    rules.quorum = {"max-priority",
                    "queue-mode",
                    "ha-mode",
                    "ha-params",
                    "ha-sync-mode",
                    "ha-promote-on-shutdown",
                    "ha-promote-on-failure",
                    "queue-master-locator"};
    if (v < Version{4, 1}) {
        rules.quorum.insert("single-active-consumer");
    }
    if (v < Version{3, 10}) {
        rules.quorum.insert("message-ttl");
    }
    if (v < Version{3, 9}) { // a classic queue took everything, and streams came later
        return rules;
    }
    rules.quorum.insert({"max-age", "stream-max-segment-size-bytes", "initial-cluster-size"});
    rules.classic = {"max-age", "stream-max-segment-size-bytes", "initial-cluster-size"};
    if (v < Version{3, 12}) {
        rules.classic.insert("queue-leader-locator");
    }
    if (v >= Version{3, 10}) {
        rules.classic.insert({"delivery-limit", "dead-letter-strategy"});
    }
    rules.stream = {"expires",
                    "message-ttl",
                    "dead-letter-exchange",
                    "dead-letter-routing-key",
                    "max-length",
                    "max-in-memory-length",
                    "max-in-memory-bytes",
                    "max-priority",
                    "overflow",
                    "queue-mode",
                    "delivery-limit",
                    "ha-mode",
                    "ha-params",
                    "ha-sync-mode",
                    "ha-promote-on-shutdown",
                    "ha-promote-on-failure",
                    "queue-master-locator"};
    if (v < Version{4, 1}) {
        rules.stream.insert("single-active-consumer");
    }
    if (v >= Version{3, 10}) {
        rules.stream.insert("dead-letter-strategy");
    }
    if (v >= Version{3, 13}) {
        rules.classic.insert({"max-in-memory-length", "max-in-memory-bytes", "target-group-size"});
        rules.stream.insert("target-group-size");
    }
    return rules;
}

bool applies_to(std::string_view apply_to, std::string_view type)
{
    return apply_to == "all" || apply_to == "queues" || (apply_to == "classic_queues" && type == "classic") ||
           (apply_to == "quorum_queues" && type == "quorum") || (apply_to == "streams" && type == "stream");
}

std::set<std::string, std::less<>> unused_keys(management::PolicyDefinition const& definition, std::string_view type)
{
    return type == "classic"  ? unused(definition, 'c')
           : type == "quorum" ? unused(definition, 'q')
           : type == "stream" ? unused(definition, 's')
                              : std::set<std::string, std::less<>>{};
}

} // namespace rmqha::policy
