#include "cmd/connection.hpp"
#include "cmd/options.hpp"
#include "cmd/queue_commands.hpp"

#include "base/units.hpp"
#include "messaging/header.hpp"
#include "output/json.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace rmqha::cmd {

namespace {

struct Declare {
    std::string name;
    std::string type = "quorum";
    std::optional<std::int64_t> group_size;
    bool transient = false;
    std::vector<std::string> arguments;
};

std::string noun_of(std::string const& type)
{
    return type == "stream" ? type : type + " queue";
}

amqp::QueueSpec spec_of(Declare const& options)
{
    if (options.type != "classic" && options.transient) {
        throw base::Error(base::ExitCode::usage,
                          fmt::format("--transient: a {} is always durable", noun_of(options.type)),
                          "Use --type classic for a transient queue.");
    }
    if (options.type == "classic" && options.group_size) {
        throw base::Error(base::ExitCode::usage, "--group-size: a classic queue has no members",
                          "Use --type quorum for a replicated queue.");
    }
    amqp::QueueSpec spec{
        .name = options.name, .durable = !options.transient, .arguments = {{"x-queue-type", {options.type}}}};
    if (options.group_size) {
        spec.arguments.push_back({options.type == "stream" ? "x-initial-cluster-size" : "x-quorum-initial-group-size",
                                  {*options.group_size}});
    }
    for (auto const& argument : options.arguments) {
        spec.arguments.push_back(messaging::parse_header(argument));
    }
    return spec;
}

base::ExitCode declare(Context& context, Declare const& options)
{
    auto const spec = spec_of(options);
    auto& console = context.console;
    if (context.dry_run()) {
        console.answer(fmt::format("would declare {} \"{}\" in vhost \"{}\"\n", noun_of(options.type), spec.name,
                                   context.settings().vhost));
        return base::ExitCode::ok;
    }
    // Without a majority of nodes the broker takes 15 s to say so (measured).
    auto const deadline = context.deadline(std::chrono::seconds(20));
    auto connector = make_connector(context, "queue declare");
    auto attempt = connector.connect(deadline);
    auto const state = attempt.channel->declare_queue(spec, deadline);
    attempt.channel->close(deadline);
    if (context.format() == output::Format::table) {
        console.answer(fmt::format("{} \"{}\": {} messages, {} consumers\n", noun_of(options.type), state.name,
                                   base::format_count(state.messages), base::format_count(state.consumers)));
    } else {
        console.answer(output::to_text({{"schema_version", 1},
                                        {"vhost", context.settings().vhost},
                                        {"name", state.name},
                                        {"type", options.type},
                                        {"messages", state.messages},
                                        {"consumers", state.consumers}},
                                       context.format() == output::Format::json));
    }
    return base::ExitCode::ok;
}

} // namespace

void add_queue_declare(CLI::App& queue, Action& chosen)
{
    auto const options = std::make_shared<Declare>();
    auto* const sub =
        queue.add_subcommand("declare", "Make a queue, or check that it is there with the same arguments");
    sub->add_option("name", options->name, "Name of the queue")->required()->type_name("QUEUE");
    add_choice(*sub, "--type", options->type, {"quorum", "classic", "stream"},
               "Kind of queue (default quorum: replicated)");
    add_number(*sub, "--group-size", options->group_size, {.low = 1, .high = 99},
               "Members of a quorum queue or stream (default: the broker's, as a rule 3)");
    sub->add_flag("--transient", options->transient, "A classic queue that does not survive a restart of its node");
    sub->add_option("--argument", options->arguments,
                    "A queue argument, NAME=VALUE or NAME:TYPE=VALUE; repeat for more")
        ->type_name("ARGUMENT");
    set_examples(*sub, {{"rmqha queue declare jobs", "a quorum queue"},
                        {"rmqha queue declare events --type stream", "a stream, which keeps what is read"},
                        {"rmqha queue declare jobs --argument x-max-length:int=100000", "with an argument"}});
    sub->callback([&chosen, options] { chosen = [options](Context& context) { return declare(context, *options); }; });
}

} // namespace rmqha::cmd
