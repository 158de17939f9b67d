#include "cmd/completion_names.hpp"

#include "cmd/management.hpp"
#include "cmd/tree.hpp"

#include "base/process.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <memory>

namespace rmqha::cmd {

namespace {

constexpr int k_most_names = 200;
constexpr auto k_patience = std::chrono::seconds(1); // a person waits at the prompt

/// The broker's regular expression for what begins with `prefix`.
std::string beginning_with(std::string_view prefix)
{
    constexpr std::string_view k_special = R"(\^$.|?*+()[]{})";
    std::string pattern = "^";
    for (char const letter : prefix) {
        if (k_special.find(letter) != std::string_view::npos) {
            pattern += '\\';
        }
        pattern += letter;
    }
    return pattern;
}

std::string path_to(std::string const& kind, std::string const& prefix, std::string const& vhost)
{
    if (kind == "vhosts") {
        return management::path::k_vhosts;
    }
    auto const list = fmt::format("/api/{}/{}", kind, management::percent_encoded(vhost));
    if (kind != "queues" && kind != "exchanges") {
        return list; // there are few
    }
    return fmt::format("{}?page=1&page_size={}&use_regex=true&name={}&columns=name", list, k_most_names,
                       management::percent_encoded(beginning_with(prefix)));
}

base::ExitCode print_names(Context& context, std::string const& kind, std::string const& prefix)
{
    Management api(context, k_patience);
    auto const path = path_to(kind, prefix, context.settings().vhost);
    for (auto const& name : api.get(path, management::read_names, kind)) {
        bool const fits = name.starts_with(prefix) && !name.empty();
        if (fits && std::none_of(name.begin(), name.end(), [](unsigned char letter) { return letter < ' '; })) {
            context.console.answer(name + "\n");
        }
    }
    return base::ExitCode::ok;
}

} // namespace

std::string kind_of_names(std::string const& command, CLI::Option const& option)
{
    auto const type = option.get_type_name();
    auto const key = key_of(option);
    if (type == "QUEUE" || key == "routing_key") { // on the default exchange, a key is a queue's name
        return "queues";
    }
    if (key == "vhost") {
        return "vhosts";
    }
    if (key == "exchange") {
        return "exchanges";
    }
    if (key == "name" && command.starts_with("policy.")) {
        return "policies";
    }
    return "";
}

std::vector<std::string> live_names(Context& context, std::vector<std::string> const& flags, std::string const& kind,
                                    std::string const& prefix)
{
    base::Command command{.argv = {"/proc/self/exe"}, .environment = {}, .input = {}, .folder = {}};
    command.own_session = true;
    command.argv.insert(command.argv.end(), flags.begin(), flags.end());
    command.argv.insert(command.argv.end(), {k_names_helper, kind, prefix});
    try {
        auto const finished = base::run(command, context.clock.now() + k_patience, context.stop);
        auto names = CLI::detail::split(finished.output, '\n');
        std::erase(names, "");
        return names;
    } catch (base::Error const&) {
        return {}; // an error in the middle of what is typed helps nobody
    }
}

void add_names_helper(CLI::App& app, Action& chosen)
{
    struct Options {
        std::string kind;
        std::string prefix;
    };
    auto const options = std::make_shared<Options>();
    auto* const helper = app.add_subcommand(k_names_helper, "");
    helper->group("");
    helper->add_option("kind", options->kind)->required();
    helper->add_option("prefix", options->prefix);
    helper->callback([options, &chosen] {
        chosen = [options](Context& context) { return print_names(context, options->kind, options->prefix); };
    });
}

} // namespace rmqha::cmd
