#include "publish_scene.hpp"

#include "base/file.hpp"
#include "support/catch.hpp"

#include <nlohmann/json.hpp>

#include <cstdio>
#include <fstream>
#include <utility>

namespace rmqha::test {

using nlohmann::json;

base::Finished PublishScene::rmqha(Arguments arguments, Arguments const& environment) const
{
    arguments.insert(arguments.begin(), common.begin(), common.end());
    arguments.insert(arguments.begin(), {"--context", cluster.name()});
    return run_rmqha(arguments, environment);
}

void PublishScene::declare(Arguments const& options) const
{
    Arguments arguments{"--context", cluster.name(), "queue", "declare", queue.name()};
    arguments.insert(arguments.end(), options.begin(), options.end());
    auto const answer = run_rmqha(arguments);
    INFO(answer.errors);
    REQUIRE(answer.status == 0);
}

std::string PublishScene::file(std::string const& name, std::string const& content) const
{
    base::write_file(folder / name, content);
    return (folder / name).string();
}

base::Finished PublishScene::publish(Arguments const& options, Arguments const& environment) const
{
    Arguments arguments{"--format", "json", "publish", "--failed", failed};
    arguments.insert(arguments.end(), options.begin(), options.end());
    return rmqha(arguments, environment);
}

void PublishScene::publish_failed(Arguments const& environment) const
{
    auto const answer = rmqha({"publish", "--ndjson", "-f", failed}, environment);
    INFO(answer.errors);
    CHECK(answer.status == 0);
}

std::vector<json> PublishScene::envelopes() const
{
    std::vector<json> result;
    std::ifstream input(failed);
    for (std::string line; std::getline(input, line);) {
        result.push_back(json::parse(line));
    }
    return result;
}

Bodies PublishScene::failed_bodies(std::string const& fate) const
{
    Bodies bodies;
    for (auto const& envelope : envelopes()) {
        if (envelope.at("fate") == fate) {
            bodies.push_back(envelope.at("body"));
        }
    }
    return bodies;
}

std::vector<amqp::Delivery> PublishScene::take(std::size_t count) const
{
    auto taken = test::take(cluster, queue.name(), count);
    CHECK(taken.left == 0);
    return std::move(taken.deliveries);
}

Bodies PublishScene::take_bodies(std::size_t count) const
{
    Bodies bodies;
    for (auto& delivery : take(count)) {
        bodies.push_back(std::move(delivery.body));
    }
    return bodies;
}

SmallMessages::SmallMessages(LiveCluster& cluster, int bytes) : m_cluster(cluster)
{
    set(bytes);
}

SmallMessages::~SmallMessages()
{
    try {
        restore();
    } catch (std::exception const& problem) {
        std::fprintf(stderr, "the limit of messages is left: %s\n", problem.what());
    }
}

void SmallMessages::restore()
{
    constexpr int k_mib = 1 << 20;
    if (!std::exchange(m_restored, true)) {
        set((m_cluster.version().starts_with("3.") ? 128 : 16) * k_mib);
    }
}

void SmallMessages::set(int bytes)
{
    // RabbitMQ 3.10 reads the one, 4.0 the other.
    auto const limit = std::to_string(bytes);
    m_cluster.tool(1, {"rabbitmqctl", "eval",
                       "application:set_env(rabbit, max_message_size, " + limit +
                           "), persistent_term:put(max_message_size, " + limit + ")."});
}

TemporaryUser::TemporaryUser(LiveCluster& cluster) : m_cluster(cluster), m_name(unique_name("user"))
{
    m_cluster.manage(1, "PUT", "/api/users/" + m_name, R"({"password":"secret","tags":""})");
    allow_writing("^$");
}

TemporaryUser::~TemporaryUser()
{
    m_cluster.manage(1, "DELETE", "/api/users/" + m_name);
}

void TemporaryUser::allow_writing(std::string const& pattern)
{
    json const permissions = {{"configure", "^$"}, {"write", pattern}, {"read", "^$"}};
    auto const answer = m_cluster.manage(1, "PUT", "/api/permissions/%2F/" + m_name, permissions.dump());
    REQUIRE((answer.status == 201 || answer.status == 204));
}

} // namespace rmqha::test
