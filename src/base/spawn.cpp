#include "base/spawn.hpp"

#include "base/error.hpp"

#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <string_view>
#include <system_error>

extern char** environ; // NOLINT(readability-redundant-declaration)

namespace rmqha::base {

namespace {

std::vector<std::string> environment_of(Command const& command)
{
    std::vector<std::string> merged;
    auto const& hidden = command.hidden_variables;
    for (char** entry = environ; *entry != nullptr; ++entry) {
        std::string_view const existing(*entry);
        auto const name = existing.substr(0, existing.find('=') + 1);
        bool const replaced =
            std::ranges::any_of(command.environment, [&](auto const& one) { return one.starts_with(name); });
        if (!replaced && (hidden.empty() || !existing.starts_with(hidden))) {
            merged.emplace_back(existing);
        }
    }
    merged.insert(merged.end(), command.environment.begin(), command.environment.end());
    return merged;
}

std::vector<char*> pointers(std::vector<std::string>& strings)
{
    std::vector<char*> result;
    result.reserve(strings.size() + 1);
    for (auto& string : strings) {
        result.push_back(string.data());
    }
    result.push_back(nullptr);
    return result;
}

} // namespace

Spawn::Spawn(short flags)
{
    posix_spawn_file_actions_init(&m_actions);
    posix_spawnattr_init(&m_attributes);
    sigset_t none;
    sigemptyset(&none);
    sigset_t defaults;
    sigemptyset(&defaults);
    sigaddset(&defaults, SIGPIPE);
    posix_spawnattr_setsigmask(&m_attributes, &none);
    posix_spawnattr_setsigdefault(&m_attributes, &defaults);
    posix_spawnattr_setflags(&m_attributes, static_cast<short>(flags | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF));
}

Spawn::~Spawn()
{
    posix_spawn_file_actions_destroy(&m_actions);
    posix_spawnattr_destroy(&m_attributes);
}

pid_t Spawn::start(Command const& command)
{
    if (!command.folder.empty()) {
        posix_spawn_file_actions_addchdir_np(&m_actions, command.folder.c_str());
    }
    auto arguments = command.argv;
    auto variables = environment_of(command);
    pid_t pid = 0;
    int const error = ::posix_spawnp(&pid, command.argv.at(0).c_str(), &m_actions, &m_attributes,
                                     pointers(arguments).data(), pointers(variables).data());
    if (error != 0) {
        fail(ExitCode::unavailable, "cannot run {}: {}", command.argv[0], std::generic_category().message(error));
    }
    return pid;
}

} // namespace rmqha::base
