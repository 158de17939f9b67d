#include "cmd/connection.hpp"
#include "cmd/management.hpp"
#include "cmd/options.hpp"
#include "cmd/queue_arguments.hpp"
#include "cmd/queue_commands.hpp"
#include "queues/arguments.hpp"

#include "base/units.hpp"
#include "output/json.hpp"
#include "output/table.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <memory>

namespace rmqha::cmd {

namespace {

using queues::Difference;

struct Options {
    std::string name;
    QueueArguments arguments;
    bool transient = false;
    bool if_compatible = false;
};

amqp::QueueSpec spec_of(Options const& options)
{
    if (options.arguments.type != "classic" && options.transient) {
        throw base::Error(base::ExitCode::usage,
                          fmt::format("--transient: a {} is always durable", noun_of(options.arguments.type)),
                          "Use --type classic for a transient queue.");
    }
    return {.name = options.name, .durable = !options.transient, .arguments = table_of(options.arguments)};
}

/// As the management API writes them.
management::PolicyQueue asked_queue(Options const& options, amqp::Table const& arguments)
{
    management::PolicyQueue queue;
    queue.type = options.arguments.type;
    for (auto const& field : arguments) {
        std::visit(
            [&](auto const& value) {
                using Type = std::decay_t<decltype(value)>;
                if constexpr (std::is_same_v<Type, bool> || std::is_same_v<Type, std::int64_t> ||
                              std::is_same_v<Type, double> || std::is_same_v<Type, std::string>) {
                    queue.arguments[field.name] =
                        nlohmann::json(value).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
                }
            },
            field.value.data);
    }
    return queue;
}

/// Where the queue that is there differs; empty when that cannot be learnt.
std::vector<Difference> differences(Context& context, Options const& options, amqp::QueueSpec const& spec)
{
    constexpr base::milliseconds k_patience{3'000};
    try {
        Management api(context, k_patience);
        auto const path = fmt::format("/api/queues/{}/{}", management::percent_encoded(context.settings().vhost),
                                      management::percent_encoded(options.name));
        auto const answer = management::read_policy_queue(api.get(path, k_patience));
        auto const* const there = management::value_of(answer);
        return there != nullptr && *there ? queues::differences_of(asked_queue(options, spec.arguments), **there)
                                          : std::vector<Difference>{};
    } catch (base::Error const&) {
        return {}; // the broker's own words must do
    }
}

std::string table_of(std::vector<Difference> const& differences, int width)
{
    output::Table table({{"ARGUMENT"}, {"ASKED FOR", output::Align::left, true}, {"THERE", output::Align::left, true}});
    for (auto const& one : differences) {
        table.add({one.what, one.asked.empty() ? "-" : one.asked, one.there.empty() ? "-" : one.there});
    }
    return table.render(width, false);
}

/// What is there is another queue, or one with other arguments: shows both. Returns when that is accepted.
void compare(Context& context, Options const& options, amqp::QueueSpec const& spec, amqp::Failure const& refusal)
{
    auto const found = differences(context, options, spec);
    auto const text = found.empty() ? "" : "\n" + table_of(found, context.console.width());
    bool const other_kind = found.empty() || found.front().what == "type" ||
                            std::string_view(refusal.what()).find("arg 'x-") == std::string_view::npos;
    if (options.if_compatible && !other_kind) {
        context.console.note(fmt::format("queue \"{}\" is there with other arguments:{}", options.name, text));
        return;
    }
    throw base::Error(refusal.code(), fmt::format("queue \"{}\": {}{}", options.name, refusal.what(), text),
                      options.if_compatible ? "It is not of the same kind: delete it, or choose another name."
                                            : "Ask for the same, accept it as it is with --if-compatible, or delete "
                                              "it first; limits can also be set by policy.");
}

void answer(Context& context, Options const& options, amqp::QueueState const& state)
{
    auto& console = context.console;
    if (context.format() == output::Format::table) {
        console.answer(fmt::format("{} \"{}\": {} messages, {} consumers\n", noun_of(options.arguments.type),
                                   state.name, base::format_count(state.messages),
                                   base::format_count(state.consumers)));
    } else {
        console.answer(output::to_text({{"schema_version", 1},
                                        {"vhost", context.settings().vhost},
                                        {"name", state.name},
                                        {"type", options.arguments.type},
                                        {"messages", state.messages},
                                        {"consumers", state.consumers}},
                                       context.format() == output::Format::json));
    }
}

base::ExitCode declare(Context& context, Options const& options)
{
    auto const spec = spec_of(options);
    if (context.dry_run()) {
        context.console.answer(fmt::format("would declare {} \"{}\" in vhost \"{}\"\n", noun_of(options.arguments.type),
                                           spec.name, context.settings().vhost));
        return base::ExitCode::ok;
    }
    // Without a majority of nodes the broker takes 15 s to say so (measured).
    auto const deadline = context.deadline(std::chrono::seconds(20));
    auto connector = make_connector(context, "queue declare");
    auto attempt = connector.connect(deadline);
    amqp::QueueState state;
    try {
        state = attempt.channel->declare_queue(spec, deadline);
    } catch (amqp::Failure const& failure) {
        constexpr std::uint16_t k_precondition_failed = 406;
        bool const differs = std::string_view(failure.what()).find("inequivalent arg") != std::string_view::npos;
        if (failure.reply_code() != k_precondition_failed || !differs) {
            throw;
        }
        compare(context, options, spec, failure);
        attempt.channel->reopen(deadline);
        state = attempt.channel->declare_queue({.name = options.name, .passive = true}, deadline);
    }
    attempt.channel->close(deadline);
    answer(context, options, state);
    return base::ExitCode::ok;
}

} // namespace

void add_queue_declare(CLI::App& queue, Action& chosen)
{
    auto const options = std::make_shared<Options>();
    auto* const sub =
        queue.add_subcommand("declare", "Make a queue, or check that it is there with the same arguments");
    sub->add_option("name", options->name, "Name of the queue")->required()->type_name("QUEUE");
    add_queue_arguments(*sub, options->arguments);
    sub->add_flag("--transient", options->transient, "A classic queue that does not survive a restart of its node");
    sub->add_flag("--if-compatible", options->if_compatible,
                  "Be content with a queue of the same kind that has other arguments");
    set_examples(*sub, {{"rmqha queue declare jobs", "a quorum queue"},
                        {"rmqha queue declare jobs --max-length 100000 --overflow reject-publish",
                         "which refuses what is too much"},
                        {"rmqha queue declare events --type stream --max-age 7d", "a stream, which keeps what is read"},
                        {"rmqha queue declare jobs --argument x-max-in-memory-length:int=0", "with another argument"}});
    sub->callback([&chosen, options] { chosen = [options](Context& context) { return declare(context, *options); }; });
}

} // namespace rmqha::cmd
