#include "management/answer.hpp"
#include "support/catch.hpp"
#include "support/recorded.hpp"

using namespace rmqha;
using namespace rmqha::management;
using test::answered;
using test::recorded;

TEST_CASE("a node's metrics tell of the node itself, in both versions")
{
    std::string const version = GENERATE("3.10", "4.0");
    auto const answer = read_metrics(answered(recorded(version + "/metrics.txt")));
    REQUIRE(value_of(answer) != nullptr);
    Metrics const& metrics = *value_of(answer);
    std::string const port = version == "3.10" ? "5772" : "7772";
    CHECK(metrics.node == "r1-" + port + "@localhost");
    CHECK(metrics.version == (version == "3.10" ? "3.10.8" : "4.0.5"));
    CHECK_THAT(metrics.cluster_id, Catch::StartsWith("rabbitmq-cluster-id-"));
    CHECK(metrics.connected.size() == 2);
    CHECK(metrics.memory_alarm == false);
    CHECK(metrics.disk_alarm == false);
    CHECK(metrics.memory_used.value_or(0) > 100'000'000);
    CHECK(metrics.memory_limit.value_or(0) > 10'000'000'000);
    CHECK(metrics.disk_limit == 50'000'000);
    CHECK(metrics.fds_total == 20'000);
    CHECK(metrics.uptime.value_or(base::milliseconds(0)) > std::chrono::minutes(8));
    CHECK(metrics.queues == 4);
}

TEST_CASE("only peers with a live link are connected, and an alarm is one when it is not 0")
{
    auto const answer = read_metrics(answered("erlang_vm_dist_node_state{peer=\"a@h\"} 3\n"
                                              "erlang_vm_dist_node_state{peer=\"b@h\"} 1\n"
                                              "rabbitmq_alarms_memory_used_watermark 1\n"
                                              "rabbitmq_process_resident_memory_bytes 1.5e3\n"));
    REQUIRE(value_of(answer) != nullptr);
    CHECK(value_of(answer)->connected == std::vector<std::string>{"a@h"});
    CHECK(value_of(answer)->memory_alarm == true);
    CHECK(value_of(answer)->memory_used == 1500);
    CHECK_FALSE(value_of(answer)->disk_alarm);
}

TEST_CASE("a page that is not RabbitMQ's metrics is not taken for a node without figures")
{
    auto const answer = read_metrics(answered("go_goroutines 7\n"));
    REQUIRE(problem_of(answer) != nullptr);
    CHECK(problem_of(answer)->kind == Problem::Kind::unreadable);
}

TEST_CASE("queue depths are read by vhost and name, with what the format escapes")
{
    auto const answer =
        read_queue_depths(answered("# HELP x\n"
                                   "rabbitmq_detailed_queue_messages{vhost=\"/\",queue=\"a\\\"b\\\\c}\"} 7\n"
                                   "rabbitmq_detailed_queue_messages_ready{vhost=\"/\",queue=\"a\\\"b\\\\c}\"} 5\n"
                                   "rabbitmq_detailed_queue_consumers{vhost=\"/\",queue=\"q\"} 2\n"
                                   "rabbitmq_detailed_queue_messages{vhost=\"/\",queue=\"nan\"} NaN\n"
                                   "rabbitmq_detailed_queue_messages{broken\n"));
    REQUIRE(value_of(answer) != nullptr);
    auto const& depths = *value_of(answer);
    CHECK(depths.at({"/", "a\"b\\c}"}).messages == 7);
    CHECK(depths.at({"/", "a\"b\\c}"}).messages_ready == 5);
    CHECK_FALSE(depths.at({"/", "a\"b\\c}"}).consumers);
    CHECK(depths.at({"/", "q"}).consumers == 2);
    CHECK(depths.size() == 2);
}

TEST_CASE("recorded depths of both versions are read")
{
    std::string const version = GENERATE("3.10", "4.0");
    auto const answer = read_queue_depths(answered(recorded(version + "/queue-depths.txt")));
    REQUIRE(value_of(answer) != nullptr);
    auto const& depths = *value_of(answer);
    REQUIRE(depths.size() == 4);
    CHECK(depths.at({"/", "ha.s1"}).messages > 1000);
    CHECK(depths.at({"/", "ha.q1"}).consumers == 0);
}

TEST_CASE("how far members of quorum queues are is read by vhost and name; the metadata store is none")
{
    std::string const applied =
        GENERATE("rabbitmq_detailed_raft_log_last_applied_index", "rabbitmq_detailed_raft_last_applied");
    std::string const start = applied.substr(0, applied.find("last"));
    auto const answer = read_raft_logs(answered(applied + "{vhost=\"/\",queue=\"q\"} 7\n" + start +
                                                "commit_index{vhost=\"/\",queue=\"q\"} 9\n" + start +
                                                "snapshot_index{vhost=\"/\",queue=\"q\"} 3\n" + start +
                                                "commit_index{raft_cluster=\"rabbitmq_metadata\"} 2\n"));
    REQUIRE(value_of(answer) != nullptr);
    REQUIRE(value_of(answer)->size() == 1);
    CHECK(value_of(answer)->at({"/", "q"}).applied == 7);
    CHECK(value_of(answer)->at({"/", "q"}).committed == 9);
}

TEST_CASE("messages are counted over all protocols and types of queue, where the broker counts them")
{
    std::string const identity = "rabbitmq_identity_info{rabbitmq_node=\"r1@h\"} 1\n";
    auto const none = read_metrics(answered(identity));
    REQUIRE(value_of(none) != nullptr);
    CHECK_FALSE(value_of(none)->counters);
    auto const some = read_metrics(answered(
        identity +
        "rabbitmq_global_messages_received_total{protocol=\"amqp091\"} 500\n"
        "rabbitmq_global_messages_received_total{protocol=\"mqtt311\"} 7\n"
        "rabbitmq_global_messages_received_confirm_total{protocol=\"amqp091\"} 400\n"
        "rabbitmq_global_messages_delivered_total{protocol=\"amqp091\",queue_type=\"rabbit_classic_queue\"} 1\n"
        "rabbitmq_global_messages_delivered_total{protocol=\"amqp091\",queue_type=\"rabbit_quorum_queue\"} 2\n"
        "rabbitmq_global_messages_acknowledged_total{protocol=\"amqp091\",queue_type=\"rabbit_quorum_queue\"} 3\n"));
    auto const& counters = value_of(some)->counters;
    REQUIRE(counters);
    CHECK(counters->published == 507);
    CHECK(counters->delivered == 3);
    CHECK(counters->acknowledged == 3);
}
