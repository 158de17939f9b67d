#include "cmd/command.hpp"
#include "cmd/completion_names.hpp"
#include "cmd/options.hpp"
#include "cmd/tree.hpp"

#include "audit/rules.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <memory>

namespace rmqha::cmd {

namespace {

// The scripts only hand the words typed to `rmqha __complete` and show its answer: lines "word<TAB>description", or
// ":files" where a file name belongs. completions/ holds the same texts for packages; a test compares them.

constexpr auto* k_bash = R"script(# bash completion for rmqha
_rmqha() {
    local line
    COMPREPLY=()
    while IFS= read -r line; do
        if [[ $line == :files ]]; then
            compopt -o default
        else
            COMPREPLY+=("${line%%$'\t'*}")
        fi
    done < <("$1" __complete "${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
}
complete -F _rmqha rmqha
)script";

constexpr auto* k_zsh = R"script(#compdef rmqha
# zsh completion for rmqha
_rmqha() {
    local line
    local -a candidates
    while IFS= read -r line; do
        if [[ $line == :files ]]; then
            _files
            return
        fi
        candidates+=("${${line%%$'\t'*}//:/\\:}:${line#*$'\t'}")
    done < <("${(Q)words[1]}" __complete "${(@Q)words[2,CURRENT]}" 2>/dev/null)
    _describe rmqha candidates
}
if [[ $funcstack[1] == _rmqha ]]; then
    _rmqha "$@"
else
    compdef _rmqha rmqha
fi
)script";

constexpr auto* k_fish = R"script(# fish completion for rmqha
function __rmqha_complete
    set -l words (commandline -opc) (commandline -ct)
    for line in ($words[1] __complete $words[2..] 2>/dev/null)
        if test "$line" = :files
            __fish_complete_path (commandline -ct)
        else
            echo $line
        end
    end
end
complete -c rmqha -f -a '(__rmqha_complete)'
)script";

constexpr auto* k_files = ":files";

struct Candidate {
    std::string word;
    std::string description;
};
using Candidates = std::vector<Candidate>;

Candidates contexts(config::Configuration& configuration, bool local_only)
{
    Candidates found;
    for (auto const& context : configuration.contexts()) {
        if (context.local || !local_only) {
            found.push_back({context.name, context.path});
        }
    }
    return found;
}

/// What was typed before the word to complete.
struct Typed {
    std::vector<std::string> shared_flags; ///< options that every command has, with their values
    bool operator_policies = false;        ///< --operator is among the rest
};

Candidates from_cluster(std::string kind, Typed const& typed, std::string const& prefix, Context& context)
{
    if (kind == "policies" && typed.operator_policies) {
        kind = "operator-policies";
    }
    Candidates found;
    for (auto const& name : live_names(context, typed.shared_flags, kind, prefix)) {
        found.push_back({name, ""});
    }
    return found;
}

/// What may stand where an option's value or an argument of `command` stands, of which `prefix` is typed.
Candidates values_of(std::string const& command, CLI::Option const& option, Typed const& typed,
                     std::string const& prefix, Context& context)
{
    auto const type = option.get_type_name();
    auto const key = key_of(option);
    auto& configuration = context.configuration();
    if (key == "context" || (key == "name" && command.starts_with("context."))) {
        return contexts(configuration, false);
    }
    if (key == "name" && command.starts_with("cluster.")) {
        return contexts(configuration, true);
    }
    if (auto const kind = kind_of_names(command, option); !kind.empty()) {
        return from_cluster(kind, typed, prefix, context);
    }
    Candidates found;
    if (key == "skip" && command == "monitor.audit") {
        for (auto const& rule : audit::rules()) {
            found.push_back({rule.code, rule.about});
        }
    } else if (key == "strategy") {
        for (auto const& name : config::strategy_names()) {
            found.push_back({name, ""});
        }
    } else if (type.find('|') != std::string::npos) {
        for (auto const& word : CLI::detail::split(type, '|')) {
            found.push_back({word, ""});
        }
    } else if (type == "FILE" || type == "PATH" || type == "DIR") {
        found.push_back({k_files, ""});
    }
    return found;
}

/// Where on the command line the cursor is, found by walking along the words before it.
class Place {
public:
    explicit Place(CLI::App& root) : m_root(&root), m_app(&root) {}

    void walk(std::string const& word)
    {
        if (m_only_arguments) {
            return;
        }
        if (word == "=") { // bash takes --name=value apart
            return;
        }
        if (m_awaiting != nullptr) {
            keep(*m_awaiting, {m_awaiting_word, word});
            m_awaiting = nullptr;
        } else if (word == "--") {
            m_only_arguments = true;
        } else if (word.size() > 1 && word.front() == '-') {
            auto const* const option = find(word.substr(0, word.find('=')));
            bool const has_value = option != nullptr && option->get_items_expected_max() > 0;
            m_awaiting = has_value && word.find('=') == std::string::npos ? option : nullptr;
            m_awaiting_word = word;
            if (option != nullptr && m_awaiting == nullptr) {
                keep(*option, {word});
            }
        } else if (auto* const sub = subcommand(word)) {
            m_app = sub;
        } else {
            ++m_arguments;
        }
    }

