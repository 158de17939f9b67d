#include "queues/repair.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace rmqha::queues {

Repair repair_of(health::Queue const& queue, RepairWorld const& world)
{
    Repair repair;
    if (queue.type != "quorum") {
        repair.refusal = queue.type == "stream"      ? "a stream's members are changed by rabbitmq-streams alone"
                         : queue.mirrors.has_value() ? "a mirrored queue's copies follow its policy"
                                                     : "a classic queue has one copy";
        repair.remedy = queue.type == "stream"      ? "rabbitmq-streams add_replica, delete_replica"
                        : queue.mirrors.has_value() ? "rmqha policy set-ha"
                                                    : "declare a quorum queue and move its messages there";
        return repair;
    }
    auto const& told = queue.online.empty() ? queue.members : queue.online;
    auto const online = static_cast<std::size_t>(
        std::ranges::count_if(told, [&](auto const& node) { return world.running.contains(node); }));
    auto const majority = queue.members.size() / 2 + 1;
    if (online < majority || !world.running.contains(queue.leader)) {
        repair.refusal =
            fmt::format("{} of {} members online and {}: its members cannot be changed", online, queue.members.size(),
                        world.running.contains(queue.leader) ? "no majority" : "no leader");
        repair.remedy = "bring back nodes with its members first";
        return repair;
    }
    std::vector<std::string> gone;
    std::ranges::copy_if(queue.members, std::back_inserter(gone),
                         [&](auto const& node) { return !world.members.contains(node); });
    std::size_t kept = queue.members.size() - gone.size();
    for (auto const& node : world.running) {
        bool const has = std::ranges::find(queue.members, node) != queue.members.end();
        if (kept < world.target && !has) {
            repair.steps.push_back({.kind = RepairStep::Kind::add, .node = node});
            ++kept;
        }
    }
    repair.short_of = world.target > kept ? world.target - kept : 0;
    for (auto const& node : gone) {
        repair.steps.push_back({.kind = RepairStep::Kind::remove, .node = node});
    }
    return repair;
}

} // namespace rmqha::queues
