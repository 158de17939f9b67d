#include "cmd/queue_arguments.hpp"

#include "cmd/options.hpp"

#include "base/error.hpp"
#include "messaging/header.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <algorithm>

namespace rmqha::cmd {

namespace {

constexpr unsigned k_classic = 1;
constexpr unsigned k_quorum = 2;
constexpr unsigned k_stream = 4;
constexpr unsigned k_queues = k_classic | k_quorum;

unsigned bit_of(std::string const& type)
{
    return type == "classic" ? k_classic : type == "quorum" ? k_quorum : k_stream;
}

/// "quorum queues and streams"
std::string kinds(unsigned types)
{
    std::vector<std::string> words;
    if ((types & k_classic) != 0) {
        words.emplace_back("classic queues");
    }
    if ((types & k_quorum) != 0) {
        words.emplace_back("quorum queues");
    }
    if ((types & k_stream) != 0) {
        words.emplace_back("streams");
    }
    return fmt::format("{}", fmt::join(words, " and "));
}

/// Puts together what was given, and refuses what the type does not have: before RabbitMQ 4, brokers take some of it
/// and make nothing of it.
class Collector {
public:
    explicit Collector(std::string const& type) : m_type(type) {}

    void add(char const* flag, unsigned types, char const* name, amqp::Value value)
    {
        if ((types & bit_of(m_type)) == 0) {
            throw base::Error(base::ExitCode::usage,
                              fmt::format("{}: it is for {}, not for a {}", flag, kinds(types), noun_of(m_type)),
                              "Leave it out, or choose another --type.");
        }
        put({name, std::move(value)});
    }
    template <typename Number>
    void add(char const* flag, unsigned types, char const* name, std::optional<Number> const& value)
    {
        if (value) {
            add(flag, types, name, amqp::Value{static_cast<std::int64_t>(*value)});
        }
    }
    void add(char const* flag, unsigned types, char const* name, std::optional<base::milliseconds> const& value)
    {
        if (value) {
            add(flag, types, name, amqp::Value{std::int64_t{value->count()}});
        }
    }
    void add(char const* flag, unsigned types, char const* name, std::string const& value)
    {
        if (!value.empty()) {
            add(flag, types, name, amqp::Value{value});
        }
    }
    void put(amqp::Field field)
    {
        if (std::ranges::find(m_table, field.name, &amqp::Field::name) != m_table.end()) {
            throw base::Error(base::ExitCode::usage, fmt::format("argument \"{}\" is told twice", field.name),
                              "Say it with its option or with --argument.");
        }
        m_table.push_back(std::move(field));
    }

    amqp::Table table() && { return std::move(m_table); }

private:
    std::string m_type;
    amqp::Table m_table;
};

} // namespace

std::string noun_of(std::string const& type)
{
    return type == "stream" ? type : type + " queue";
}

amqp::Table table_of(QueueArguments const& arguments)
{
    auto const& a = arguments;
    Collector collector(a.type);
    collector.put({"x-queue-type", {a.type}});
    collector.add("--group-size", k_quorum | k_stream,
                  a.type == "stream" ? "x-initial-cluster-size" : "x-quorum-initial-group-size", a.group_size);
    collector.add("--leader-locator", k_quorum | k_stream, "x-queue-leader-locator", a.leader_locator);
    collector.add("--delivery-limit", k_quorum, "x-delivery-limit", a.delivery_limit);
    collector.add("--max-length", k_queues, "x-max-length", a.max_length);
    collector.add("--max-length-bytes", k_queues | k_stream, "x-max-length-bytes", a.max_length_bytes);
    collector.add("--overflow", a.overflow == "reject-publish-dlx" ? k_classic : k_queues, "x-overflow", a.overflow);
    collector.add("--message-ttl", k_queues, "x-message-ttl", a.message_ttl);
    collector.add("--expires", k_queues, "x-expires", a.expires);
    if (a.dead_letter_exchange) {
        collector.add("--dead-letter-exchange", k_queues, "x-dead-letter-exchange",
                      amqp::Value{*a.dead_letter_exchange});
    }
    collector.add("--dead-letter-routing-key", k_queues, "x-dead-letter-routing-key", a.dead_letter_routing_key);
    collector.add("--dead-letter-strategy", k_quorum, "x-dead-letter-strategy", a.dead_letter_strategy);
    collector.add("--max-priority", k_classic, "x-max-priority", a.max_priority);
    collector.add("--segment-size", k_stream, "x-stream-max-segment-size-bytes", a.segment_size);
    if (a.max_age) {
        auto const seconds = std::chrono::ceil<std::chrono::seconds>(*a.max_age).count();
        collector.add("--max-age", k_stream, "x-max-age", amqp::Value{fmt::format("{}s", seconds)});
    }
    if (a.single_active_consumer) {
        collector.add("--single-active-consumer", k_queues, "x-single-active-consumer", amqp::Value{true});
    }
    for (auto const& other : a.others) {
        collector.put(messaging::parse_header(other));
    }
    return std::move(collector).table();
}

void add_queue_arguments(CLI::App& sub, QueueArguments& a)
{
    add_choice(sub, "--type", a.type, {"quorum", "classic", "stream"}, "Kind of queue (default quorum: replicated)");
    add_number(sub, "--group-size", a.group_size, {.low = 1, .high = 99},
               "Members of a quorum queue or stream (default: the broker's, as a rule 3)");
    add_choice(sub, "--leader-locator", a.leader_locator, {"client-local", "balanced"},
               "Where the leader begins: on the node asked (default), or where there are few");
    add_number(sub, "--delivery-limit", a.delivery_limit, {.low = 0},
               "How often a quorum queue delivers a message that comes back, before it is dead-lettered or dropped");
    add_number(sub, "--max-length", a.max_length, {.low = 0}, "Messages it holds at most");
    add_size(sub, "--max-length-bytes", a.max_length_bytes, "Bytes of message bodies it holds at most");
    add_choice(sub, "--overflow", a.overflow, {"drop-head", "reject-publish", "reject-publish-dlx"},
               "What becomes of a message too many: the oldest goes (default), or the publisher is told no");
    add_duration(sub, "--message-ttl", a.message_ttl, "How long a message lives in it");
    add_duration(sub, "--expires", a.expires, "It is deleted when nobody has used it for so long");
    sub.add_option("--dead-letter-exchange", a.dead_letter_exchange, "Where rejected, expired and surplus messages go")
        ->type_name("NAME");
    sub.add_option("--dead-letter-routing-key", a.dead_letter_routing_key, "With this key instead of their own")
        ->type_name("KEY");
    add_choice(sub, "--dead-letter-strategy", a.dead_letter_strategy, {"at-most-once", "at-least-once"},
               "Of a quorum queue: whether a message is kept until the exchange has it");
    sub.add_flag("--single-active-consumer", a.single_active_consumer, "One consumer at a time gets its messages");
    add_number(sub, "--max-priority", a.max_priority, {.low = 1, .high = 255}, "Priorities of a classic queue");
    add_duration(sub, "--max-age", a.max_age, "How long a stream keeps its messages");
    add_size(sub, "--segment-size", a.segment_size, "Size of a stream's files, the unit in which it forgets messages");
    sub.add_option("--argument", a.others, "Any other argument, NAME=VALUE or NAME:TYPE=VALUE; repeat for more")
        ->type_name("ARGUMENT");
}

} // namespace rmqha::cmd