    /// What may stand at `word`; all that begin alike are offered, the caller sieves.
    Candidates candidates(std::string const& word, Context& context) const
    {
        if (m_only_arguments) {
            return {{k_files, ""}};
        }
        if (m_awaiting != nullptr) {
            return values_of(path_of(*m_app), *m_awaiting, m_typed, word, context);
        }
        if (word.starts_with("-")) {
            return after_dash(word, context);
        }
        Candidates found;
        for (auto const* const sub : m_app->get_subcommands({})) {
            if (!sub->get_name().empty() && !sub->get_group().empty()) {
                found.push_back({sub->get_name(), sub->get_description()});
            }
        }
        return found.empty() ? argument(word, context) : found;
    }

private:
    CLI::App* subcommand(std::string const& name) const
    {
        auto const found = m_app->get_subcommands([&name](CLI::App* sub) { return sub->get_name() == name; });
        return name.empty() || found.empty() ? nullptr : found.front();
    }

    CLI::Option const* find(std::string const& name) const
    {
        for (auto* app = m_app; app != nullptr; app = app->get_parent()) {
            if (auto const* const option = app->get_option_no_throw(name)) {
                return option;
            }
        }
        return nullptr;
    }

    Candidates after_dash(std::string const& word, Context& context) const
    {
        Candidates found;
        auto const equals = word.find('=');
        if (equals != std::string::npos) {
            if (auto const* const option = find(word.substr(0, equals))) {
                found = values_of(path_of(*m_app), *option, m_typed, word.substr(equals + 1), context);
                for (auto& candidate : found) {
                    candidate.word.insert(0, word.substr(0, equals + 1));
                }
            }
            return found;
        }
        for (auto* app = m_app; app != nullptr; app = app->get_parent()) {
            for (auto const* const option : settable_options(*app)) {
                auto const name = "--" + option->get_lnames().front();
                // One of the command's own hides that of all commands.
                if (std::none_of(found.begin(), found.end(), [&](auto const& one) { return one.word == name; })) {
                    found.push_back({name, option->get_description()});
                }
            }
        }
        found.push_back({"--help", "this help"});
        return found;
    }

    Candidates argument(std::string const& word, Context& context) const
    {
        int place = 0;
        for (auto const* const option : m_app->get_options()) {
            if (option->get_positional()) {
                place += std::min(option->get_items_expected_max(), 1'000'000);
                if (place > m_arguments) {
                    return values_of(path_of(*m_app), *option, m_typed, word, context);
                }
            }
        }
        return {};
    }

    /// What helps to find the cluster's names.
    void keep(CLI::Option const& option, std::vector<std::string> const& words)
    {
        auto const shared = m_root->get_options();
        if (std::find(shared.begin(), shared.end(), &option) != shared.end()) {
            m_typed.shared_flags.insert(m_typed.shared_flags.end(), words.begin(), words.end());
        }
        m_typed.operator_policies = m_typed.operator_policies || words.front() == "--operator";
    }

    CLI::App* m_root;
    CLI::App* m_app;
    Typed m_typed;
    CLI::Option const* m_awaiting = nullptr;
    std::string m_awaiting_word;
    int m_arguments = 0;
    bool m_only_arguments = false;
};

base::ExitCode complete(CLI::App& root, std::vector<std::string> words, Context& context)
{
    if (words.empty()) {
        words.emplace_back();
    }
    auto current = words.back();
    words.pop_back();
    Place place(root);
    for (auto const& word : words) {
        place.walk(word);
    }
    current = current == "=" ? "" : current;
    for (auto const& [word, description] : place.candidates(current, context)) {
        if (word == k_files) {
            context.console.answer(word + "\n");
        } else if (word.starts_with(current)) {
            context.console.answer(fmt::format("{}\t{}\n", word, description.substr(0, description.find('\n'))));
        }
    }
    return base::ExitCode::ok;
}

} // namespace

void add_completion(CLI::App& app, Action& chosen)
{
    auto* const command = app.add_subcommand("completion", "Print the completion script of a shell");
    auto const script = std::make_shared<char const*>(nullptr);
    add_choice<char const*>(*command, "SHELL", *script, {{"bash", k_bash}, {"zsh", k_zsh}, {"fish", k_fish}},
                            "bash, zsh or fish")
        ->required();
    set_examples(*command, {{"source <(rmqha completion bash)", "Completion in this bash; put it in ~/.bashrc."},
                            {"rmqha completion zsh > \"${fpath[1]}/_rmqha\"", "Completion in every zsh from now on."},
                            {"rmqha completion fish > ~/.config/fish/completions/rmqha.fish", "The same for fish."}});
    command->callback([script, &chosen] {
        chosen = [script](Context& context) {
            context.console.answer(*script);
            return base::ExitCode::ok;
        };
    });

    // Hidden: takes the words typed so far, whatever they are, the one at the cursor last.
    auto* const helper = app.add_subcommand(k_completion_helper, "");
    helper->group("");
    helper->set_help_flag();
    helper->fallthrough(false);
    helper->prefix_command();
    helper->callback([helper, &app, &chosen] {
        chosen = [words = helper->remaining(), &app](Context& context) { return complete(app, words, context); };
    });
    add_names_helper(app, chosen);
}

} // namespace rmqha::cmd
