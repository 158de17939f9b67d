#include "queues/arguments.hpp"

#include <set>

namespace rmqha::queues {

std::vector<Difference> differences_of(management::PolicyQueue const& asked, management::PolicyQueue const& there)
{
    std::vector<Difference> differences;
    if (asked.type != there.type) {
        differences.push_back({.what = "type", .asked = asked.type, .there = there.type});
    }
    auto const value = [](management::PolicyDefinition const& arguments, std::string const& name) {
        auto const found = arguments.find(name);
        return found == arguments.end() ? std::string() : found->second;
    };
    std::set<std::string> names;
    for (auto const* const arguments : {&asked.arguments, &there.arguments}) {
        for (auto const& [name, ignored] : *arguments) {
            names.insert(name);
        }
    }
    names.erase("x-queue-type"); // RabbitMQ 4 adds it to every queue; it is the type
    for (auto const& name : names) {
        auto const wanted = value(asked.arguments, name);
        auto const found = value(there.arguments, name);
        if (wanted != found) {
            differences.push_back({.what = name, .asked = wanted, .there = found});
        }
    }
    return differences;
}

} // namespace rmqha::queues
