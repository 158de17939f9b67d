#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace rmqha::config {

/// What a value must look like.
enum class OptionType { text, number, levels, duration, toggle };

/// One connection-related option: the same name serves flag (--name), environment (RMQHA_NAME) and configuration key.
struct Option {
    std::string name;    ///< with underscores, as the configuration file has it: "connection_timeout"
    std::string metavar; ///< "DURATION"; empty for a switch
    std::string help;
    std::string group; ///< heading in --help
    OptionType type = OptionType::text;
    bool repeatable = false; ///< node and uri
};

/// What may be given as flag, variable and configuration key.
std::vector<Option> const& options();

/// What only a variable (RMQHA_THRESHOLDS_…) or the context's [thresholds] gives; named "thresholds.memory_usage_max".
std::vector<Option> const& threshold_options();

/// The option of either table; null when there is none.
Option const* find_option(std::string_view name);

/// Values by option name, as text; a repeatable option may hold several. A switch is "true" or "false".
using Values = std::map<std::string, std::vector<std::string>>;

std::string flag_name(std::string_view option);     ///< "retry_delay" to "--retry-delay"
std::string variable_name(std::string_view option); ///< "queue.declare.type" to "RMQHA_QUEUE_DECLARE_TYPE"

} // namespace rmqha::config
