#pragma once

#include "cmd/command.hpp"
#include "queues/listing.hpp"

#include <optional>
#include <set>
#include <string>
#include <vector>

namespace rmqha::cmd {

// What `queue` is made of, one per subcommand, and what they share.

void add_queue_declare(CLI::App& queue, Action& chosen);
void add_queue_list(CLI::App& queue, Action& chosen);
void add_queue_status(CLI::App& queue, Action& chosen);
/// delete and purge.
void add_queue_remove(CLI::App& queue, Action& chosen);
void add_queue_sync(CLI::App& queue, Action& chosen);
void add_queue_rebalance(CLI::App& queue, Action& chosen);
void add_queue_repair(CLI::App& queue, Action& chosen);

/// The queues of the cluster, and what runs.
struct QueueView {
    std::vector<queues::Listed> queues;
    std::set<std::string> running; ///< Erlang names of all nodes that run
    std::set<std::string> members; ///< and of all members of the cluster
    std::string version;           ///< of a node that told; empty when none did
};

/// Asks the nodes as `monitor status` does, so that a node that hangs costs no more than half of the time. Throws Error
/// when nobody could be asked, or nobody told of queues.
QueueView read_queues(Context& context, base::milliseconds default_deadline = std::chrono::seconds(10));
/// The same from a snapshot taken.
QueueView view_of(health::Snapshot&& snapshot, health::Rules const& rules);

/// Which queues a command is about: by name, or by --pattern.
struct QueueChoice {
    std::vector<std::string> names;
    std::string pattern;
    bool all = false; ///< all that the command can do something about
};
/// Adds the arguments; `options` must live as long as the app. With an empty `all_help` there is no --all.
void add_queue_choice(CLI::App& sub, QueueChoice& choice, std::string const& all_help);
/// Throws Error(usage) when none is named, and Error(data) for a pattern that cannot be: before anybody is asked.
void check_queue_choice(QueueChoice const& choice);
/// Those of the vhost in force that are meant, by name. Throws Error(no) naming one that does not exist.
std::vector<queues::Listed> chosen_queues(Context& context, std::vector<queues::Listed> const& queues,
                                          QueueChoice const& choice);

/// The name, behind its vhost and a slash unless that is "/".
std::string short_label(management::Queue const& queue);

/// "/api/queues/%2F/orders".
std::string path_of(management::Queue const& queue);

} // namespace rmqha::cmd
