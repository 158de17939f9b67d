#include "soak.hpp"

#include "faults.hpp"
#include "soak_parts.hpp"

#include "base/error.hpp"
#include "base/units.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <memory>

namespace rmqha::test {

using namespace std::chrono_literals;

namespace {

using Publishers = std::vector<std::unique_ptr<SoakPublisher>>;
using Consumers = std::vector<std::unique_ptr<SoakConsumer>>;

template <typename... Arguments>
void say(fmt::format_string<Arguments...> format, Arguments&&... arguments)
{
    fmt::print("{}\n", fmt::format(format, std::forward<Arguments>(arguments)...));
    std::fflush(stdout);
}

Bystander bystander_of(Publishers const& publishers)
{
    auto const goes_on = [&publishers](base::milliseconds patience) {
        std::vector<std::uint64_t> before;
        for (auto const& one : publishers) {
            before.push_back(one->confirmed());
        }
        return wait_until(patience, [&] {
            for (std::size_t i = 0; i < before.size(); ++i) {
                if (!publishers[i]->ended() && publishers[i]->confirmed() <= before[i]) {
                    return false;
                }
            }
            return true;
        });
    };
    auto const sum_of = [&publishers](unsigned (SoakPublisher::*figure)() const) {
        unsigned sum = 0;
        for (auto const& one : publishers) {
            sum += ((*one).*figure)();
        }
        return sum;
    };
    return {.goes_on = goes_on,
            .blocks = [sum_of] { return sum_of(&SoakPublisher::blocks); },
            .losses = [sum_of] { return sum_of(&SoakPublisher::losses); }};
}

std::vector<std::string> befall(LiveCluster& cluster, SoakOptions const& options, Publishers const& publishers,
                                Pace& pace, base::TimePoint deadline)
{
    std::vector<std::string> disappointments;
    std::mt19937 random(options.seed);
    std::size_t number = 0;
    auto const bystander = bystander_of(publishers);
    for (auto const& fault : random_faults(options.faults, random)) {
        if (std::chrono::steady_clock::now() >= deadline) {
            disappointments.push_back(fmt::format("only {} faults in the time there was", number));
            break;
        }
        auto const started = std::chrono::steady_clock::now();
        auto const what =
            fmt::format("fault {} of {}: {} at node {}", ++number, options.faults, to_string(fault.kind), fault.node);
        auto const disappointment = commit(fault, cluster, bystander);
        pace.next();
        if (!disappointment.empty()) {
            disappointments.push_back(fmt::format("{}: {}", what, disappointment));
        }
        std::uint64_t confirmed = 0;
        for (auto const& one : publishers) {
            confirmed += one->confirmed();
        }
        say("{}, {}, {} confirmed{}{}", what, base::format_duration(std::chrono::steady_clock::now() - started),
            base::format_count(confirmed), disappointment.empty() ? "" : ": ", disappointment);
    }
    return disappointments;
}

/// Until everything that was confirmed has come, or nothing comes any more.
void await_arrivals(Arrivals const& arrivals, std::uint64_t confirmed, base::TimePoint deadline)
{
    auto before = arrivals.distinct();
    while (before < confirmed && std::chrono::steady_clock::now() < deadline) {
        if (!wait_until(3min, [&] { return arrivals.distinct() > before; })) {
            return;
        }
        before = arrivals.distinct();
    }
}

} // namespace

SoakResult soak(LiveCluster& cluster, SoakOptions const& options)
{
    auto const started = std::chrono::steady_clock::now();
    TemporaryQueue const queue(cluster, "soak");
    auto const declared =
        run_rmqha({"--context", cluster.name(), "queue", "declare", queue.name(), "--type", options.queue_type});
    if (declared.status != 0) {
        throw base::Error(base::ExitCode::unavailable, "cannot declare the queue: " + declared.errors, "");
    }
    say("soak: RabbitMQ {}, {} messages, {} faults, seed {}, {} publishers, {} consumers, {} queue", cluster.version(),
        base::format_count(options.messages), options.faults, options.seed, options.publishers, options.consumers,
        options.queue_type);

    Setting setting{.cluster = cluster, .queue = queue.name(), .deadline = started + options.patience};
    auto const each = options.messages / options.publishers;
    Arrivals arrivals(options.publishers, options.consumers + 1, each);
    Pace pace(options.faults);
    SoakResult result;
    std::vector<Claim> claims;
    {
        Consumers consumers;
        Publishers publishers;
        for (std::size_t i = 0; i < options.consumers; ++i) {
            consumers.push_back(std::make_unique<SoakConsumer>(setting, i, arrivals));
        }
        for (std::size_t i = 0; i < options.publishers; ++i) {
            publishers.push_back(std::make_unique<SoakPublisher>(setting, i, each, pace));
        }
        struct Release { // whatever happens, the threads come to their end
            Setting& setting;
            Pace& pace;
            ~Release()
            {
                pace.finish();
                setting.stop.request();
            }
        } const release{setting, pace};
        result.disappointments = befall(cluster, options, publishers, pace, setting.deadline);
        pace.finish();
        std::uint64_t confirmed = 0;
        for (auto const& one : publishers) {
            one->finish();
            result.publishers.push_back(one->part());
            claims.push_back(one->claim());
            confirmed += one->part().summary.confirmed;
        }
        await_arrivals(arrivals, confirmed, setting.deadline);
        setting.stop.request();
        for (auto const& one : consumers) {
            one->finish();
            result.consumers.push_back(one->part());
        }
    }
    SoakConsumer last(setting, options.consumers, arrivals, 20s);
    last.finish();
    result.consumers.push_back(last.part());
    result.account = arrivals.account(claims);
    result.elapsed = std::chrono::steady_clock::now() - started;
    return result;
}

} // namespace rmqha::test
