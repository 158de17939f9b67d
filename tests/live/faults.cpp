#include "faults.hpp"

#include <algorithm>
#include <array>
#include <thread>

namespace rmqha::test {

using namespace std::chrono_literals;

namespace {

constexpr auto k_patience = 2min;
/// 3.10 serves nobody who comes anew to a quorum queue whose leader is silent, until that node is given up (after 60 s,
/// net_ticktime): a fault of another kind, because the cluster is partitioned then.
constexpr auto k_longest_pause = 15s;

constexpr std::array k_kinds{FaultKind::kill, FaultKind::pause, FaultKind::stop_app, FaultKind::memory_alarm,
                             FaultKind::close_connections};

} // namespace

std::string_view to_string(FaultKind kind)
{
    switch (kind) {
    case FaultKind::kill:
        return "kill";
    case FaultKind::pause:
        return "pause";
    case FaultKind::stop_app:
        return "stop_app";
    case FaultKind::memory_alarm:
        return "memory alarm";
    case FaultKind::close_connections:
        return "close connections";
    }
    return "";
}

std::vector<Fault> random_faults(std::size_t count, std::mt19937& random)
{
    std::vector<Fault> faults;
    while (faults.size() < count) {
        auto kinds = k_kinds;
        std::ranges::shuffle(kinds, random);
        for (auto const kind : kinds) {
            std::uniform_int_distribution<int> node(1, 3);
            std::uniform_int_distribution<int> lasts(0, 8'000);
            faults.push_back({.kind = kind, .node = node(random), .lasts = base::milliseconds(lasts(random))});
        }
    }
    faults.resize(count);
    return faults;
}

std::string commit(Fault const& fault, LiveCluster& cluster, Bystander const& bystander)
{
    std::string disappointment;
    auto const expect = [&](bool came_true, char const* what) {
        if (!came_true) {
            disappointment += disappointment.empty() ? what : std::string("; ") + what;
        }
    };
    auto const last = [&] { std::this_thread::sleep_for(fault.lasts); };
    auto const ctl = [&](std::vector<std::string> arguments) {
        arguments.insert(arguments.begin(), "rabbitmqctl");
        cluster.tool(fault.node, arguments);
    };
    switch (fault.kind) {
    case FaultKind::kill:
        cluster.kill(fault.node);
        expect(bystander.goes_on(k_patience), "not all went on over the other nodes");
        last();
        break; // restore() starts it
    case FaultKind::pause:
        cluster.pause(fault.node);
        bystander.goes_on(k_longest_pause);
        last();
        break; // restore() resumes it
    case FaultKind::stop_app:
        ctl({"stop_app"});
        expect(bystander.goes_on(k_patience), "not all went on over the other nodes");
        last();
        ctl({"start_app"});
        break;
    case FaultKind::memory_alarm: {
        auto const before = bystander.blocks();
        ctl({"set_vm_memory_high_watermark", "0.0001"});
        expect(wait_until(3min, [&] { return bystander.blocks() > before; }), "nobody was blocked");
        last();
        ctl({"set_vm_memory_high_watermark", "0.6"});
        break;
    }
    case FaultKind::close_connections: {
        auto const before = bystander.losses();
        ctl({"close_all_connections", "--vhost", "/", "soak"});
        expect(wait_until(3min, [&] { return bystander.losses() > before; }), "nobody lost a connection");
        break;
    }
    }
    cluster.restore();
    expect(bystander.goes_on(k_patience), "not all went on afterwards");
    return disappointment;
}

} // namespace rmqha::test
